import { describe, expect, it } from 'vitest';
import { Absent, NativeError } from '../../src/errors.ts';
import { experimentsKind } from '../../src/jobs/experiments.ts';
import { memoryMatrixKind } from '../../src/jobs/memory_matrix.ts';
import { sweepKind } from '../../src/jobs/sweep.ts';
import { throughput, throughputOptions } from '../../src/probes/throughput.ts';
import type { Answer } from '../../src/probes/experiments.ts';
import type { Matrix, MemoryMatrix } from '../../src/probes/sweep.ts';
import type { Context, Job } from '../../src/source.ts';
import type { MachineName } from '../machines.ts';
import { cleanMemory, cleanThread, cleanVisit, fakeNative } from '../fakeNative.ts';
import { world } from '../probes/world.ts';

type World = Awaited<ReturnType<typeof world>>;

/** Runs the job to its end, time passing as it waits; `seconds` is how long it took by the world's clock. */
async function finish(at: World, job: Job, before: unknown = null, context: Context = at.context) {
  const progress: (readonly [number, number])[] = [];
  const waiting = { over: false };
  const run = job.run(context, (done, total) => progress.push([done, total]), before);
  const end = () => (waiting.over = true);
  run.then(end, end);
  const began = at.clock.now();
  while (!waiting.over) await at.clock.advance(1);
  return { ...(await run), progress, seconds: at.clock.now() - began };
}

const dear = (cpu: number) => ({ ...cleanThread(cpu), cpuNs: 2e6 });
const onMachine = (name: MachineName, native = fakeNative()) => world(name, { native });

describe('the sweep', () => {
  it('measures every core with every core, one CPU of each', async () => {
    const at = await onMachine('two-socket');
    const { result, progress } = await finish(at, sweepKind(at.visitor).make({}));
    const matrix = result as Matrix;
    expect(matrix.cpus).toHaveLength(at.topology.cores.length);
    expect(matrix.done).toBe(matrix.total);
    expect(progress.at(-1)).toEqual([matrix.total, matrix.total]);
    expect(matrix.handOffNs.flat().filter((ns) => ns === null)).toHaveLength(matrix.cpus.length);
  });

  it('takes no more CPU time than the budget of the probes', async () => {
    const native = fakeNative();
    const at = await onMachine('two-socket', native);
    const { seconds } = await finish(at, sweepKind(at.visitor).make({}));
    const pairs = 3; // of two sockets, each with itself too
    const income = at.courtesy.budget_ratio * 2 * pairs;
    const overdraft = 2 * (cleanThread(0).cpuNs / 1e9) * pairs;
    expect(at.visitor.totals().cpuSeconds).toBeLessThanOrEqual(income * (seconds + 10) + overdraft);
  });

  it('leaves the probes beside it their turns', async () => {
    const native = fakeNative({
      visit: (plan) => ({ ...cleanVisit(plan), a: dear(plan.cpuA), b: dear(plan.cpuB) }),
    });
    // All within one socket: one budget for everything.
    const at = await world('two-socket', { native, changes: { allowed: [0, 1, 2, 3, 4, 5, 6, 7] } });
    const probe = throughput(throughputOptions.parse({}), at.visitor);
    let over = false;
    const end = () => (over = true);
    sweepKind(at.visitor)
      .make({})
      .run(at.context, () => {}, null)
      .then(end, end);
    for (let tick = 0; tick < 4; tick += 1) await at.tick(probe, probe.periodSeconds(at.topology));
    expect(over).toBe(false);
    expect(at.visitor.totals().skipped.get('budget')).toBe(0);
  });

  it('goes on where it was stopped, unless the CPUs are others', async () => {
    const native = fakeNative();
    const at = await onMachine('two-socket', native);
    const job = sweepKind(at.visitor).make({});
    const { result } = await finish(at, job);
    const matrix = result as Matrix;
    const visits = native.visits.length;
    await finish(at, job, { ...matrix, done: matrix.total - 2 });
    expect(native.visits.length - visits).toBe(2);
    await finish(at, job, { ...matrix, cpus: [0, 1], done: 0 });
    expect(native.visits.length - visits).toBe(2 + matrix.total);
  });

  it('leaves cells of a CPU empty that the kernel refuses', async () => {
    const native = fakeNative({
      visit: (plan) => {
        if (plan.cpuA === 0 || plan.cpuB === 0) throw new NativeError('nc_visit', 'EINVAL');
        return cleanVisit(plan);
      },
    });
    const at = await onMachine('two-socket', native);
    const { result } = await finish(at, sweepKind(at.visitor).make({}));
    const { handOffNs, cpus } = result as Matrix;
    expect(handOffNs[0]?.every((ns) => ns === null)).toBe(true);
    expect(handOffNs.flat().filter((ns) => ns === null)).toHaveLength(cpus.length + 2 * (cpus.length - 1));
  });
});

it('a job that waits for a throttled cgroup is not a visit skipped, however often it looks', async () => {
  const files = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.stat': 'nr_throttled 5\n' };
  let tree: Record<string, string> = files;
  const native = fakeNative({
    visit: (plan) => {
      tree['/sys/fs/cgroup/cpu.stat'] = 'nr_throttled 6\n';
      return cleanVisit(plan);
    },
  });
  const at = await world('one-socket', { native, files });
  ({ tree } = at);
  await finish(at, sweepKind(at.visitor).make({}));
  expect(at.visitor.totals().tainted.get('throttled')).toBe(1);
  expect(at.visitor.totals().skipped.get('throttled')).toBe(0);
});

describe('the memory matrix', () => {
  it.each([
    ['two-socket', 2, 2],
    ['memory-only-node', 2, 3],
    ['memoryless-node', 4, 3],
  ] as const)('of %s goes from %d nodes to %d', async (name, from, to) => {
    const native = fakeNative({ memory: (plan) => cleanMemory(plan, 80 + plan.node) });
    const at = await onMachine(name, native);
    const { result } = await finish(at, memoryMatrixKind(at.visitor).make({}));
    const { loadNs, memoryNodes } = result as MemoryMatrix;
    expect(loadNs).toEqual(Array.from({ length: from }, () => memoryNodes.map((node) => 80 + node)));
    expect(memoryNodes).toHaveLength(to);
  });
});

describe('the experiments', () => {
  it('run on the furthest pair and export one ratio for each answered question', async () => {
    const native = fakeNative();
    const at = await onMachine('two-socket', native);
    const { result, samples } = await finish(at, experimentsKind(at.visitor).make({ rounds: 6 }));
    expect((result as Answer[]).map(({ name }) => name)).toEqual([
      'padding',
      'home',
      'pinning',
      'spin',
      'batch',
    ]);
    expect(samples).toHaveLength(5);
    expect(new Set(samples.map(({ labels }) => labels['distance']))).toEqual(new Set(['cross_socket']));
  });

  it('export nothing that could not be told', async () => {
    const native = fakeNative({ visit: (plan) => ({ ...cleanVisit(plan), outcome: 'deadline' }) });
    const at = await onMachine('two-socket', native);
    const { samples } = await finish(at, experimentsKind(at.visitor).make({ rounds: 5 }));
    expect(samples).toEqual([]);
  });

  it('are absent on a machine without two CPUs to use', async () => {
    const at = await world('one-socket', { changes: { allowed: [0] } });
    await expect(finish(at, experimentsKind(at.visitor).make({}))).rejects.toThrow(Absent);
  });
});
