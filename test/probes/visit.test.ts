import { describe, expect, it } from 'vitest';
import { Absent, Denied, NativeError } from '../../src/errors.ts';
import type { VisitPlan } from '../../src/host/host.ts';
import { latency, latencyOptions } from '../../src/probes/latency.ts';
import { memory, memoryOptions } from '../../src/probes/memory.ts';
import { throughput, throughputOptions } from '../../src/probes/throughput.ts';
import { distanceOf } from '../../src/topology.ts';
import { cleanMemory, cleanThread, cleanVisit, fakeNative, pingPong } from '../fakeNative.ts';
import { world } from './world.ts';

type World = Awaited<ReturnType<typeof world>>;
const latencyOf = ({ visitor }: World) => latency(latencyOptions.parse({}), visitor);
const throughputOf = ({ visitor }: World) => throughput(throughputOptions.parse({}), visitor);
const memoryOf = ({ visitor }: World) => memory(memoryOptions.parse({}), visitor);

async function ticks(at: World, seconds: number, source = latencyOf(at)) {
  const period = source.periodSeconds(at.topology);
  for (let passed = 0; passed < seconds; passed += period) await at.tick(source, period);
}
const visitsOf = ({ visitor }: World, outcome: string) =>
  visitor
    .totals()
    .visits.filter((row) => row.outcome === outcome)
    .reduce((sum, { count }) => sum + count, 0);

describe('the start', () => {
  it.each([
    ['two-socket', 3],
    ['nps4', 5],
    ['eight-socket-snc4', 4],
  ] as const)('covers every class of %s with clean latency within the first run', async (name, classes) => {
    const at = await world(name);
    const samples = await at.tick(latencyOf(at), 2);
    const seen = samples
      .filter(({ metric }) => metric.kind === 'histogram')
      .map(({ labels }) => labels['distance']);
    expect(new Set(seen).size).toBe(classes);
    expect(at.visitor.totals().cpuSeconds).toBeGreaterThan(0);
  });

  it('tries a class again that was disturbed, and leaves it at five times', async () => {
    let calls = 0;
    const native = fakeNative({
      visit: (plan) => ({ ...cleanVisit(plan), outcome: ++calls <= 2 ? 'not_coscheduled' : 'done' }),
    });
    const lucky = await world('two-socket', { native });
    await lucky.tick(latencyOf(lucky), 2);
    expect([visitsOf(lucky, 'clean'), visitsOf(lucky, 'tainted')]).toEqual([3, 2]);

    const never = fakeNative({ visit: (plan) => ({ ...cleanVisit(plan), outcome: 'not_coscheduled' }) });
    const unlucky = await world('two-socket', { native: never });
    await unlucky.tick(latencyOf(unlucky), 3);
    expect(visitsOf(unlucky, 'tainted')).toBe(15);
  });
});

describe('pressure', () => {
  it.each([0.6, 0.7, 0.8, 0.95])(
    'of %d on every CPU never makes it skip a class that has a pair',
    async (share) => {
      const native = fakeNative();
      const at = await world('two-socket', { native, busy: (cpu) => share - (cpu % 5) / 50 });
      await ticks(at, 120);
      const classes = native.visits.map(({ cpuA, cpuB }) => distanceOf(at.topology, cpuA, cpuB));
      for (const distance of ['smt', 'llc', 'cross_socket'])
        expect(classes.filter((one) => one === distance).length).toBeGreaterThan(15);
      expect([...at.visitor.totals().skipped.values()]).toEqual([0, 0, 0, 0, 0]);
    },
  );

  it('makes visits shorter, says why, and keeps the load beside them', async () => {
    const native = fakeNative();
    const psi = 'some avg10=50.00 avg60=0.00 avg300=0.00 total=0\n';
    const at = await world('one-socket', {
      native,
      busy: () => 0.9,
      files: { '/proc/pressure/cpu': psi, '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.pressure': psi },
    });
    await ticks(at, 4);
    expect(new Set(native.visits.map(({ stepNs }) => stepNs))).toEqual(new Set([100_000]));
    const visits = native.visits.length;
    expect(Object.fromEntries(at.visitor.totals().shortened)).toEqual({
      host_busy: visits,
      cpu_pressure: visits,
      cgroup_pressure: visits,
      cpu_busy: visits,
    });
    const row = at.visitor.totals().visits.find(({ count }) => count > 0);
    expect(row).toMatchObject({ probe: 'latency', outcome: 'clean', load: 'busy', count: visits });
  });

  it('picks the idlest cores', async () => {
    const native = fakeNative();
    // Cores 6 and 14 (with threads 22 and 30) are the only calm ones of their socket, next to 7 and 15.
    const calm = [6, 7, 14, 15, 22, 23, 30, 31];
    const at = await world('two-socket', { native, busy: (cpu) => (calm.includes(cpu) ? 0.1 : 0.9) });
    await ticks(at, 60);
    expect(native.visits.flatMap(({ cpuA, cpuB }) => [cpuA, cpuB]).every((cpu) => calm.includes(cpu))).toBe(
      true,
    );
  });

  it('spreads over all cores of an idle host', async () => {
    const native = fakeNative();
    const at = await world('two-socket', { native });
    await ticks(at, 240);
    expect(new Set(native.visits.flatMap(({ cpuA, cpuB }) => [cpuA, cpuB])).size).toBe(32);
  });
});

