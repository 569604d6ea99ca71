import type { Cpu, LlcGroup, NumaNode, Topology } from '../topology.ts';

/** How a CPU stands to us. */
export const cpuStates = ['probed', 'left_alone', 'not_allowed'] as const;
export type CpuState = (typeof cpuStates)[number];

export const cpuStateWords: Readonly<Record<CpuState, string>> = {
  probed: 'the canary may use it',
  left_alone: 'isolated or nohz_full, left alone',
  not_allowed: 'outside our cpuset',
};

/** The machine from the outside in. Caches that lie over several nodes are drawn with each of them, cut. */
export interface SocketView {
  readonly id: number;
  readonly cpus: number;
  readonly cores: number;
  readonly nodes: readonly NodeView[];
}

export interface NodeView {
  readonly id: number;
  readonly memoryBytes: number | null;
  /** Empty for a node of memory alone. */
  readonly caches: readonly CacheView[];
}

export interface CacheView {
  readonly id: number;
  readonly level: number | null;
  readonly sizeBytes: number | null;
  /** One for each core, with its threads. */
  readonly cores: readonly (readonly CpuView[])[];
}

export interface CpuView {
  readonly id: number;
  readonly state: CpuState;
}

export function machineOf(topology: Topology): readonly SocketView[] {
  const { sockets, numaNodes, llcGroups, cpus } = topology;
  const caches = new Map(llcGroups.map((group) => [group.id, group]));
  // One pass over the CPUs: a machine of two thousand must not be searched for each of them.
  const byPlace = groupBy(cpus, ({ socket, numaNode }) => `${socket}/${numaNode}`);
  return sockets.map((socket) => ({
    id: socket.id,
    cpus: socket.cpus.length,
    cores: new Set(cpus.filter((cpu) => cpu.socket === socket.id).map(({ core }) => core)).size,
    nodes: numaNodes
      .filter((node) => node.socket === socket.id || byPlace.has(`${socket.id}/${node.id}`))
      .map((node) => nodeView(node, byPlace.get(`${socket.id}/${node.id}`) ?? [], caches)),
  }));
}

function nodeView(
  { id, memoryBytes }: NumaNode,
  cpus: readonly Cpu[],
  caches: ReadonlyMap<number, LlcGroup>,
): NodeView {
  const groups = groupBy(cpus, ({ llcGroup }) => llcGroup);
  return {
    id,
    memoryBytes,
    caches: [...groups].map(([llc, members]) => ({
      id: llc,
      level: caches.get(llc)?.level ?? null,
      sizeBytes: caches.get(llc)?.sizeBytes ?? null,
      cores: [...groupBy(members, ({ core }) => core).values()].map((threads) =>
        threads.map((cpu) => ({ id: cpu.id, state: stateOf(cpu) })),
      ),
    })),
  };
}

const stateOf = ({ allowed, isolated, nohzFull }: Cpu): CpuState =>
  !allowed ? 'not_allowed' : isolated || nohzFull ? 'left_alone' : 'probed';

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
