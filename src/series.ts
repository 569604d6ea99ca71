import { boundsOn } from './probes/histogram.ts';
import { shownByDefault } from './collectors/workloads.ts';
import { lanesOf } from './probes/lanes.ts';
import { memoryLanes } from './probes/memory.ts';
import type { Dimension, Metric } from './sample.ts';
import { hasFewNodes } from './topology.ts';
import type { Core, Cpu, LlcGroup, NumaNode, Socket, Topology } from './topology.ts';

export interface Shape {
  readonly name: string;
  readonly sockets: number;
  readonly nodesPerSocket: number;
  readonly coresPerNode: number;
  readonly llcsPerNode: number;
  /** What the page may take here, workload_* apart. */
  readonly limit: number;
}

/** The machines that the promise is made for; all with two threads to a core. */
export const shapes: readonly Shape[] = [
  { name: '2s2n', sockets: 2, nodesPerSocket: 1, coresPerNode: 56, llcsPerNode: 1, limit: 600 },
  { name: '2s8n', sockets: 2, nodesPerSocket: 4, coresPerNode: 24, llcsPerNode: 3, limit: 900 },
  { name: '8s8n', sockets: 8, nodesPerSocket: 1, coresPerNode: 64, llcsPerNode: 1, limit: 3000 },
  { name: '8s32n', sockets: 8, nodesPerSocket: 4, coresPerNode: 16, llcsPerNode: 2, limit: 3000 },
];

export type Sizes = Readonly<Record<Dimension, number>>;

/** How many of everything that a series may stand for this machine has, with all its CPUs to probe. */
export function sizesOf(topology: Topology, sources: number): Sizes {
  const lanes = lanesOf(topology, topology.cpus);
  return {
    lane: lanes.length,
    directed_lane: lanes.reduce((sum, { socketA, socketB }) => sum + (socketA === socketB ? 1 : 2), 0),
    socket: topology.sockets.length,
    socket_and_host: topology.sockets.length + 1,
    numa_node: topology.numaNodes.length,
    place: hasFewNodes(topology) ? topology.numaNodes.length : topology.sockets.length,
    tier_node: topology.numaNodes.some(({ cpus }) => cpus.length === 0) ? topology.numaNodes.length + 1 : 0,
    socket_pair: topology.sockets.length * (topology.sockets.length - 1),
    memory_lane: memoryLanes(topology, topology.cpus).length,
    distance: new Set(lanes.map(({ distance }) => distance)).size,
    source: sources,
    llc_group: topology.llcGroups.length,
    // Two network ports, or one and a disk, to each socket.
    device: topology.sockets.length * 2,
    workload: shownByDefault,
  };
}

/** How many series the metric can take at most, from its declaration alone. */
export function countSeries(metric: Metric, sizes: Sizes): number {
  if (metric.inPlaceOfAnother) return 0;
  const things = (metric.per ?? []).reduce((product, dimension) => product * sizes[dimension], 1);
  const values = Object.entries(metric.closed ?? {})
    .filter(([label]) => !metric.oneAtATime && label !== metric.newestOnly)
    .reduce((product, [, all]) => product * all.length, 1);
  return things * Math.min(values, metric.atMost ?? Infinity) * (metric.open ?? 1) * linesOf(metric, sizes);
}

const linesOf = (metric: Metric, { socket, numa_node: nodes }: Sizes) =>
  metric.kind === 'histogram' ? boundsOn(metric, socket, nodes).length + 3 : 1;

export interface SeriesTable {
  readonly machines: readonly Shape[];
  readonly rows: readonly { readonly metric: string; readonly series: readonly number[] }[];
  /** Of all but workload_*, which have a budget of their own: so many for each that is shown. */
  readonly totals: readonly number[];
  readonly workloads: readonly number[];
}

export function seriesTable(metrics: readonly Metric[], sources: number): SeriesTable {
  const machines = shapes.map((shape) => sizesOf(topologyOf(shape), sources));
  const rows = metrics.map((metric) => ({
    metric: metric.name,
    series: machines.map((sizes) => countSeries(metric, sizes)),
  }));
  const sum = (of: readonly (typeof rows)[number][]) =>
    shapes.map((_, column) => of.reduce((total, { series }) => total + (series[column] ?? 0), 0));
  return {
    machines: shapes,
    rows,
    totals: sum(rows.filter((row) => !isWorkload(row))),
    workloads: sum(rows.filter(isWorkload)),
  };
}

const isWorkload = ({ metric }: { readonly metric: string }) => metric.startsWith('numacanary_workload_');

/** A machine as regular as machines are in brochures. */
export function topologyOf(shape: Shape): Topology {
  const { sockets, nodesPerSocket, coresPerNode, llcsPerNode } = shape;
  const nodes = sockets * nodesPerSocket;
  const cpus = range(nodes * coresPerNode * 2).map((id): Cpu => {
    const core = id - (id % 2);
    const numaNode = Math.floor(id / 2 / coresPerNode);
    const llcGroup = Math.floor(id / 2 / (coresPerNode / llcsPerNode)) * (coresPerNode / llcsPerNode) * 2;
    const socket = Math.floor(numaNode / nodesPerSocket);
    const place = { id, socket, die: 0, numaNode, llcGroup, core };
    return { ...place, kind: 'uniform', isolated: false, nohzFull: false, allowed: true };
  });
  const idsWhere = (chosen: (cpu: Cpu) => boolean) => cpus.filter(chosen).map(({ id }) => id);
  const firstOf = (key: 'core' | 'llcGroup') => cpus.filter((cpu) => cpu.id === cpu[key]);
  return {
    identity: {
      vendor: 'GenuineIntel',
      family: 6,
      model: 143,
      stepping: 8,
      name: shape.name,
      hypervisor: false,
    },
    sockets: range(sockets).map((id): Socket => ({
      id,
      dies: [0],
      numaNodes: range(nodes).filter((node) => Math.floor(node / nodesPerSocket) === id),
      cpus: idsWhere(({ socket }) => socket === id),
    })),
    numaNodes: range(nodes).map((id): NumaNode => ({
      id,
      cpus: idsWhere(({ numaNode }) => numaNode === id),
      memoryBytes: 2 ** 36,
      socket: Math.floor(id / nodesPerSocket),
      allowed: true,
      accessClasses: [],
    })),
    llcGroups: firstOf('llcGroup').map(({ id, socket }): LlcGroup => ({
      id,
      level: 3,
      sizeBytes: 2 ** 25,
      socket,
      cpus: idsWhere(({ llcGroup }) => llcGroup === id),
    })),
    cores: firstOf('core').map(({ id, socket }): Core => ({
      id,
      coreId: id / 2,
      socket,
      cpus: [id, id + 1],
    })),
    cpus,
    distances: {},
    offlineCpus: [],
    warnings: [],
  };
}

const range = (length: number) => Array.from({ length }, (_, index) => index);
