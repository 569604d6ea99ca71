import { formatCpulist } from '../parse/cpulist.ts';
import type { LlcGroup, NumaNode } from '../topology.ts';
import type { readCaches } from './caches.ts';
import type { readPackages } from './cpus.ts';
import type { Node, Nodes } from './nodes.ts';
import type { Reader } from './reader.ts';

/** CPUs of each socket by id, in the order of the ids. */
export function socketsOf(
  reader: Reader,
  { packages, unknown }: Awaited<ReturnType<typeof readPackages>>,
  nodes: readonly Node[],
): Map<number, readonly number[]> {
  const sockets = new Map<number, readonly number[]>(packages);
  if (unknown.length > 0) {
    // Where firmware tells NUMA nodes and no packages, a node is the only boundary there is to go by.
    const lost = new Set(unknown);
    let next = packages.size === 0 ? 0 : Math.max(...packages.keys()) + 1;
    for (const { cpus } of nodes) {
      const here = cpus.filter((cpu) => lost.has(cpu));
      if (here.length > 0) sockets.set(next++, here);
    }
    reader.warn(`CPUs ${formatCpulist(unknown)} name no socket: those of one NUMA node are taken to be one`);
  }
  return new Map(
    [...sockets].map(([id, cpus]) => [id, ascending(cpus)] as const).toSorted(([a], [b]) => a - b),
  );
}

export function llcGroupsOf(
  reader: Reader,
  { groups, silent }: Awaited<ReturnType<typeof readCaches>>,
  nodes: readonly Node[],
  socketOf: ReadonlyMap<number, number>,
): LlcGroup[] {
  const found: LlcGroup[] = [];
  const add = (cpus: readonly number[], level: number | null, sizeBytes: number | null) => {
    const [id] = cpus;
    if (id !== undefined) found.push({ id, level, sizeBytes, socket: socketOf.get(id) ?? 0, cpus });
  };
  for (const { cpus, about } of groups) {
    const parts = bySocket(cpus, socketOf);
    if (parts.length > 1)
      reader.warn(`the cache of CPUs ${formatCpulist(cpus)} spans sockets: it is cut where they end`);
    for (const part of parts) add(part, about.level, about.sizeBytes);
  }
  if (silent.length > 0) {
    const lost = new Set(silent);
    for (const { cpus } of nodes) {
      const here = cpus.filter((cpu) => lost.has(cpu));
      for (const part of bySocket(here, socketOf)) add(part, null, null);
    }
    reader.warn(
      `no cache beyond L1 is known for CPUs ${formatCpulist(silent)}: those of one NUMA node are taken to share one`,
    );
  }
  return found.toSorted((a, b) => a.id - b.id);
}

export function numaNodesOf(
  reader: Reader,
  { nodes, distances }: Nodes,
  gpus: ReadonlyMap<number, readonly number[]>,
  socketOf: ReadonlyMap<number, number>,
): NumaNode[] {
  const socketsOf = (cpus: readonly number[] | undefined) =>
    ascending((cpus ?? []).flatMap((cpu) => socketOf.get(cpu) ?? []));
  const populated = nodes.filter(({ cpus }) => cpus.length > 0);
  const nearestTo = (node: Node) => {
    const initiators = node.accessClasses.find(({ access }) => access === 0)?.initiators ?? [];
    const row = distances[node.id] ?? {};
    return populated.toSorted(
      (a, b) =>
        Number(initiators.includes(b.id)) - Number(initiators.includes(a.id)) ||
        (row[a.id] ?? Number.MAX_VALUE) - (row[b.id] ?? Number.MAX_VALUE) ||
        a.id - b.id,
    )[0];
  };
  return nodes.map((node): NumaNode => {
    const sockets = socketsOf(node.cpus);
    if (sockets.length > 1)
      reader.warn(
        `NUMA node ${node.id} spans sockets ${sockets.join(', ')}: what is counted per node is theirs together`,
      );
    const [socket = 0] = [...sockets, ...socketsOf(gpus.get(node.id)), ...socketsOf(nearestTo(node)?.cpus)];
    return { ...node, socket };
  });
}

export const ascending = (ids: readonly number[]) => [...new Set(ids)].toSorted((a, b) => a - b);

function bySocket(cpus: readonly number[], socketOf: ReadonlyMap<number, number>): number[][] {
  const sockets = new Set(cpus.map((cpu) => socketOf.get(cpu)));
  return [...sockets].map((socket) => cpus.filter((cpu) => socketOf.get(cpu) === socket));
}
