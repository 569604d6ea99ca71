import { describe, expect, it } from 'vitest';
import { Absent } from '../../src/errors.ts';
import type { Planner, Reading } from '../../src/perf/counters.ts';
import { createCounters } from '../../src/perf/engine.ts';
import type { CountersPlan } from '../../src/perf/engine.ts';
import type { Group, Place } from '../../src/pmu/plan.ts';
import { hardwareSignals } from '../../src/pmu/signals.ts';
import type { HardwareSignal } from '../../src/pmu/signals.ts';
import { createBooks } from '../../src/pmu/counting/totals.ts';
import { readTopology } from '../../src/topology/read.ts';
import { fakeNative } from '../fakeNative.ts';
import { fakePerf } from '../fakePerf.ts';
import type { FakePerfOptions } from '../fakePerf.ts';
import { fakeClock, filesOf, silentLog } from '../fakes.ts';
import { machine } from '../machines.ts';

const configs: Partial<Record<HardwareSignal, bigint>> = {
  cycles: 1n,
  instructions: 2n,
  load_local_dram: 3n,
  load_remote_dram: 4n,
};

const group = (
  name: string,
  of: readonly HardwareSignal[],
  places: readonly Place[],
  when: Group['when'] = 'always',
): Group => ({
  name,
  rank: 0,
  when,
  counters: of.map((signal) => ({
    signal,
    attr: { type: 4, config: configs[signal] ?? 0n, config1: 0n, config2: 0n },
    metric: hardwareSignals[signal].metric,
    labels: { ...hardwareSignals[signal].labels, ...(signal.startsWith('load') ? { unit: 'retired_loads' } : {}) },
    scale: 1,
  })),
  places,
}); // prettier-ignore

type Shape = (places: readonly Place[]) => readonly Group[];
const cyclesOnly: Shape = (places) => [group('cycles', ['cycles'], places)];
const both: Shape = (places) => [group('loads', ['load_local_dram', 'load_remote_dram'], places)];
const withTurns: Shape = (places) => [
  group('cycles', ['cycles'], places),
  group('a', ['load_local_dram'], places, 'turn'),
  group('b', ['load_remote_dram'], places, 'turn'),
];

const inVain: Shape = (places) => [
  group('cycles', ['cycles'], places),
  group('loads', ['load_local_dram', 'load_remote_dram'], places, 'turn'),
];
const separate: Shape = (places) => [
  group('cycles', ['cycles'], places),
  group('loads', ['load_local_dram', 'load_remote_dram'], places),
];

/** Two sockets of two cores, one CPU each: 0 and 1 on socket 0, 2 and 3 on socket 1. */
const small = { coresPerNode: 2, threads: 1 } as const;

async function counting(
  shape: Shape,
  perfOptions: Omit<FakePerfOptions, 'clock'> = {},
  more: Partial<CountersPlan> = {},
) {
  const clock = fakeClock();
  const perf = fakePerf({
    clock,
    rate: ({ cpu, config }) => 1000 * (cpu + 1) * Number(config),
    ...perfOptions,
  });
  const tree: Record<string, string | Error> = machine('two-socket', small);
  const files = filesOf(tree);
  const log = silentLog();
  const host = { files, clock, log, native: fakeNative({ perf }) };
  let topology = await readTopology(files);
  let planned = 0;
  const planner: Planner = ({ topology: { cpus } }) => {
    planned += 1;
    return {
      groups: shape(cpus.map(({ id, socket, numaNode }) => ({ cpu: id, socket, numaNode }))),
      missing: [],
    };
  };
  const books = more.books ?? createBooks();
  const plan = { name: 'test', planner, turnPeriodSeconds: 10, ...more, books };
  const counters = createCounters(plan);
  const context = () => ({ host, topology, signal: new AbortController().signal });
  return {
    clock,
    perf,
    log,
    tree,
    books,
    counters,
    context,
    planned: () => planned,
    again: () => createCounters(plan),
    read: () => counters.read(context()),
    seconds: async (count: number) => {
      for (let second = 0; second < count; second += 1) {
        await clock.advance(1);
        await counters.tick(context());
      }
    },
    changed: async (changes: Parameters<typeof machine>[1]) => {
      topology = await readTopology(filesOf(machine('two-socket', { ...small, ...changes })));
    },
  };
}

