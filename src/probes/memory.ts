import { z } from 'zod';
import { Absent, Denied } from '../errors.ts';
import type { Metric } from '../sample.ts';
import { kind, type Probe } from '../source.ts';
import { median } from '../quantile.ts';
import { memoryNodesOf, type Cpu, type NumaNode, type Topology } from '../topology.ts';
import { goodForSeconds, tickSeconds } from './planner.ts';
import { cleanGroups } from './taint.ts';
import type { Visitor } from './visit.ts';

const memoryLatencySeconds = {
  name: 'numacanary_memory_latency_seconds',
  kind: 'gauge',
  labels: ['cpu_numa_node', 'memory_numa_node', 'page_size'],
  per: ['memory_lane'],
  newestOnly: 'page_size',
  fold: { kind: 'median', of: 3 },
  help:
    'DRAM latency: dependent loads of lines that were flushed from every cache, from a CPU of one node to memory ' +
    'verified to lie on the other; median over the last 3 clean visits. page_size: of the buffer as it came.',
  tells: 'What a cache miss costs at home, one socket over, and on memory-only nodes.',
} as const satisfies Metric;

export interface MemoryLane {
  readonly cpuNode: number;
  readonly memoryNode: number;
}

/**
 * Each node to its own memory, one neighbour within each socket, one node for each ordered pair of sockets, and
 * each memory-only node from the nearest CPUs: what stands for the machine. All nodes to all is a slow job's.
 */
export function memoryLanes(topology: Topology, eligible: readonly Cpu[]): readonly MemoryLane[] {
  const places = new Set(eligible.map(({ numaNode }) => numaNode));
  const homes = topology.numaNodes.filter(({ id }) => places.has(id));
  const stores = memoryNodesOf(topology);
  const withCpus = stores.filter(({ cpus }) => cpus.length > 0);
  const sockets = topology.sockets.map(({ id }) => id);
  return [
    ...homes.flatMap((node) =>
      lane(
        node,
        withCpus.find(({ id }) => id === node.id),
      ),
    ),
    ...sockets.flatMap((socket) => {
      const [home] = bySocket(homes, socket);
      return lane(
        home,
        bySocket(withCpus, socket).find(({ id }) => id !== home?.id),
      );
    }),
    ...sockets.flatMap((from) =>
      sockets.flatMap((to) => (from === to ? [] : lane(bySocket(homes, from)[0], bySocket(withCpus, to)[0]))),
    ),
    ...stores
      .filter(({ cpus }) => cpus.length === 0)
      .flatMap((store) => lane(nearest(topology, homes, store), store)),
  ];
}

const bySocket = (nodes: readonly NumaNode[], socket: number) =>
  nodes.filter((node) => node.socket === socket);

const lane = (cpuNode: NumaNode | undefined, memoryNode: NumaNode | undefined): MemoryLane[] =>
  cpuNode && memoryNode ? [{ cpuNode: cpuNode.id, memoryNode: memoryNode.id }] : [];

function nearest(topology: Topology, homes: readonly NumaNode[], store: NumaNode): NumaNode | undefined {
  const away = ({ id }: NumaNode) => topology.distances[id]?.[store.id] ?? Infinity;
  return homes.toSorted((a, b) => away(a) - away(b) || a.id - b.id)[0];
}

export const memoryOptions = z.strictObject({
  /** One visit this often on one and two sockets, oftener on more. */
  period_seconds: z.number().min(1).max(3600).default(30),
  buffer_mib: z.int().min(2).max(256).default(8),
  loads: z.int().min(256).max(4096).multipleOf(64).default(2048),
  huge_pages: z.boolean().default(true),
});

export const memory = (options: z.output<typeof memoryOptions>, visitor: Visitor): Probe => {
  const visited = new Map<string, number>(); // lane -> order number of its last visit
  const denied = new Map<string, Denied>();
  let order = 0;
  const period = (topology: Topology) => tickSeconds(options.period_seconds, topology.sockets.length);
  return {
    name: 'memory',
    metrics: [memoryLatencySeconds],
    periodSeconds: period,
    async read(context) {
      const { topology } = context;
      const all = memoryLanes(topology, visitor.eligible(topology));
      if (all.length === 0) {
        visitor.skipped('no_eligible_pair');
        throw new Absent('no NUMA node with memory that an eligible CPU could load from');
      }
      const [next] = all
        .filter((one) => !denied.has(keyOf(one)))
        .toSorted((a, b) => (visited.get(keyOf(a)) ?? 0) - (visited.get(keyOf(b)) ?? 0));
      const [refusal] = denied.values();
      if (!next) throw refusal ?? new Denied('every memory node is refused');
      order += 1;
      visited.set(keyOf(next), order);
      const plan = {
        node: next.memoryNode,
        bytes: options.buffer_mib * 2 ** 20,
        loads: options.loads,
        hugePages: options.huge_pages,
        deadlineNs: 50e6,
      };
      let clean;
      try {
        clean = await visitor.memory(context, next.cpuNode, plan);
      } catch (error) {
        // A node without CPUs needs a memory policy, which seccomp may forbid: that lane alone is given up.
        if (!(error instanceof Denied) || all.length === 1) throw error;
        denied.set(keyOf(next), error);
        visitor.skipped('denied');
      }
      const loadNs =
        clean && median(cleanGroups({ roundTripNs: clean.visit.loadNs, gapNs: clean.visit.gapNs }));
      if (!clean || loadNs === undefined) return [];
      const labels = {
        cpu_numa_node: String(next.cpuNode),
        memory_numa_node: String(next.memoryNode),
        page_size: pageSize(clean.visit.pageBytes),
      };
      const goodFor = goodForSeconds(all.length * period(topology));
      return [{ metric: memoryLatencySeconds, labels, value: loadNs / 1e9, goodForSeconds: goodFor }];
    },
  };
};

export const memoryKind = (visitor: Visitor) =>
  kind('memory', memoryOptions, (options) => memory(options, visitor));

const keyOf = ({ cpuNode, memoryNode }: MemoryLane) => `${cpuNode}/${memoryNode}`;

/** As people write it: `4k`, `64k`, `2m`, `1g`. */
function pageSize(bytes: number): string {
  if (bytes === 0) return 'mixed';
  const [unit, scale] =
    bytes >= 2 ** 30
      ? (['g', 2 ** 30] as const)
      : bytes >= 2 ** 20
        ? (['m', 2 ** 20] as const)
        : (['k', 2 ** 10] as const);
  return `${bytes / scale}${unit}`;
}
