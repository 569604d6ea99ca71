import { describe, expect, it } from 'vitest';
import { penaltiesOf, probe } from '../../src/commands/probe.ts';
import { printReport } from '../../src/commands/probe_report.ts';
import { planText, probeRun, type Wanted } from '../../src/commands/probe_run.ts';
import { Absent, UsageError } from '../../src/errors.ts';
import type { MemoryPlan, VisitPlan } from '../../src/host/host.ts';
import { distanceOf, type Topology } from '../../src/topology.ts';
import { cleanMemory, cleanVisit, fakeNative } from '../fakeNative.ts';
import type { MachineName } from '../machines.ts';
import { world } from '../probes/world.ts';

const roundTripNs = { smt: 30, llc: 80, node: 160, socket: 200, cross_socket: 400 };

/** A machine whose links are as slow as their class says. */
async function machineOf(name: MachineName) {
  let topology: Topology | undefined;
  const native = fakeNative({
    visit: (plan: VisitPlan) => {
      const distance = topology && distanceOf(topology, plan.cpuA, plan.cpuB);
      return cleanVisit(plan, roundTripNs[distance ?? 'llc']);
    },
    memory: (plan: MemoryPlan) => cleanMemory(plan, topology && isLocal(topology, plan) ? 90 : 140),
  });
  const at = await world(name, { native });
  ({ topology } = at);
  return at;
}

const isLocal = (topology: Topology, { cpu, node }: MemoryPlan) =>
  topology.cpus.find(({ id }) => id === cpu)?.numaNode === node;

const wanted = (changes: Partial<Wanted> = {}): Wanted => ({
  pairs: [],
  matrix: false,
  onProgress: () => {},
  signal: new AbortController().signal,
  ...changes,
});

async function reportOf(name: MachineName, changes: Partial<Wanted> = {}) {
  const { context, topology, courtesy } = await machineOf(name);
  return probe(probeRun(context.host, topology, courtesy, wanted(changes)));
}

describe('numacanary probe', () => {
  it('measures every class and pair of sockets, and all nodes', async () => {
    const report = await reportOf('two-socket');
    expect(report.lanes.map(({ distance, socketA, socketB }) => `${distance} ${socketA}-${socketB}`)).toEqual(
      ['smt 0-0', 'smt 1-1', 'llc 0-0', 'llc 1-1', 'cross_socket 0-1'],
    );
    expect(report.lanes.every(({ visits, soundVisits }) => visits > 0 && visits === soundVisits)).toBe(true);
    expect(report.memory?.loadNs).toEqual([
      [90, 140],
      [140, 90],
    ]);
  });

  it('says what distance costs in words', async () => {
    const { penalties } = await reportOf('two-socket');
    expect(penalties).toEqual([
      'cross_socket: 5.0x latency, -80 % throughput, beside llc',
      'memory: the furthest node costs 1.6x the local one',
    ]);
  });

  it('prints a p99 only from 10,000 single hand-offs', async () => {
    const { lanes } = await reportOf('one-socket');
    expect(lanes[0]?.singleHandOffs).toBeLessThan(10_000);
    expect(lanes[0]?.p99Seconds).toBeNull();
  });

  it('takes pairs by hand, and refuses what are no two CPUs', async () => {
    const { lanes } = await reportOf('two-socket', { pairs: ['0:1,0:2'] });
    expect(lanes.map(({ pairs }) => pairs)).toEqual([[[0, 1]], [[0, 2]]]);
    await expect(reportOf('two-socket', { pairs: ['0:0'] })).rejects.toThrow(UsageError);
    await expect(reportOf('two-socket', { pairs: ['near'] })).rejects.toThrow(UsageError);
    await expect(reportOf('two-socket', { pairs: ['0:4096'] })).rejects.toThrow(Absent);
  });

  it('has a cell for each pair of cores when asked for the matrix', async () => {
    const { matrix } = await reportOf('two-socket', { matrix: true });
    expect(matrix?.handOffNs.flat().filter((ns) => ns === null)).toHaveLength(matrix?.cpus.length ?? 0);
  });

  it('reads as a whole', async () => {
    const text = printReport(await reportOf('two-socket', { matrix: true }));
    await expect(text).toMatchFileSnapshot('../golden/probe-two-socket.txt');
  });

  it('says so on a machine where no pair is to be had', async () => {
    const { context, topology, courtesy } = await world('one-socket', { changes: { allowed: [0] } });
    const report = await probe(probeRun(context.host, topology, courtesy, wanted()));
    expect(report).toMatchObject({ lanes: [], answers: [], answeredOn: null });
    expect(printReport(report)).toContain('no pair of CPUs to be had');
  });
});

describe('the penalty', () => {
  it('is not told where only one class was measured', () => {
    expect(penaltiesOf([], null)).toEqual([]);
  });
});

describe('probe --plan', () => {
  it('lists each lane with its interval, and what is promised', async () => {
    const { topology, courtesy } = await world('eight-socket');
    const text = planText(topology, courtesy, 0.5);
    expect(text.match(/^cross_socket/gm)).toHaveLength(28);
    expect(text).toContain('one latency visit every 0.5 s');
  });

  it('says when the latency probe is off', async () => {
    const { topology, courtesy } = await world('two-socket');
    expect(planText(topology, courtesy, undefined)).toContain('probes.latency.enabled');
  });
});