const costly = (plan: VisitPlan) => ({
  ...cleanVisit(plan),
  a: { ...cleanThread(plan.cpuA), cpuNs: 20e6 },
  b: { ...cleanThread(plan.cpuB), cpuNs: 20e6 },
});

describe('the budget', () => {
  it('is kept over all probes, but for the floor of one latency visit per socket pair in 30 s', async () => {
    const native = fakeNative({ visit: costly });
    const at = await world('two-socket', { native });
    await ticks(at, 300);
    await ticks(at, 300, throughputOf(at));
    expect(at.visitor.totals().skipped.get('budget')).toBeGreaterThan(100);
    const latencies = native.visits.filter(({ steps }) => steps.includes('store2'));
    const pairs = 3;
    expect(latencies.length).toBeGreaterThanOrEqual(pairs * 10 - 3);
    expect(latencies.length).toBeLessThanOrEqual(pairs * 10 + 9);
    // 600 s x 1 ms of CPU time x 3 pairs: 45 visits of 40 ms; the throughput probe waits for the debt.
    expect(native.visits.length * 0.04).toBeLessThanOrEqual(600 * 0.001 * pairs);
  });

  it('is not touched by ordinary visits', async () => {
    const at = await world('eight-socket-snc4');
    await ticks(at, 60);
    expect(at.visitor.totals().skipped.get('budget')).toBe(0);
    expect(at.visitor.totals().cpuSeconds).toBeLessThan(60 * 36 * 0.001);
  });
});

describe('our own cgroup', () => {
  const cgroup = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.stat': 'nr_throttled 5\n' };

  it('throttled between visits keeps it away for a while, four times as long each time, and then it looks again', async () => {
    const native = fakeNative();
    const at = await world('one-socket', { native, files: cgroup });
    await ticks(at, 10);
    const before = native.visits.length;
    for (let periods = 6; periods < 36; periods += 1) {
      at.tree['/sys/fs/cgroup/cpu.stat'] = `nr_throttled ${periods}\n`;
      await ticks(at, 2);
    }
    expect(at.visitor.totals().skipped.get('throttled')).toBeGreaterThan(20);
    expect(native.visits.length).toBeGreaterThan(before);
    const during = native.visits.length;
    await ticks(at, 60);
    expect(native.visits.length).toBeGreaterThan(during + 10);
  });

  it('throttled during a visit spoils that visit', async () => {
    let tree: Record<string, string> = {};
    const native = fakeNative({
      visit: (plan) => {
        tree['/sys/fs/cgroup/cpu.stat'] = 'nr_throttled 6\n';
        return cleanVisit(plan);
      },
    });
    const at = await world('one-socket', { native, files: cgroup });
    tree = at.tree;
    expect(await at.tick(latencyOf(at), 2)).toEqual([]);
    expect(at.visitor.totals().tainted.get('throttled')).toBe(1);
    expect(at.visitor.totals().skipped.get('throttled')).toBe(1);
  });
});

describe('a CPU that went away', () => {
  it('is refused, counted, and another pair is taken at once', async () => {
    const gone = [0, 16];
    const native = fakeNative({
      visit: (plan) => {
        if (gone.includes(plan.cpuA) || gone.includes(plan.cpuB)) throw new NativeError('nc_visit', 'EINVAL');
        return cleanVisit(plan);
      },
    });
    const at = await world('two-socket', { native });
    const samples = await at.tick(latencyOf(at), 2);
    const classes = samples.map(({ labels }) => labels['distance']);
    expect(new Set(classes)).toEqual(new Set(['smt', 'llc', 'cross_socket']));
    expect(visitsOf(at, 'refused')).toBeGreaterThan(0);
    expect(at.staleSignals()).toBe(1);
    await ticks(at, 60);
    expect(visitsOf(at, 'refused')).toBeLessThanOrEqual(2);
    expect(at.visitor.eligible(at.topology).map(({ id }) => id)).not.toContain(0);
  });

  it('is tried again when the topology has been read anew', async () => {
    let refuse = true;
    const native = fakeNative({
      visit: (plan) => {
        if (refuse) throw new NativeError('nc_visit', 'EINVAL');
        return cleanVisit(plan);
      },
    });
    const at = await world('one-socket', { native, changes: { allowed: [0, 1] } });
    const source = latencyOf(at);
    await expect(at.tick(source, 2)).rejects.toThrow(Absent);
    expect(at.visitor.totals().skipped.get('no_eligible_pair')).toBe(1);
    refuse = false;
    const again = { ...at.context, topology: structuredClone(at.topology) };
    expect((await at.tick(source, 2, again)).length).toBeGreaterThan(0);
  });

  it('is told from a lost pin, which asks for the topology as well', async () => {
    const native = fakeNative({
      visit: (plan) => ({ ...cleanVisit(plan), b: { ...cleanThread(plan.cpuB), maskCpus: 16 } }),
    });
    const at = await world('one-socket', { native, changes: { allowed: [0, 1] } });
    expect(await at.tick(latencyOf(at), 2)).toEqual([]);
    expect(at.visitor.totals().tainted.get('pin_lost')).toBe(5);
    expect(at.staleSignals()).toBe(1);
    await ticks(at, 70);
    expect(at.staleSignals()).toBe(3);
  });
});

