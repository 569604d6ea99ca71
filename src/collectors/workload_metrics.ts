/** The families of `workloads`: a budget of their own (docs/adr/0005), the containers shown times what each says. */
import { qosClasses, runtimes, workloadKinds } from '../workloads/identify.ts';
import type { Metric } from '../sample.ts';

const labels = ['pod_uid', 'container_id', 'qos', 'cgroup'] as const;
const per = ['workload'] as const;
const who = { qos: qosClasses };
/** Of the closed labels of who it is each workload has one value. */
const once = { per, oneAtATime: true } as const;

const gauge = (name: `numacanary_workload_${string}`, help: string, tells: string) =>
  ({ name, kind: 'gauge', labels, closed: who, ...once, help, tells }) as const satisfies Metric;

const counter = (name: `numacanary_workload_${string}`, help: string, tells: string) =>
  ({ name, kind: 'counter', labels, closed: who, ...once, help, tells }) as const satisfies Metric;

export const info = {
  name: 'numacanary_workload_info',
  kind: 'gauge',
  labels: [...labels, 'kind', 'runtime'],
  closed: { ...who, kind: workloadKinds, runtime: runtimes },
  ...once,
  help:
    'Workloads that are shown: containers with their pod, services where there are no pods, cgroups of the configuration. By the paths below ' +
    '/sys/fs/cgroup. Always 1. The pod_uid of kind static_pod is the hash of its file: no object of the API has it.',
  tells: 'Who the ids are: docs/workloads.md has the join with kube_pod_info.',
} as const satisfies Metric;

export const cpus = gauge(
  'numacanary_workload_cpus',
  'CPUs that the workload may run on: cpuset.cpus.effective (version 1: cpuset.effective_cpus) of its cgroup, or of the nearest above it that has one.',
  'Whether it was given CPUs of its own, and how many.',
);

export const sockets = gauge(
  'numacanary_workload_sockets_spanned',
  'Sockets on which the CPUs of its cpuset lie.',
  'Above 1 its threads may share data across a socket: a restart may have split it.',
);

export const numaNodes = gauge(
  'numacanary_workload_numa_nodes_spanned',
  'NUMA nodes on which the CPUs of its cpuset lie.',
  'With SNC or NPS a workload may keep to one socket and still be spread over its nodes.',
);

export const memory = {
  name: 'numacanary_workload_memory_bytes',
  kind: 'gauge',
  labels: [...labels, 'numa_node', 'memory'],
  closed: { ...who, memory: ['anon', 'file'] },
  per: ['workload', 'numa_node'],
  atMost: 2,
  help:
    'Memory of the workload on each node: anon and file of memory.numa_stat of its cgroup (version 1 counts pages, which are multiplied out). ' +
    'File is page cache, charged to whoever read it first.',
  tells: 'Where its memory really lies, whatever its CPUs are.',
} as const satisfies Metric;

export const outside = {
  name: 'numacanary_workload_outside_memory_bytes',
  kind: 'gauge',
  labels: [...labels, 'memory'],
  closed: { ...who, memory: ['anon', 'file'] },
  per,
  atMost: 2,
  help: 'The part of workload_memory_bytes that lies on nodes to which none of its CPUs belongs; of nodes without CPUs those on sockets where it does not run.',
  tells:
    'Over the sum of workload_memory_bytes: the share of its memory that is far from every CPU it has. A restart on other CPUs leaves page cache behind, a moved cpuset all of it.',
} as const satisfies Metric;

export const cpusetChanges = {
  name: 'numacanary_workload_cpuset_changes_total',
  kind: 'counter',
  labels: [...labels, 'file'],
  closed: { ...who, file: ['cpus', 'mems'] },
  per,
  atMost: 2,
  help:
    'Times that the CPUs or the memory nodes of its cpuset in force differed from the reading before: at each scrape, and every ' +
    'collectors.workloads.period_seconds. What changed there and back in between is not seen.',
  tells:
    'That somebody moved it: kubelet, a CPU that went offline, an operator. Threads that had pinned themselves have lost that.',
} as const satisfies Metric;

