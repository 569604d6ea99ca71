import type { MemoryPlan, Spin, Step, VisitPlan } from '../host/host.ts';
import { cpuOf, homeNodeOf, type Cpu, type Topology } from '../topology.ts';

/**
 * Visits on demand, of jobs and of `numacanary probe`: pinned, every line on its writer's node, indices 128
 * bytes apart. Longer than a scheduled visit, since each comes once; still far from the deadline.
 */
export function planVisit(
  topology: Topology,
  spin: Spin,
  [cpuA, cpuB]: readonly [number, number],
  steps: readonly Step[],
): VisitPlan {
  return {
    cpuA,
    cpuB,
    nodeA: homeNodeOf(topology, cpuA)?.id ?? -1,
    nodeB: homeNodeOf(topology, cpuB)?.id ?? -1,
    steps,
    spin,
    pinned: true,
    strideBytes: 128,
    // Spread over the offsets without counting visits: no one cache slice is "the" latency.
    offset: (cpuA * 7 + cpuB * 13) % 64,
    stepNs: 600_000,
    deadlineNs: 20_000_000,
  };
}

/** A chase from the first CPU of `cpuNode` that may be used; undefined where none may. */
export function planMemory(
  topology: Topology,
  eligible: readonly Cpu[],
  cpuNode: number,
  memoryNode: number,
): MemoryPlan | undefined {
  const cpu = eligible.find(({ id }) => cpuOf(topology, id)?.numaNode === cpuNode);
  return (
    cpu && {
      cpu: cpu.id,
      node: memoryNode,
      bytes: 8 * 2 ** 20,
      loads: 4096,
      hugePages: true,
      deadlineNs: 200_000_000,
    }
  );
}

/** One CPU of each core: its other thread would only show the same caches again. */
export function coresOf(eligible: readonly Cpu[]): readonly number[] {
  const first = new Map<number, number>();
  for (const { core, id } of eligible) first.set(core, Math.min(id, first.get(core) ?? id));
  return [...first.values()].toSorted((a, b) => a - b);
}