it('says absent where one CPU is left, and counts it', async () => {
  const at = await world('two-socket', { changes: { allowed: [3] } });
  for (const source of [latencyOf(at), throughputOf(at)]) {
    await expect(at.tick(source, 2)).rejects.toThrow(Absent);
  }
  expect(at.visitor.totals().skipped.get('no_eligible_pair')).toBe(2);
});

it('passes on why the helper cannot be used at all', async () => {
  const native = fakeNative({
    visit: () => {
      throw new Denied('nc_visit: EPERM');
    },
  });
  const at = await world('two-socket', { native });
  await expect(at.tick(latencyOf(at), 2)).rejects.toThrow(Denied);
  await expect(at.tick(latencyOf(at), 2)).rejects.toThrow(Denied);
});

it('makes the visits of all probes one after the other, and skips what will not fit in the line', async () => {
  let running = 0;
  let most = 0;
  const native = fakeNative({
    visit: async (plan) => {
      most = Math.max(most, (running += 1));
      await Promise.resolve();
      running -= 1;
      return cleanVisit(plan);
    },
  });
  const at = await world('two-socket', { native });
  await ticks(at, 4);
  const runs = [1, 2, 3, 4, 5, 6].map(() => throughputOf(at).read(at.context));
  await at.clock.advance(1);
  await Promise.all(runs);
  expect(most).toBe(1);
  expect(at.visitor.totals().skipped.get('overlap')).toBe(2);
});

it('turns home only between different memory, and offsets through all of them', async () => {
  const native = fakeNative();
  const at = await world('two-socket', { native });
  await ticks(at, 260);
  expect(new Set(native.visits.map(({ offset }) => offset)).size).toBe(64);
  const nodeOf = new Map(at.topology.cpus.map(({ id, numaNode }) => [id, numaNode]));
  const reversed = native.visits.filter(({ cpuA, nodeA }) => nodeOf.get(cpuA) !== nodeA);
  const crossing = native.visits.filter(({ cpuA, cpuB }) => nodeOf.get(cpuA) !== nodeOf.get(cpuB));
  expect(reversed.length / crossing.length).toBeCloseTo(1 / 3, 1);
  expect(reversed.every((plan) => crossing.includes(plan))).toBe(true);
});

it('spins bare on Intel and with PAUSE elsewhere, unless told otherwise', async () => {
  for (const [vendor, spin, used] of [
    ['intel', 'auto', 'bare'],
    ['amd', 'auto', 'pause'],
    ['intel', 'pause', 'pause'],
  ] as const) {
    const native = fakeNative();
    const at = await world('one-socket', { native, changes: { vendor }, courtesy: { spin } });
    await at.tick(latencyOf(at), 2);
    expect(native.visits[0]?.spin).toBe(used);
  }
});

it('gives up the memory node that needs a policy it may not set, and no other', async () => {
  const native = fakeNative({
    memory: (plan) => {
      if (plan.node === 2) throw new Denied('nc_memory: EPERM');
      return cleanMemory(plan);
    },
  });
  const at = await world('memory-only-node', { native });
  const source = memoryOf(at);
  await ticks(at, 360, source);
  expect(at.visitor.totals().skipped.get('denied')).toBe(1);
  const nodes = native.chases.map(({ node }) => node);
  expect(nodes.filter((node) => node === 2)).toHaveLength(1);
  expect(nodes.length).toBe(12);
});

it('keeps stalls of tainted visits in the books, by cause', async () => {
  const native = fakeNative({
    visit: (plan) => ({
      ...cleanVisit(plan),
      b: { ...cleanThread(plan.cpuB), gapNs: 3e6, gaps: 1, involuntarySwitches: 1 },
      store2: { ...pingPong(150, 4), gapNs: [3e6, 0, 0, 0] },
    }),
  });
  const at = await world('one-socket', { native });
  await at.tick(latencyOf(at), 2);
  expect(at.visitor.totals().stallSeconds.get('preempted')).toBeCloseTo(0.006);
  expect(visitsOf(at, 'clean')).toBe(2);
});

it('does not give a CPU up because a memory node was refused', async () => {
  const native = fakeNative({
    memory: (plan) => {
      if (plan.node === 1) throw new NativeError('nc_memory', 'EINVAL');
      return cleanMemory(plan);
    },
  });
  const at = await world('two-socket', { native });
  await ticks(at, 240, memoryOf(at));
  expect(visitsOf(at, 'refused')).toBe(4);
  expect(at.visitor.eligible(at.topology)).toHaveLength(32);
  expect(at.staleSignals()).toBe(0);
});
