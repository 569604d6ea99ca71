import { describe, expect, it } from 'vitest';
import { createDriftBooks, driftKind } from '../../src/collectors/drift.ts';
import { parseConfig } from '../../src/config.ts';
import { Absent, ConfigError, Denied, ParseError } from '../../src/errors.ts';
import type { Files } from '../../src/host/host.ts';
import { run } from '../../src/run.ts';
import { sections } from '../../src/sources.ts';
import { fakeWorld } from '../fakeWorld.ts';
import { filesOf } from '../fakes.ts';

type Tree = Record<string, string | Error>;

const MiB = 1024 ** 2;
const statLine = (pid: number, name: string, resident: number, start = 100, flags = 4_194_304) =>
  `${pid} (${name}) S 1 1 1 0 -1 ${flags} 0 0 0 0 0 0 0 0 20 0 1 0 ${start} 0 ${resident} 0\n`;
/** One mapping with so many MiB on each node. */
const maps = (...mib: readonly number[]) =>
  `7f0000000000 default anon=1 ${mib.map((own, node) => `N${node}=${own * 256}`).join(' ')} kernelpagesize_kB=4\n`;

const host: Tree = {
  '/proc/self/numa_maps': maps(1),
  '/proc/1/stat': statLine(1, 'systemd', 10),
  '/proc/2/stat': statLine(2, 'kthreadd', 0, 1, 2_129_984),
  '/proc/10/stat': statLine(10, 'db', 1000),
  '/proc/10/numa_maps': maps(8, 0),
  '/proc/11/stat': statLine(11, 'db', 3000),
  '/proc/11/numa_maps': maps(4, 4),
  '/proc/12/stat': statLine(12, 'web', 500),
  '/proc/12/numa_maps': maps(1, 0),
  '/proc/meminfo/x': '',
};

interface Given {
  readonly tree?: Tree;
  readonly options?: Record<string, unknown>;
  /** Seconds that a read of numa_maps takes. */
  readonly takes?: Record<string, number>;
  readonly books?: ReturnType<typeof createDriftBooks>;
}

/** Ticks once a second, as the daemon does. */
function watching({ tree: changes = {}, options, takes = {}, books = createDriftBooks() }: Given) {
  const tree: Tree = { ...host, ...changes };
  const read: string[] = [];
  const world = fakeWorld();
  const plain = filesOf(tree);
  const files: Files = {
    ...plain,
    read: async (path) => {
      read.push(path);
      if (takes[path] !== undefined) await world.clock.sleep(takes[path]);
      return plain.read(path);
    },
    folders: (path) => filesOf(tree).folders(path),
  };
  const context = { ...world, host: { ...world.host, files }, signal: new AbortController().signal };
  const watch = options?.['watch'] ?? [{ name: 'db', command: 'db' }];
  const source = driftKind(books).make({ period_seconds: 60, ...options, watch });
  return {
    tree,
    read,
    log: world.log,
    clock: world.clock,
    seconds: async (count: number) => {
      for (let second = 0; second < count; second += 1) {
        const ticking = source.tick(context);
        await world.clock.advance(1);
        await ticking;
      }
    },
    outcome: () => run(source, context, 5),
    said: async (): Promise<Record<string, number>> => {
      const outcome = await run(source, context, 5);
      if (outcome.status !== 'ok') throw outcome.error;
      return Object.fromEntries(
        outcome.samples.map(({ metric, labels, value }) => [
          [metric.name.replace('numacanary_drift_', ''), ...Object.values(labels)].join(' '),
          Number(value),
        ]),
      );
    },
  };
}

