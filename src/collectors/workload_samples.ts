/** What is said of the workloads that are shown, read anew at each scrape, and of all of them together. */
import { nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseMemoryNumaStat } from '../parse/memory_numa_stat.ts';
import type { NumaStat } from '../parse/memory_numa_stat.ts';
import { parseStalled } from '../parse/pressure.ts';
import type { Metric, Sample } from '../sample.ts';
import type { Context } from '../source.ts';
import type { Topology } from '../topology.ts';
import type { WorkloadBooks } from '../workloads/books.ts';
import type { Hierarchy } from '../workloads/hierarchy.ts';
import { outsideOf, spanOf } from '../workloads/placement.ts';
import type { View } from '../workloads/view.ts';
import { readCpuset } from '../workloads/walk.ts';
import type { Found } from '../workloads/walk.ts';
import * as metrics from './workload_metrics.ts';

export interface Reading {
  readonly context: Context;
  readonly hierarchy: Hierarchy;
  readonly books: WorkloadBooks;
  readonly pageBytes: (files: Files) => Promise<number>;
  readonly found: Found;
}

/** As it is now; nothing where it has gone since the walk. */
export async function readOne({ context, hierarchy, books, pageBytes, found }: Reading): Promise<Sample[]> {
  const { host: { files, clock }, topology } = context; // prettier-ignore
  const { path, identity } = found;
  const text = (controller: 'memory' | 'cpu', name: string) =>
    files.read(`${hierarchy.folder(controller, path)}/${name}`).catch(nullIfAbsent);
  const [memory, numaStat, stat, pressure, cpuset] = await Promise.all([
    text('memory', hierarchy.names.memory),
    text('memory', 'memory.numa_stat'),
    text('memory', 'memory.stat'),
    text('cpu', 'cpu.pressure'),
    readCpuset({ files, clock, hierarchy }, path),
  ]);
  if (memory === null || !cpuset) {
    books.forget(path);
    return [];
  }
  books.note(path, cpuset);
  const { podUid, containerId, qos, cgroup, runtime } = identity;
  const who = { pod_uid: podUid, container_id: containerId, qos, cgroup };
  const of = (
    metric: Metric,
    value: number | null | undefined,
    more: Readonly<Record<string, string>> = {},
  ) => (value === null || value === undefined ? [] : [{ metric, labels: { ...who, ...more }, value }]);
  const span = spanOf(topology, cpuset.cpus);
  const changes = books.changesOf(path);
  const unit = hierarchy.version === 1 && numaStat !== null ? await pageBytes(files) : 1;
  const nodes = numaStat === null ? null : inBytes(parseMemoryNumaStat(numaStat), unit);
  const stalled = pressure === null ? null : parseStalled(pressure);
  return [
    ...of(metrics.info, 1, { kind: identity.kind, runtime }),
    ...of(metrics.cpus, cpuset.cpus.length),
    ...of(metrics.sockets, span.sockets.size),
    ...of(metrics.numaNodes, span.numaNodes.size),
    ...(['anon', 'file'] as const).flatMap((memory) =>
      nodes === null
        ? []
        : [
            ...[...nodes[memory]].flatMap(([node, bytes]) =>
              of(metrics.memory, bytes, { numa_node: String(node), memory }),
            ),
            ...of(metrics.outside, outsideOf(topology, span, nodes[memory]), { memory }),
          ],
    ),
    ...of(metrics.cpusetChanges, changes.cpus, { file: 'cpus' }),
    ...of(metrics.cpusetChanges, changes.mems, { file: 'mems' }),
    ...of(metrics.pagesMigrated, countOf(stat, 'numa_pages_migrated')),
    ...of(metrics.hintFaults, countOf(stat, 'numa_hint_faults')),
    ...of(metrics.cpuPressure, stalled?.some, { kind: 'some' }),
    ...of(metrics.cpuPressure, stalled?.full, { kind: 'full' }),
  ];
}

const inBytes = ({ anon, file }: NumaStat, unit: number): NumaStat => {
  const times = (nodes: ReadonlyMap<number, number>) =>
    new Map([...nodes].map(([node, value]) => [node, value * unit]));
  return { anon: times(anon), file: times(file) };
};

/** Kernels before 6.13 do not count NUMA balancing by cgroup. */
function countOf(stat: string | null, name: string): number | undefined {
  const digits = new RegExp(`^${name} (\\d{1,19})$`, 'm').exec(stat ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function hostSamples(view: View, topology: Topology, books: WorkloadBooks): Sample[] {
  const { walk: { found, folders }, shown, own, cpuManager } = view; // prettier-ignore
  const spans = found.filter(({ path }) => own.has(path)).map(({ cpuset }) => spanOf(topology, cpuset.cpus));
  const several = spans.filter(({ sockets }) => sockets.size > 1).length;
  const perSocket = (metric: Metric, cpus: readonly number[]) => {
    const held = new Set(cpus);
    return topology.sockets.map(({ id, cpus: all }) =>
      plain(metric, all.filter((cpu) => held.has(cpu)).length, { socket: String(id) }),
    );
  };
  return [
    plain(metrics.containers, shown.length, { state: 'shown' }),
    plain(metrics.containers, found.length - shown.length, { state: 'hidden' }),
    plain(metrics.ownCpus, spans.length - several, { sockets: 'one' }),
    plain(metrics.ownCpus, several, { sockets: 'several' }),
    ...(cpuManager ? perSocket(metrics.exclusiveCpus, cpuManager.exclusive) : []),
    ...(cpuManager?.shared ? perSocket(metrics.sharedPoolCpus, cpuManager.shared) : []),
    ...(cpuManager?.shared ? [plain(metrics.poolChanges, books.poolChanges())] : []),
    ...(cpuManager
      ? [plain(metrics.cpuManagerInfo, 1, { policy: cpuManager.policy, from: cpuManager.from })]
      : []),
    plain(metrics.walks, books.walks().count),
    plain(metrics.walkSeconds, books.walks().seconds),
    plain(metrics.walkedCgroups, folders),
  ];
}

const plain = (metric: Metric, value: number, labels: Readonly<Record<string, string>> = {}): Sample => ({
  metric,
  labels,
  value,
});