export const pagesMigrated = counter(
  'numacanary_workload_autonuma_pages_migrated_total',
  'Pages of the workload that NUMA balancing moved: numa_pages_migrated of memory.stat, of kernels that count it by cgroup.',
  'Whose pages the kernel is moving.',
);

export const hintFaults = counter(
  'numacanary_workload_autonuma_hint_faults_total',
  'Hint faults of NUMA balancing that the workload took: numa_hint_faults of memory.stat, of kernels that count it by cgroup.',
  'Who pays for NUMA balancing, in faults.',
);

export const cpuPressure = {
  name: 'numacanary_workload_cpu_pressure_seconds_total',
  kind: 'counter',
  labels: [...labels, 'kind'],
  closed: { ...who, kind: ['some', 'full'] },
  per,
  atMost: 2,
  help: 'Time in which some task of the workload waited for a CPU, and in which none of them ran for it: total of cpu.pressure. Version 2 only.',
  tells: 'Too few CPUs where it is, while the other socket idles.',
} as const satisfies Metric;

export const containers = {
  name: 'numacanary_workload_containers',
  kind: 'gauge',
  labels: ['state'],
  closed: { state: ['shown', 'hidden'] },
  help: 'Workloads on this host: shown have series of their own, hidden are beyond collectors.workloads.max_shown.',
  tells: 'Whether what the other families say is about all of them.',
} as const satisfies Metric;

export const ownCpus = {
  name: 'numacanary_workload_own_cpuset_containers',
  kind: 'gauge',
  labels: ['sockets'],
  closed: { sockets: ['one', 'several'] },
  help: 'Of all workloads, the hidden ones too, those with CPUs that they share with no other, by the sockets on which those lie.',
  tells: 'Several: placement that somebody asked for was split between sockets.',
} as const satisfies Metric;

export const exclusiveCpus = {
  name: 'numacanary_workload_exclusive_cpus',
  kind: 'gauge',
  labels: ['socket'],
  per: ['socket'],
  help:
    'CPUs of a socket that kubelet’s CPU manager gave to guaranteed containers alone: derived from the cpusets of all containers, or of ' +
    'kubelet’s own file where collectors.workloads.cpu_manager_state names it.',
  tells: 'How full a socket is for whoever wants CPUs of its own.',
} as const satisfies Metric;

export const sharedPoolCpus = {
  name: 'numacanary_workload_shared_pool_cpus',
  kind: 'gauge',
  labels: ['socket'],
  per: ['socket'],
  help: 'CPUs of a socket that everybody else shares, derived as workload_exclusive_cpus.',
  tells:
    '0 on a socket: nothing of the shared pool can run there, and a canary without CPUs of its own cannot probe it.',
} as const satisfies Metric;

export const poolChanges = {
  name: 'numacanary_workload_shared_pool_changes_total',
  kind: 'counter',
  labels: [],
  help: 'Times that the shared pool differed from the walk before.',
  tells:
    'Each takes away the pins of every thread in the shared pool: pods with CPUs of their own came or went.',
} as const satisfies Metric;

export const cpuManagerInfo = {
  name: 'numacanary_workload_cpu_manager_info',
  kind: 'gauge',
  labels: ['policy', 'from'],
  closed: { from: ['cpusets', 'kubelet'] },
  oneAtATime: true,
  help: 'The policy of kubelet’s CPU manager: static where cpusets show that it gave some away, or what its own file says. Always 1.',
  tells: 'Whether the two metrics above are derived, or kubelet’s own word.',
} as const satisfies Metric;

export const walks = {
  name: 'numacanary_workload_walks_total',
  kind: 'counter',
  labels: [],
  help: 'Walks through the cgroups, beside the scrapes.',
  tells: 'With the two below: what looking for workloads costs.',
} as const satisfies Metric;

export const walkSeconds = {
  name: 'numacanary_workload_walk_seconds_total',
  kind: 'counter',
  labels: [],
  help: 'Time that the walks took, by the monotonic clock.',
  tells: 'Over workload_walks_total: how long one takes.',
} as const satisfies Metric;

export const walkedCgroups = {
  name: 'numacanary_workload_walked_cgroups',
  kind: 'gauge',
  labels: [],
  help: 'Cgroups that the last walk looked into; it stops at 20,000.',
  tells: 'What the walk grows with.',
} as const satisfies Metric;