describe('drift watch', () => {
  it('is absent and reads nothing where no target is configured', async () => {
    const { read, seconds, outcome } = watching({ options: { watch: [] } });
    await seconds(5);
    expect(read).toEqual([]);
    expect(await outcome()).toMatchObject({
      status: 'absent',
      error: { message: expect.stringContaining('no target') },
    });
  });

  it('adds the memory of a command’s processes up by node, after a whole round', async () => {
    const { seconds, said } = watching({});
    await seconds(1);
    expect(await said()).toEqual({});
    await seconds(59);
    expect(await said()).toEqual({
      'resident_bytes db 0': 12 * MiB,
      'resident_bytes db 1': 4 * MiB,
      'processes db watched': 2,
      'processes db left_out': 0,
      'processes db denied': 0,
      'moved_bytes_total db': 0,
      'read_seconds_total db': 0,
    });
  });

  it('reads one process a second at most, and spreads them over the period', async () => {
    const { read, seconds } = watching({});
    const moments: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      const before = read.length;
      await seconds(1);
      const maps = read.slice(before).filter((path) => path.endsWith('numa_maps') && !path.includes('self'));
      expect(maps.length).toBeLessThanOrEqual(1);
      if (maps.length > 0) moments.push(second);
    }
    expect(moments).toHaveLength(2);
    expect((moments[1] ?? 0) - (moments[0] ?? 0)).toBeGreaterThanOrEqual(18);
  });

  it('counts what changed its node between two rounds, and not what grew', async () => {
    const { tree, seconds, said } = watching({});
    await seconds(60);
    tree['/proc/10/numa_maps'] = maps(5, 3);
    tree['/proc/11/numa_maps'] = maps(4, 9);
    await seconds(60);
    expect(await said()).toMatchObject({
      'moved_bytes_total db': 3 * MiB,
      'resident_bytes db 0': 9 * MiB,
      'resident_bytes db 1': 12 * MiB,
    });
    await seconds(60);
    expect(await said()).toMatchObject({ 'moved_bytes_total db': 3 * MiB });
  });

  it('keeps its counts through a reload', async () => {
    const books = createDriftBooks();
    const first = watching({ books });
    await first.seconds(60);
    first.tree['/proc/10/numa_maps'] = maps(0, 8);
    await first.seconds(60);
    const second = watching({ books });
    await second.seconds(60);
    expect(await second.said()).toMatchObject({ 'moved_bytes_total db': 8 * MiB });
  });

  it('takes another process with the same id for another process', async () => {
    const { tree, seconds, said } = watching({});
    await seconds(60);
    tree['/proc/10/stat'] = statLine(10, 'db', 1000, 7777);
    tree['/proc/10/numa_maps'] = maps(0, 8);
    await seconds(60);
    expect(await said()).toMatchObject({ 'moved_bytes_total db': 0, 'resident_bytes db 1': 12 * MiB });
  });

  it('lets go of a process that went between finding and reading, or gave its id away', async () => {
    const { tree, seconds, said } = watching({});
    await seconds(3);
    tree['/proc/10/stat'] = statLine(10, 'other', 9, 9999);
    await seconds(57);
    expect(await said()).toMatchObject({ 'processes db watched': 1, 'resident_bytes db 0': 4 * MiB });
    delete tree['/proc/11/stat'];
    delete tree['/proc/11/numa_maps'];
    await seconds(60);
    const gone = await said();
    expect(gone).toMatchObject({ 'processes db watched': 0 });
    expect(Object.keys(gone).filter((name) => name.startsWith('resident'))).toEqual([]);
  });

  it('takes the largest of many, and counts the rest', async () => {
    const { seconds, said } = watching({ options: { max_processes: 1 } });
    await seconds(60);
    expect(await said()).toMatchObject({
      'processes db watched': 1,
      'processes db left_out': 1,
      'resident_bytes db 1': 4 * MiB,
    });
  });

  it.each(['/sys/fs/cgroup', '/sys/fs/cgroup/systemd'])(
    'finds the processes of a cgroup and of those in it, in %s',
    async (root) => {
      const { seconds, said } = watching({
        tree: { [`${root}/a.slice/cgroup.procs`]: '12\n0\n', [`${root}/a.slice/b/cgroup.procs`]: '10\n10\n' },
        options: { watch: [{ name: 'a', cgroup: 'a.slice' }] },
      });
      await seconds(60);
      expect(await said()).toMatchObject({ 'processes a watched': 2, 'resident_bytes a 0': 9 * MiB });
    },
  );

  it('knows nothing of a cgroup that is not there', async () => {
    const { seconds, said } = watching({ options: { watch: [{ name: 'a', cgroup: 'gone.slice' }] } });
    await seconds(60);
    expect(await said()).toEqual({
      'processes a watched': 0,
      'processes a left_out': 0,
      'processes a denied': 0,
    });
  });

  it('counts what it may not read, and is denied where that is all', async () => {
    const no = new Denied('/proc/11/numa_maps: EACCES');
    const { tree, seconds, said, outcome } = watching({ tree: { '/proc/11/numa_maps': no } });
    await seconds(60);
    expect(await said()).toMatchObject({ 'processes db watched': 1, 'processes db denied': 1 });
    tree['/proc/10/numa_maps'] = no;
    await seconds(60);
    expect(await outcome()).toMatchObject({
      status: 'denied',
      error: { message: expect.stringContaining('CAP_SYS_PTRACE') },
    });
  });

  it('is absent where the kernel has no numa_maps', async () => {
    const { seconds, outcome } = watching({ tree: { '/proc/self/numa_maps': new Absent('no numa_maps') } });
    await seconds(3);
    expect(await outcome()).toMatchObject({ status: 'absent' });
  });

  it('fails by name where the kernel says what it does not understand, and works again in the next round', async () => {
    const { tree, seconds, outcome, said } = watching({ tree: { '/proc/10/numa_maps': 'what?\n' } });
    await seconds(59);
    const failed = await outcome();
    expect(failed.status === 'failed' && failed.error).toBeInstanceOf(ParseError);
    tree['/proc/10/numa_maps'] = maps(8);
    await seconds(60);
    expect(await said()).toMatchObject({ 'processes db watched': 2 });
  });

  it('reads a process ever more rarely while that takes too long, says so, and comes back', async () => {
    const takes: Record<string, number> = { '/proc/10/numa_maps': 0.7 };
    const { read, seconds, said, log } = watching({ takes });
    const roundsOf = async (rounds: number) => {
      const before = read.length;
      await seconds(60 * rounds);
      return read.slice(before).filter((path) => path === '/proc/10/numa_maps').length;
    };
    expect(await roundsOf(16)).toBe(4); // the 1st, 3rd, 7th and 15th
    expect(await said()).toMatchObject({ 'processes db watched': 2, 'resident_bytes db 0': 12 * MiB });
    expect((await said())['read_seconds_total db']).toBeCloseTo(0.7 * 4);
    expect(log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields?.['rounds'])).toEqual(
      [2, 4, 8, 16],
    );
    delete takes['/proc/10/numa_maps'];
    await roundsOf(40);
    expect(await roundsOf(4)).toBe(4);
  });

  it('no longer tells where memory lay when three periods have passed', async () => {
    const { seconds, said, clock } = watching({});
    await seconds(60);
    await clock.advance(120);
    expect(await said()).toHaveProperty('resident_bytes db 0');
    await clock.advance(60);
    expect(Object.keys(await said())).toEqual(['moved_bytes_total db', 'read_seconds_total db']);
  });

  it('goes on telling where memory lies while a round over many processes outlasts the period', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [
        [`/proc/${1000 + index}/stat`, statLine(1000 + index, 'db', 1)],
        [`/proc/${1000 + index}/numa_maps`, maps(1)],
      ]).flat(),
    );
    const { seconds, said } = watching({ tree: many, options: { period_seconds: 10, max_processes: 256 } });
    await seconds(120);
    for (let time = 0; time < 12; time += 1) {
      expect(await said()).toMatchObject({ 'processes db watched': 102, 'resident_bytes db 0': 112 * MiB });
      await seconds(10);
    }
  });

  it('walks many processes in portions', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [
        `/proc/${1000 + index}/stat`,
        statLine(1000 + index, 'x', 1),
      ]),
    );
    const { read, seconds } = watching({ tree: many });
    for (let second = 0; second < 15; second += 1) {
      const before = read.length;
      await seconds(1);
      expect(read.length - before).toBeLessThanOrEqual(140);
    }
    expect(read.filter((path) => path.endsWith('/stat')).length).toBeGreaterThanOrEqual(2004);
  });
});

