import type { Topology } from '../topology.ts';
import { cpuOf } from '../topology.ts';

/** Where the CPUs of a workload lie. */
export interface Span {
  readonly sockets: ReadonlySet<number>;
  readonly numaNodes: ReadonlySet<number>;
}

/** CPUs that are offline lie nowhere. */
export function spanOf(topology: Topology, cpus: readonly number[]): Span {
  const online = cpus.flatMap((id) => cpuOf(topology, id) ?? []);
  return {
    sockets: new Set(online.map(({ socket }) => socket)),
    numaNodes: new Set(online.map(({ numaNode }) => numaNode)),
  };
}

/**
 * The part that lies on nodes none of its CPUs belongs to. Memory without CPUs (CXL) has no CPUs to be near to: it is
 * outside where it hangs on a socket that the workload does not run on.
 */
export function outsideOf({ numaNodes }: Topology, span: Span, byNode: ReadonlyMap<number, number>): number {
  return numaNodes
    .filter(({ id, cpus, socket }) => (cpus.length > 0 ? !span.numaNodes.has(id) : !span.sockets.has(socket)))
    .reduce((sum, { id }) => sum + (byNode.get(id) ?? 0), 0);
}