/** `load_local_dram` of each socket and so on: all that is told, in one line each. */
const told = ({ totals }: Reading) =>
  totals.map(
    ({ metric, labels, value }) =>
      `${metric.name.replace(/numacanary_pmu_|_total/g, '')} ${labels['source'] ?? ''}${labels['socket']} ${Math.round(value)}`,
  );

const onlyCycles = ({ config }: { readonly config: bigint }) => (config === configs.cycles ? null : 0);

describe('counters', () => {
  it('open at the first reading, in one call, disabled, and are read in one', async () => {
    const { perf, read, clock, counters } = await counting(both);
    expect(perf.calls).toEqual([]);
    await read();
    const all = perf.calls.filter(({ call }) => call === 'open');
    // The trial at the first place, then everywhere.
    expect(all.map((call) => call.call === 'open' && call.events.map(({ cpu }) => cpu))).toEqual([
      [0, 0],
      [0, 0, 1, 1, 2, 2, 3, 3],
    ]);
    await clock.advance(15);
    const before = perf.calls.length;
    const reading = await read();
    expect(perf.calls.slice(before)).toEqual([{ call: 'read', session: 1, leaders: [0, 2, 4, 6] }]);
    expect(told(reading)).toEqual([
      'loads local_dram0 135000',
      'loads remote_dram0 180000',
      'loads local_dram1 315000',
      'loads remote_dram1 420000',
    ]);
    expect(reading).toMatchObject({
      counted: ['load_local_dram', 'load_remote_dram'],
      missing: [],
      openFds: 8,
      cpus: 4,
    });
    expect(reading.coverage).toEqual([
      { group: 'loads', socket: 0, ratio: 1 },
      { group: 'loads', socket: 1, ratio: 1 },
    ]);
    await counters.close();
    expect(perf.openFds).toBe(0);
  });

  it('scale what was counted part of the time', async () => {
    const { read, clock } = await counting(cyclesOnly, { running: () => 0.25 });
    await read();
    await clock.advance(10);
    const reading = await read();
    expect(told(reading)).toEqual(['cycles 0 30000', 'cycles 1 70000']);
    expect(reading.coverage.map(({ ratio }) => ratio)).toEqual([0.25, 0.25]);
  });

  it('never let a total fall, whatever is opened anew', async () => {
    const { read, clock, perf, changed, again, context, counters } = await counting(cyclesOnly);
    await read();
    await clock.advance(10);
    await read();
    await changed({ offline: [3] });
    perf.offline(3);
    await clock.advance(10);
    expect(told(await read())).toEqual(['cycles 0 60000', 'cycles 1 100000']);
    perf.online(3);
    await changed({});
    await clock.advance(10);
    expect(told(await read())).toEqual(['cycles 0 90000', 'cycles 1 130000']);
    await clock.advance(10);
    await counters.close();
    expect(perf.openFds).toBe(0);
    const next = again();
    await next.read(context());
    await clock.advance(1);
    expect(told(await next.read(context()))).toEqual(['cycles 0 123000', 'cycles 1 207000']);
  });

  it('are not opened anew when the topology was read anew and is the same', async () => {
    const { read, changed, planned } = await counting(cyclesOnly);
    await read();
    await changed({});
    await read();
    expect(planned()).toBe(1);
  });

  it('are opened anew when a CPU went and came back unseen', async () => {
    const { read, clock, perf, planned } = await counting(cyclesOnly);
    await read();
    perf.offline(3);
    perf.online(3);
    await clock.advance(40);
    await read();
    expect(planned()).toBe(2);
    await clock.advance(10);
    // What CPU 3 counted in between is lost, and is not made up.
    expect(told(await read())).toContain('cycles 1 190000');
  });

  it('leave out a place that cannot be had, and the coverage tells', async () => {
    const { read, clock } = await counting(both, { open: ({ cpu }) => (cpu === 2 ? 'ENODEV' : null) });
    await read();
    await clock.advance(10);
    const reading = await read();
    expect(told(reading)).toContain('loads local_dram1 120000');
    expect(reading.coverage.map(({ ratio }) => ratio)).toEqual([1, 0.5]);
    expect(reading.missing).toEqual([]);
  });

  it('try a group at another place where the first is offline', async () => {
    const { read, clock } = await counting(cyclesOnly, { open: ({ cpu }) => (cpu === 0 ? 'ENODEV' : null) });
    await read();
    await clock.advance(10);
    expect(told(await read())).toEqual(['cycles 0 20000', 'cycles 1 70000']);
  });

  it('look at the facts every ten seconds, and plan anew when a PMU has come', async () => {
    const { read, clock, tree, planned } = await counting(cyclesOnly);
    await read();
    tree['/proc/sys/kernel/perf_event_paranoid'] = '1\n';
    await clock.advance(5);
    await read();
    expect(planned()).toBe(1);
    await clock.advance(5);
    await read();
    expect(planned()).toBe(2);
  });

  it('give turns of a second, one after the other, and count each for the time since its last', async () => {
    const { seconds, read, perf, clock } = await counting(withTurns, { counters: () => 1, rate: () => 1000 });
    await read();
    await seconds(60);
    const reading = await read();
    // Turn a ends at 2, 22 and 42 s, turn b at 12, 32 and 52 s; while it is on it has half of the one counter.
    expect(told(reading)).toEqual([
      'cycles 0 120000',
      'cycles 1 120000',
      'loads local_dram0 84000',
      'loads local_dram1 84000',
      'loads remote_dram0 104000',
      'loads remote_dram1 104000',
    ]);
    const enabled = perf.calls.filter((call) => call.call === 'enable');
    expect(enabled).toHaveLength(1 + 2 * 6);
    expect(clock.now()).toBe(1060);
  });

  it('give no turns where there are to be none', async () => {
    const { seconds, read, perf } = await counting(withTurns, {}, { turnPeriodSeconds: 0 });
    await read();
    await seconds(30);
    await read();
    expect(perf.calls.filter((call) => call.call === 'enable')).toHaveLength(1);
  });

  it('split a group that never runs, and give up what starves alone', async () => {
    let held = true;
    const options = {
      running: ({ config }: { readonly config: bigint }) => (held && config === 3n ? 0 : null),
    };
    const { read, clock, seconds } = await counting(both, options);
    await read();
    await clock.advance(15);
    const first = await read();
    expect(told(first)).toEqual([]);
    expect(first.coverage.map(({ ratio }) => ratio)).toEqual([0, 0]);
    await clock.advance(15);
    await read();
    await seconds(30);
    // Local starves alone: two readings more.
    await read();
    await seconds(15);
    const reading = await read();
    expect(reading.missing).toMatchObject([
      { signal: 'load_local_dram', status: 'failed', reason: 'starved' },
    ]);
    expect(reading.counted).toEqual(['load_remote_dram']);
    await seconds(30);
    expect(told(await read()).map((line) => line.split(' ')[1])).toEqual(['remote_dram0', 'remote_dram1']);
    held = false;
    // Every five minutes all is tried again.
    await seconds(300);
    await read();
    await seconds(15);
    expect(await read()).toMatchObject({ missing: [], counted: ['load_local_dram', 'load_remote_dram'] });
  });

  it('give whoever watched a group nothing of it once all was opened anew, split or not', async () => {
    const { read, clock, counters } = await counting(separate, { running: onlyCycles });
    await read();
    const [watched] = counters.always('cycles');
    const [place] = watched?.places ?? [];
    if (!watched || !place) throw new Error('cycles are not counted');
    for (let reading = 0; reading < 2; reading += 1) {
      await clock.advance(15);
      await read();
    }
    expect(counters.always('cycles')).toHaveLength(1);
    expect(await counters.peek([{ group: watched, place }])).toEqual([null]);
  });

  it('put a group that was split together again after five minutes, in case its counters were given back', async () => {
    let held = true;
    const { read, clock, seconds } = await counting(both, { running: () => (held ? 0 : null) });
    const sizes = async () => (await read()).groups.map(({ counters }) => counters.length);
    expect(await sizes()).toEqual([2]);
    await clock.advance(15);
    await read();
    await clock.advance(15);
    expect(await sizes()).toEqual([1, 1]);
    held = false;
    await seconds(290);
    expect(await sizes()).toEqual([1, 1]);
    await seconds(15);
    expect(await sizes()).toEqual([2]);
  });

  it('split a group whose turns are in vain, and then say that it starves', async () => {
    const options = {
      running: ({ config }: { readonly config: bigint }) => (config === 3n ? 0 : null),
    };
    const { read, seconds } = await counting(inVain, options);
    await read();
    await seconds(5);
    expect(await read()).toMatchObject({
      counted: ['cycles'],
      missing: [{ reason: 'starved' }, { reason: 'starved' }],
    });
    await seconds(15);
    await read();
    await seconds(60);
    await read();
    await seconds(30);
    const reading = await read();
    expect(reading.counted).toEqual(['cycles', 'load_remote_dram']);
    expect(reading.missing).toMatchObject([{ signal: 'load_local_dram', reason: 'starved' }]);
  });

  it('let a turn stand for the time since its last, also where all was opened anew in between', async () => {
    const { read, seconds, changed, perf } = await counting(withTurns, { rate: () => 1000 });
    await read();
    await seconds(30);
    await changed({ offline: [3] });
    perf.offline(3);
    await read();
    await seconds(30);
    // Turn a has ended at 2, 22 and 42 s: CPU 0 and 1 have had 42 seconds, CPU 2 too.
    expect(told(await read())).toEqual(
      expect.arrayContaining(['loads local_dram0 84000', 'loads local_dram1 64000']),
    );
  });

  it('give up whole signals where files do not suffice after all', async () => {
    const { read, perf } = await counting(separate, { fds: 10 });
    const reading = await read();
    expect(reading.counted).toEqual(['cycles']);
    expect(reading.missing).toMatchObject([
      { signal: 'load_local_dram', reason: 'fd_limit' },
      { signal: 'load_remote_dram', reason: 'fd_limit' },
    ]);
    expect(perf.openFds).toBe(4);
  });

  it('say of each errno why, and try again later', async () => {
    let errno: 'EBUSY' | null = 'EBUSY';
    const { read, clock } = await counting(both, { open: ({ config }) => (config === 4n ? errno : null) });
    expect(await read()).toMatchObject({
      counted: ['load_local_dram'],
      missing: [{ signal: 'load_remote_dram', reason: 'busy' }],
    });
    errno = null;
    await clock.advance(299);
    expect((await read()).missing).toHaveLength(1);
    await clock.advance(1);
    expect((await read()).missing).toEqual([]);
  });

  it('try what stays refused ever less often, until something changes', async () => {
    const { read, clock, planned, tree } = await counting(both, {
      open: ({ config }) => (config === 4n ? 'EBUSY' : null),
    });
    const plans = async (seconds: number) => {
      const before = planned();
      for (let at = 0; at < seconds; at += 15) {
        await clock.advance(15);
        await read();
      }
      return planned() - before;
    };
    await read();
    // After 5, 15, 35 and 75 minutes, then every hour.
    expect(await plans(4500)).toBe(4);
    expect(await plans(6 * 3600)).toBe(6);
    tree['/proc/sys/kernel/perf_event_paranoid'] = '1\n';
    expect(await plans(315)).toBe(2);
  });

  it('do one thing at a time, and give everybody an answer', async () => {
    const { read, clock, counters, context, perf } = await counting(cyclesOnly);
    const answers = await Promise.all([read(), counters.tick(context()), read(), counters.peek([]), read()]);
    expect(answers[0]).toMatchObject({ openFds: 4 });
    expect(perf.calls.filter(({ call }) => call === 'open')).toHaveLength(2);
    await clock.advance(1);
    await Promise.all([read(), counters.close()]);
    await expect(read()).rejects.toThrow(Absent);
  });

  it('do nothing for those who gave up waiting', async () => {
    const { read, counters, context, perf } = await counting(cyclesOnly);
    await read();
    const late = new AbortController();
    const [first, second] = [read(), counters.read({ ...context(), signal: late.signal })];
    const before = perf.calls.length;
    late.abort();
    await first;
    await expect(second).rejects.toThrow('aborted');
    expect(perf.calls.slice(before)).toHaveLength(1);
  });

  it('show what is always on without adding it up twice', async () => {
    const { read, clock, counters } = await counting(withTurns);
    expect(counters.always('cycles')).toEqual([]);
    await read();
    const [cycles] = counters.always('cycles');
    if (!cycles) throw new Error('cycles is not always on');
    expect(counters.always('load_local_dram')).toEqual([]);
    const stands = [1, 3].flatMap((index) => ({
      group: cycles,
      place: cycles.places[index] ?? cycles.places[0],
    }));
    await clock.advance(5);
    const seen = await counters.peek(
      stands.flatMap(({ group: one, place }) => (place ? [{ group: one, place }] : [])),
    );
    expect(seen.map((words) => words?.[0])).toEqual([10_000, 20_000]);
    await clock.advance(5);
    expect(told(await read()).slice(0, 2)).toEqual(['cycles 0 30000', 'cycles 1 70000']);
    expect(
      await counters.peek([
        { group: { ...cycles }, place: cycles.places[0] ?? { cpu: 0, socket: 0, numaNode: 0 } },
      ]),
    ).toEqual([null]);
  });

  it('survive a reading that fails', async () => {
    let broken = true;
    const { read, clock } = await counting(cyclesOnly, {
      readError: ({ cpu }) => (broken && cpu === 0 ? 'EIO' : null),
    });
    await read();
    await clock.advance(10);
    const reading = await read();
    expect(told(reading)).toEqual(['cycles 0 20000', 'cycles 1 70000']);
    expect(reading.coverage.map(({ ratio }) => ratio)).toEqual([0.5, 1]);
    broken = false;
    await clock.advance(10);
    await read();
    await clock.advance(10);
    expect(told(await read())).toEqual(['cycles 0 70000', 'cycles 1 210000']);
  });

  it('leave no file open when they cannot be switched on', async () => {
    let broken = true;
    const { read, perf } = await counting(cyclesOnly, { switchError: () => (broken ? 'ENOMEM' : null) });
    await expect(read()).rejects.toThrow('ENOMEM');
    expect(perf.openFds).toBe(0);
    broken = false;
    expect(await read()).toMatchObject({ openFds: 4 });
  });

  it('are closed even where the last reading fails, and say so', async () => {
    let broken = false;
    const { read, perf, seconds, counters, log } = await counting(withTurns, {
      switchError: () => (broken ? 'ENOMEM' : null),
    });
    await read();
    await seconds(1);
    broken = true;
    await counters.close();
    expect(perf.openFds).toBe(0);
    expect(log.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: { of: 'test', error: 'NativeError: nc_perf_switch: ENOMEM' },
      }),
    );
  });

  it('show nothing of a socket on which nothing can be opened any more', async () => {
    let gone = false;
    const { read, clock, tree } = await counting(cyclesOnly, {
      open: ({ cpu }) => (gone && cpu >= 2 ? 'EBUSY' : null),
    });
    await read();
    await clock.advance(10);
    expect(told(await read())).toEqual(['cycles 0 30000', 'cycles 1 70000']);
    gone = true;
    tree['/proc/sys/kernel/perf_event_paranoid'] = '1\n';
    await clock.advance(10);
    expect(told(await read())).toEqual(['cycles 0 60000']);
    await clock.advance(10);
    const reading = await read();
    expect(told(reading)).toEqual(['cycles 0 90000']);
    expect(reading.coverage).toEqual([{ group: 'cycles', socket: 0, ratio: 1 }]);
    gone = false;
    tree['/proc/sys/kernel/perf_event_paranoid'] = '0\n';
    await clock.advance(10);
    await read();
    await clock.advance(10);
    // Socket 1 had 140000 when it was closed, and goes on from there.
    expect(told(await read())).toEqual(['cycles 0 150000', 'cycles 1 210000']);
  });

  it('count on CPUs of a kernel that has none of its PMUs to show: absent', async () => {
    const { counters, context } = await counting(cyclesOnly);
    const bare = { ...context(), host: { ...context().host, files: filesOf({}) } };
    await expect(counters.read(bare)).rejects.toThrow(Absent);
  });
});
