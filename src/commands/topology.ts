import { formatCpulist } from '../parse/cpulist.ts';
import type { Core, Cpu, CpuIdentity, LlcGroup, NumaNode, Socket, Topology } from '../topology.ts';
import { formatTable } from './format.ts';

/** What `numacanary topology` prints for a person: a tree for each socket, and all that is out of the ordinary. */
export function topologyText(topology: Topology): string {
  const { identity, sockets, numaNodes, llcGroups, cores, cpus, warnings } = topology;
  const marked = (what: string, has: (cpu: Cpu) => boolean) => some(what, ids(cpus.filter(has)));
  const lines = [
    `${identity.name} (${cpuId(identity)})`,
    [
      count(sockets, 'socket'),
      count(numaNodes, 'NUMA node'),
      count(llcGroups, 'last-level cache'),
      count(cores, 'core'),
      `${count(cpus, 'CPU')} online`,
    ].join(', '),
    ...(identity.hypervisor ? ['A virtual machine: all of this is what its host chose to say.'] : []),
    '',
    ...sockets.flatMap((socket) => [...socketLines(topology, socket), '']),
    ...distanceLines(topology),
    ...some('offline', topology.offlineCpus),
    ...marked('not allowed for this process', (cpu) => !cpu.allowed),
    ...marked('isolated', (cpu) => cpu.isolated),
    ...marked('nohz_full', (cpu) => cpu.nohzFull),
    ...marked('performance cores', (cpu) => cpu.kind === 'performance'),
    ...marked('efficiency cores', (cpu) => cpu.kind === 'efficiency'),
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function socketLines(topology: Topology, socket: Socket): string[] {
  const nodes = topology.numaNodes.filter(({ id }) => socket.numaNodes.includes(id));
  const caches = topology.llcGroups.filter((cache) => cache.socket === socket.id);
  // Under SNC one cache lies over several nodes: it is then the socket's and not a node's.
  const wide = caches.filter((cache) => !nodes.some((node) => isIn(cache, node)));
  const dies = socket.dies.length > 1 ? `, dies ${formatCpulist(socket.dies)}` : '';
  return [
    `socket ${socket.id}: ${members(socket.cpus)}${dies}`,
    ...cacheLines(topology, wide).map(indent),
    ...nodes
      .flatMap((node) => {
        const own = caches.filter((cache) => isIn(cache, node));
        const cores = topology.cores.filter((core) => core.socket === socket.id && isIn(core, node));
        return [
          nodeLine(node),
          ...cacheLines(topology, own).map(indent),
          ...coreLines(own.length > 0 ? [] : cores).map(indent),
        ];
      })
      .map(indent),
  ];
}

function nodeLine(node: NumaNode): string {
  const parts = [node.cpus.length === 0 ? 'no CPUs' : members(node.cpus), memory(node.memoryBytes)];
  if (!node.allowed) parts.push('its memory not allowed (cpuset.mems)');
  const [best] = node.accessClasses;
  if (best?.readLatencyNs) parts.push(`read ${best.readLatencyNs} ns`);
  if (best?.readBandwidthMBps) parts.push(`read ${best.readBandwidthMBps} MB/s`);
  if (best && best.initiators.length > 0 && !best.initiators.includes(node.id))
    parts.push(`best from node ${formatCpulist(best.initiators)}`);
  return `node ${node.id}: ${parts.join(', ')}`;
}

function cacheLines(topology: Topology, caches: readonly LlcGroup[]): string[] {
  const coresIn = (cache: LlcGroup) => topology.cores.filter((core) => isIn(core, cache));
  const [first] = caches;
  // Where every core has its own, a hundred lines would say no more than one.
  if (first && caches.length > 1 && caches.every((cache) => coresIn(cache).length < 2)) {
    return [`${caches.length} ${cacheName(first)}, none of them shared by two cores`];
  }
  return caches.flatMap((cache) => [
    `${cacheName(cache)}: ${members(cache.cpus)}`,
    ...coreLines(coresIn(cache)).map(indent),
  ]);
}

/** `8 cores: 0,16 1,17 … 7,23`; --json has them all. */
function coreLines(cores: readonly Core[]): string[] {
  if (cores.length === 0) return [];
  const lists = cores.map(({ cpus }) => formatCpulist(cpus));
  const shown = lists.length > 4 ? [...lists.slice(0, 2), '…', ...lists.slice(-1)] : lists;
  return [`${count(cores, 'core')}: ${shown.join(' ')}`];
}

function distanceLines({ numaNodes, distances }: Topology): string[] {
  if (numaNodes.length < 2) return [];
  const table = formatTable([
    ['distance', ...numaNodes.map(({ id }) => `${id}`)],
    ...numaNodes.map((from) => [
      `node ${from.id}`,
      ...numaNodes.map((to) => String(distances[from.id]?.[to.id] ?? '-')),
    ]),
  ]);
  return [table, ''];
}

type Members = { readonly cpus: readonly number[] };

const isIn = (part: Members, whole: Members) => part.cpus.every((cpu) => whole.cpus.includes(cpu));
const indent = (line: string) => `  ${line}`;
const ids = (list: readonly { readonly id: number }[]) => list.map(({ id }) => id);
const count = (list: readonly unknown[], what: string) =>
  `${list.length} ${what}${list.length === 1 ? '' : 's'}`;
const members = (cpus: readonly number[]) => `${count(cpus, 'CPU')} ${formatCpulist(cpus)}`;
const some = (what: string, cpus: readonly number[]) =>
  cpus.length > 0 ? [`${what}: CPUs ${formatCpulist(cpus)}`] : [];

const memory = (bytes: number | null) =>
  bytes === null ? 'memory unknown' : bytes === 0 ? 'no memory' : `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

/** Arm's manuals know parts and revisions in hexadecimal only. */
function cpuId({ vendor, family, model, stepping }: CpuIdentity): string {
  return vendor.startsWith('0x')
    ? `implementer ${vendor} part 0x${model.toString(16)} r${stepping >> 4}p${stepping & 15}`
    : `${vendor} family ${family} model ${model} stepping ${stepping}`;
}

function cacheName({ level, sizeBytes }: LlcGroup): string {
  if (level === null) return 'unknown cache';
  if (sizeBytes === null) return `L${level}`;
  const mebibytes = sizeBytes / 1024 ** 2;
  return `L${level} ${mebibytes < 1 ? `${sizeBytes / 1024} KiB` : `${Number(mebibytes.toFixed(1))} MiB`}`;
}
