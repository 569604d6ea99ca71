import { formatCpulist, parseCpulist } from '../parse/cpulist.ts';
import { parseCpusAllowed, parseMemsAllowed } from '../parse/status.ts';
import type { Files } from '../host/host.ts';
import type { Core, Cpu, CpuIdentity, Socket, Topology } from '../topology.ts';
import { ascending, llcGroupsOf, numaNodesOf, socketsOf } from './assemble.ts';
import { readCaches } from './caches.ts';
import {
  cpuRoot,
  readCores,
  readDies,
  readKinds,
  readMarks,
  readOffline,
  readOnline,
  readPackages,
} from './cpus.ts';
import { readGpuNodes } from './gpus.ts';
import { readIdentity } from './identity.ts';
import { readNodes } from './nodes.ts';
import { readerOf } from './reader.ts';

/**
 * A CPU that goes offline while we read leaves half a picture: read again until nothing has changed. Given an
 * earlier topology, its identity stands: older kernels wake every CPU for /proc/cpuinfo.
 */
export async function readTopology(files: Files, earlier?: Topology): Promise<Topology> {
  let before = await topologyFingerprint(files);
  let topology = await readOnce(files, earlier?.identity);
  for (let attempt = 1; attempt < 3; attempt += 1) {
    const after = await topologyFingerprint(files);
    if (after === before) break;
    before = after;
    topology = await readOnce(files, topology.identity);
  }
  return topology;
}

/** Small files that change with hotplug, a cpuset or isolation: cheap enough to look at every few seconds. */
export async function topologyFingerprint(files: Files): Promise<string> {
  const reader = readerOf(files);
  const parts = await Promise.all([
    reader.get(`${cpuRoot}/online`, formatted),
    reader.get(`${cpuRoot}/isolated`, formatted),
    reader.get('/sys/devices/system/node/online', formatted),
    reader.get('/sys/devices/system/node/has_memory', formatted),
    reader.get('/proc/self/status', (raw) => formatCpulist(parseCpusAllowed(raw))),
    reader.get('/proc/self/status', (raw) => formatCpulist(parseMemsAllowed(raw))),
  ]);
  return parts.join('\n');
}

const formatted = (text: string) => formatCpulist(parseCpulist(text));

async function readOnce(files: Files, known?: CpuIdentity): Promise<Topology> {
  const reader = readerOf(files);
  const ids = await readOnline(reader);
  if (ids.length === 0) reader.warn('neither /sys nor /proc names a CPU');
  const [identity, offlineCpus, marks, packages, dies, cores, caches, kindOf, nodes, gpus] =
    await Promise.all([
      known ?? readIdentity(reader),
      readOffline(reader, ids),
      readMarks(reader),
      readPackages(reader, ids),
      readDies(reader, ids),
      readCores(reader, ids),
      readCaches(reader, ids),
      readKinds(reader, ids),
      readNodes(reader, ids),
      readGpuNodes(reader),
    ]);
  const nodeOf = indexed(nodes.nodes.map(({ id, cpus }) => [id, cpus]));
  const sockets = socketsOf(reader, packages, nodes.nodes);
  const socketOf = indexed([...sockets]);
  const llcGroups = llcGroupsOf(reader, caches, nodes.nodes, socketOf);
  const llcOf = indexed(llcGroups.map(({ id, cpus }) => [id, cpus]));
  const coreList = cores.map(({ cpus, about: coreId }): Core => {
    const id = cpus[0] ?? 0;
    return { id, coreId: coreId ?? id, socket: socketOf.get(id) ?? 0, cpus };
  });
  const coreOf = indexed(coreList.map(({ id, cpus }) => [id, cpus]));
  const numaNodes = numaNodesOf(reader, nodes, gpus, socketOf);
  return {
    identity,
    sockets: [...sockets].map(([id, cpus]): Socket => ({
      id,
      dies: ascending(cpus.map((cpu) => dies.get(cpu) ?? 0)),
      numaNodes: numaNodes
        .filter((node) => node.socket === id || node.cpus.some((cpu) => socketOf.get(cpu) === id))
        .map((node) => node.id),
      cpus,
    })),
    numaNodes,
    llcGroups,
    cores: coreList,
    cpus: ids.map((id): Cpu => ({
      id,
      socket: socketOf.get(id) ?? 0,
      die: dies.get(id) ?? 0,
      numaNode: nodeOf.get(id) ?? 0,
      llcGroup: llcOf.get(id) ?? id,
      core: coreOf.get(id) ?? id,
      kind: kindOf(id),
      isolated: marks.isolated.has(id),
      nohzFull: marks.nohzFull.has(id),
      allowed: marks.allowed?.has(id) ?? true,
    })),
    distances: nodes.distances,
    offlineCpus,
    warnings: reader.warnings.toSorted(),
  };
}

function indexed(groups: readonly (readonly [id: number, cpus: readonly number[]])[]): Map<number, number> {
  return new Map(groups.flatMap(([id, cpus]) => cpus.map((cpu) => [cpu, id] as const)));
}
