/** What is counted by NUMA node, where the page shows it: by node, or above sixteen nodes summed up by socket. */
import { hasFewNodes } from '../topology.ts';
import type { Topology } from '../topology.ts';

export interface AtNode {
  readonly id: number;
  readonly values: ReadonlyMap<string, number>;
}

export interface AtPlace {
  readonly labels: { readonly socket: string; readonly numa_node: string };
  readonly values: ReadonlyMap<string, number>;
}

export function atPlaces(topology: Topology, nodes: readonly AtNode[]): readonly AtPlace[] {
  const few = hasFewNodes(topology);
  const sockets = new Map(topology.numaNodes.map(({ id, socket }) => [id, socket]));
  const places = new Map<string, { labels: AtPlace['labels']; values: Map<string, number> }>();
  for (const { id, values } of nodes) {
    const labels = { socket: String(sockets.get(id) ?? ''), numa_node: few ? String(id) : '' };
    const key = `${labels.socket}/${labels.numa_node}`;
    const place = places.get(key) ?? { labels, values: new Map<string, number>() };
    places.set(key, place);
    for (const [name, value] of values) place.values.set(name, (place.values.get(name) ?? 0) + value);
  }
  return [...places.values()];
}
