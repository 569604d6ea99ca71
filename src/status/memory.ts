import type { MemoryMatrix } from '../probes/sweep.ts';
import type { Topology } from '../topology.ts';
import { readingsOf, type Families } from './families.ts';

/** DRAM latency from nodes with CPUs (rows) to nodes with memory (columns). Seconds; null: not measured. */
export interface MemoryGrid {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly seconds: readonly (readonly (number | null)[])[];
  /** Whether every node was measured with every node, or what stands for the machine. */
  readonly whole: boolean;
  readonly notes: readonly string[];
}

/** The job's matrix where it ran, with what the canary has found since written over it. */
export function memoryGridOf(topology: Topology, families: Families, result: unknown): MemoryGrid {
  const matrix = memoryMatrixOf(result);
  const nodes = topology.numaNodes;
  const cells = new Map<string, number>();
  for (const [row, from] of (matrix?.cpuNodes ?? []).entries()) {
    for (const [column, to] of (matrix?.memoryNodes ?? []).entries()) {
      const ns = matrix?.loadNs[row]?.[column];
      if (typeof ns === 'number') cells.set(`${from}/${to}`, ns * 1e-9);
    }
  }
  for (const { labels, value } of readingsOf(families, 'memoryLatency'))
    cells.set(`${labels['cpu_numa_node']}/${labels['memory_numa_node']}`, value);
  const from = nodes.filter(({ cpus }) => cpus.length > 0).map(({ id }) => id);
  const to = nodes.filter(({ memoryBytes }) => memoryBytes !== 0).map(({ id }) => id);
  return {
    from,
    to,
    seconds: from.map((a) => to.map((b) => cells.get(`${a}/${b}`) ?? null)),
    whole: matrix !== undefined,
    notes: matrix?.notes ?? [],
  };
}

function memoryMatrixOf(result: unknown): MemoryMatrix | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { cpuNodes, memoryNodes, loadNs, notes } = result as Partial<MemoryMatrix>;
  const sound = [cpuNodes, memoryNodes, loadNs, notes].every(Array.isArray);
  return sound ? (result as MemoryMatrix) : undefined;
}