const mistakes = (watch: string) => {
  try {
    parseConfig({ file: 'c.yml', text: `collectors:\n  drift:\n    watch: ${watch}\n` }, sections);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.lines;
    throw thrown;
  }
  return [];
};

describe('its options', () => {
  it.each([
    '[]',
    '[{ name: db, command: postgres }]',
    '[{ name: x, cgroup: system.slice/x.service }, { name: y, command: a b }]',
  ])('take %s', (watch) => {
    expect(mistakes(watch)).toEqual([]);
  });

  it.each([
    ['[{ name: db }]', 'either a command or a cgroup'],
    ['[{ name: db, command: a, cgroup: b }]', 'either a command or a cgroup'],
    ['[{ name: "a b", command: a }]', 'letters, digits'],
    ['[{ name: a, command: a-name-of-16-chr }]', '15 characters'],
    ['[{ name: a, cgroup: /system.slice }]', 'a path below'],
    ['[{ name: a, cgroup: a/../../b }]', 'a path below'],
    ['[{ name: a, command: a }, { name: a, command: b }]', 'names of their own'],
    ['[{ name: a, comand: a }]', 'unknown key'],
    [
      `[${Array.from({ length: 11 }, (_, index) => `{ name: a${index}, command: a }`).join(', ')}]`,
      'at most 10',
    ],
  ])('refuse %s', (watch, why) => {
    expect(mistakes(watch).join('\n')).toContain(why);
  });
});
