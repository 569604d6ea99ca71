/** Distance of a CPU pair, nearest first. The order is the order in which tables and plans list them. */
export const distances = ['smt', 'llc', 'node', 'socket', 'cross_socket'] as const;
export type Distance = (typeof distances)[number];

/** Online CPUs only; members are ids, ascending. JSON of this is what `numacanary topology --json` prints. */
export interface Topology {
  readonly identity: CpuIdentity;
  readonly sockets: readonly Socket[];
  readonly numaNodes: readonly NumaNode[];
  readonly llcGroups: readonly LlcGroup[];
  readonly cores: readonly Core[];
  readonly cpus: readonly Cpu[];
  /** SLIT, by node id and node id. Rows and columns of online nodes only. */
  readonly distances: Readonly<Record<number, Readonly<Record<number, number>>>>;
  readonly offlineCpus: readonly number[];
  /** What the firmware or kernel got wrong, and what was assumed instead; one sentence each. */
  readonly warnings: readonly string[];
}

export interface CpuIdentity {
  /** `GenuineIntel`, `AuthenticAMD`, or for Arm the implementer (`0x41`). */
  readonly vendor: string;
  readonly family: number;
  /** x86 model, or the Arm part number. */
  readonly model: number;
  readonly stepping: number;
  /** As the CPU names itself: `AMD EPYC 9654 96-Core Processor`. */
  readonly name: string;
  /** The kernel sees a hypervisor: sockets and caches are then what the host chose to say. */
  readonly hypervisor: boolean;
}

export interface Socket {
  readonly id: number;
  readonly dies: readonly number[];
  readonly numaNodes: readonly number[];
  readonly cpus: readonly number[];
}

export interface NumaNode {
  readonly id: number;
  /** Empty for a memory-only node (CXL, GPU): a target, never a place to run. */
  readonly cpus: readonly number[];
  /** 0 for a node of CPUs without memory, null where the kernel does not say. */
  readonly memoryBytes: number | null;
  /**
   * The socket of its CPUs, the lowest where firmware interleaves one node over several; for a memory-only node
   * that of the nearest node with CPUs.
   */
  readonly socket: number;
  /** Its memory may be used by this process: in its Mems_allowed_list. */
  readonly allowed: boolean;
  /** HMAT, where the kernel publishes it: performance from the best initiators. */
  readonly accessClasses: readonly AccessClass[];
}

export interface AccessClass {
  readonly access: number;
  readonly initiators: readonly number[];
  readonly readLatencyNs: number | null;
  readonly writeLatencyNs: number | null;
  readonly readBandwidthMBps: number | null;
  readonly writeBandwidthMBps: number | null;
}

export interface LlcGroup {
  /** Its lowest CPU id: the kernel's cache ids repeat or are missing on some machines. */
  readonly id: number;
  /** Null where no cache is known: the group is then the CPUs of one NUMA node. */
  readonly level: number | null;
  readonly sizeBytes: number | null;
  readonly socket: number;
  readonly cpus: readonly number[];
}

export interface Core {
  /** Its lowest CPU id: the kernel's core_id repeats from socket to socket. */
  readonly id: number;
  readonly coreId: number;
  readonly socket: number;
  readonly cpus: readonly number[];
}

export interface Cpu {
  readonly id: number;
  readonly socket: number;
  readonly die: number;
  readonly numaNode: number;
  /** Ids of its LLC group and core. */
  readonly llcGroup: number;
  readonly core: number;
  readonly kind: 'uniform' | 'performance' | 'efficiency';
  readonly isolated: boolean;
  readonly nohzFull: boolean;
  /** In this process's own Cpus_allowed_list (which the cpuset has already cut). */
  readonly allowed: boolean;
}

// A topology never changes, and looking up a CPU must not cost a walk: planners ask for every pair.
const indexes = new WeakMap<Topology, ReadonlyMap<number, Cpu>>();

export function cpuOf(topology: Topology, id: number): Cpu | undefined {
  let index = indexes.get(topology);
  if (!index) {
    index = new Map(topology.cpus.map((cpu) => [cpu.id, cpu]));
    indexes.set(topology, index);
  }
  return index.get(id);
}

/**
 * Undefined for a CPU with itself or one that is not online. The node is asked before the cache: under SNC the
 * kernel lists one L3 for the whole socket, and the other cluster is farther all the same.
 */
export function distanceOf(topology: Topology, cpuA: number, cpuB: number): Distance | undefined {
  const a = cpuOf(topology, cpuA);
  const b = cpuOf(topology, cpuB);
  if (!a || !b || a === b) return undefined;
  if (a.core === b.core) return 'smt';
  if (a.socket !== b.socket) return 'cross_socket';
  if (a.numaNode !== b.numaNode) return 'socket';
  return a.llcGroup === b.llcGroup ? 'llc' : 'node';
}

/** Above sixteen NUMA nodes what is counted by node is summed up by socket: the page has a limit. */
export const hasFewNodes = ({ numaNodes }: Topology): boolean => numaNodes.length <= 16;

/** SNC and NPS, not CXL: memory that is added later must not move the host to other peers. */
export function nodesPerSocket({ sockets, numaNodes }: Topology): number {
  const populated = new Set(numaNodes.filter(({ cpus }) => cpus.length > 0).map(({ id }) => id));
  return Math.max(0, ...sockets.map((socket) => socket.numaNodes.filter((id) => populated.has(id)).length));
}

/** Nodes that have memory for us. */
export const memoryNodesOf = ({ numaNodes }: Topology): readonly NumaNode[] =>
  numaNodes.filter(({ memoryBytes, allowed }) => memoryBytes !== 0 && allowed);

/** Where memory for this CPU belongs: its own node, or the nearest that has any; one with CPUs before one without. */
export function homeNodeOf(topology: Topology, cpuId: number): NumaNode | undefined {
  const cpu = cpuOf(topology, cpuId);
  if (!cpu) return undefined;
  const away = (node: NumaNode) =>
    node.id === cpu.numaNode ? 0 : (topology.distances[cpu.numaNode]?.[node.id] ?? Number.MAX_VALUE);
  return memoryNodesOf(topology).toSorted(
    (a, b) => away(a) - away(b) || Number(b.cpus.length > 0) - Number(a.cpus.length > 0) || a.id - b.id,
  )[0];
}

export function sameTopology(a: Topology, b: Topology): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
