import { describe, expect, it } from 'vitest';
import { parseProcStat } from '../../src/parse/procstat.ts';
import { busyBetween, hostLoadOf, loadFiles, pressuresOf, ticksBetween } from '../../src/probes/load.ts';
import { Denied } from '../../src/errors.ts';
import { filesOf } from '../fakes.ts';

const stat = (...cpus: readonly (readonly [user: number, idle: number, irq?: number, steal?: number])[]) =>
  parseProcStat(
    cpus
      .map(([user, idle, irq = 0, steal = 0], id) => `cpu${id} ${user} 0 0 ${idle} 0 ${irq} 0 ${steal} 0 0\n`)
      .join(''),
  );

const psi = (share: number) => `some avg10=${share}.00 avg60=0.00 avg300=0.00 total=0\n`;

describe('busy shares', () => {
  it('are of the time between two readings, steal and interrupts counted as busy', () => {
    const busy = busyBetween(
      stat([1000, 0], [0, 1000], [0, 0]),
      stat([1000, 100], [100, 1000], [10, 50, 20, 20]),
    );
    expect([...busy]).toEqual([
      [0, 0],
      [1, 1],
      [2, 0.5],
    ]);
  });

  it('are absent for a CPU that was offline, stood still, or whose idle time went back', () => {
    const busy = busyBetween(stat([0, 0], [0, 500]), stat([0, 0], [10, 450], [5, 5]));
    expect([...busy]).toEqual([]);
  });

  it.each([
    [[], 'unknown'],
    [[0.1, 0.2], 'idle'],
    [[0.2, 0.2], 'moderate'],
    [[0.6, 0.8], 'moderate'],
    [[0.75, 0.75], 'busy'],
  ] as const)('of %j make the host %s', (shares, load) => {
    expect(hostLoadOf(new Map(shares.map((share, cpu) => [cpu, share])))).toBe(load);
  });
});

it('adds up steal and interrupts of the CPUs asked for, and never below zero', () => {
  const before = stat([0, 0, 5, 5], [0, 0, 0, 0], [0, 0, 9, 9]);
  const after = stat([0, 0, 7, 4], [0, 0, 1, 3], [0, 0, 99, 99]);
  expect(ticksBetween('irq', [0, 1], before, after)).toBeCloseTo(0.03);
  expect(ticksBetween('steal', [0, 1], before, after)).toBeCloseTo(0.03);
  expect(ticksBetween('steal', [0, 1], before, undefined)).toBeUndefined();
});

it.each([
  ['idle', undefined, undefined, []],
  ['busy', 0.2, 0.11, ['host_busy', 'cpu_pressure', 'cgroup_pressure']],
  ['moderate', 0.1, 0.1, []],
] as const)('finds in %s, %s, %s the pressures %j', (host, whole, own, found) => {
  expect(pressuresOf(host, whole, own)).toEqual(found);
});

const below = (folder: string) => `/sys/fs/cgroup${folder}/cpu.stat`;

describe('files of the load', () => {
  it.each([
    ['version 2', '0::/pod7\n', '/sys/fs/cgroup/pod7'],
    ['a container, whose own folder is the root', '0::/\n', '/sys/fs/cgroup'],
    ['a container that sees the path of the host', '0::/kubepods/pod7\n', '/sys/fs/cgroup'],
    ['version 1', '1:cpu,cpuacct:/pod7\n', '/sys/fs/cgroup/cpu,cpuacct/pod7'],
    ['version 1 by its symbolic link', '1:cpuacct,cpu:/pod7\n', '/sys/fs/cgroup/cpu/pod7'],
    ['hybrid', '9:name=systemd:/\n0::/pod7\n', '/sys/fs/cgroup/unified/pod7'],
  ])('are found in a cgroup of %s', async (_, cgroup, folder) => {
    const files = loadFiles(
      filesOf({
        '/proc/self/cgroup': cgroup,
        [`${folder}/cpu.stat`]: 'nr_throttled 7\n',
        [`${folder}/cpu.pressure`]: psi(50),
      }),
    );
    expect([await files.throttled(), await files.ownPressure()]).toEqual([7, 0.5]);
  });

  it('are those of our own container, where /sys is the host’s', async () => {
    const files = loadFiles(
      filesOf({
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/cpu.stat': 'nr_throttled 0\n',
        '/sys/fs/cgroup/cpu.pressure': psi(0),
        '/proc/self/root/sys/fs/cgroup/cpu.stat': 'nr_throttled 7\n',
        '/proc/self/root/sys/fs/cgroup/cpu.pressure': psi(50),
      }),
    );
    expect([await files.throttled(), await files.ownPressure()]).toEqual([7, 0.5]);
  });

  it('are looked for once, and again when our cgroup is another or the file has gone', async () => {
    const tree: Record<string, string> = {
      '/proc/self/cgroup': '0::/a\n',
      '/sys/fs/cgroup/cpu.stat': 'nr_throttled 1\n',
    };
    const read: string[] = [];
    const files = filesOf(tree);
    const load = loadFiles({ ...files, read: async (path) => (read.push(path), files.read(path)) });
    const throttled = async () => {
      read.length = 0;
      return [await load.throttled(), ...read.slice(1)];
    };
    expect(await throttled()).toEqual([1, below('/a'), below('/unified/a'), below('')]);
    expect(await throttled()).toEqual([1, below('')]);
    delete tree['/sys/fs/cgroup/cpu.stat'];
    expect(await throttled()).toEqual([undefined, below('')]);
    expect(await throttled()).toEqual([undefined, below('/a'), below('/unified/a'), below('')]);
    expect(await throttled()).toEqual([undefined]);
    tree[below('/a')] = 'nr_throttled 3\n';
    for (let question = 1; question < 100 && (await throttled())[0] === undefined; question += 1);
    expect(await throttled()).toEqual([3, below('/a')]);
    tree['/proc/self/cgroup'] = '0::/b\n';
    tree['/sys/fs/cgroup/b/cpu.stat'] = 'nr_throttled 2\n';
    expect(await throttled()).toEqual([2, below('/b')]);
  });

  it('are all allowed to be missing, forbidden or strange', async () => {
    const trees = [
      {},
      {
        '/proc/stat': new Denied('no'),
        '/proc/pressure/cpu': new Denied('no'),
        '/proc/self/cgroup': new Denied('no'),
      },
      { '/proc/stat': '?', '/proc/pressure/cpu': '?', '/proc/self/cgroup': '?' },
    ];
    for (const tree of trees) {
      const files = loadFiles(filesOf(tree));
      const read = [files.ticks(), files.hostPressure(), files.ownPressure(), files.throttled()];
      expect(await Promise.all(read)).toEqual([undefined, undefined, undefined, undefined]);
    }
  });
});
