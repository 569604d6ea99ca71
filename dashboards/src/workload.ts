import { chosen, clusters, hosts } from './board.ts';
import type { Board } from './board.ts';

const at = chosen();
const podsOf = (matchers: string) =>
  `max by (cluster, pod_uid, namespace, pod) (label_replace(kube_pod_info{cluster=~"$cluster"${matchers}}, "pod_uid", "$1", "uid", "(.+)"))`;
const own = 'cluster, host, pod_uid, container_id, cgroup';

/** With the name of its pod where kube-state-metrics tells it, and by its cgroup where there is none, in whatever namespace. */
const named = (series: string) =>
  `(${series}) * on (cluster, pod_uid) group_left (namespace, pod) ${podsOf(',namespace=~"$namespace"')} or (${series}) unless on (cluster, pod_uid) ${podsOf('')}`;
const latest = (metric: string, by = '') => `max by (${own}${by && `, ${by}`}) (${metric}{${at}})`;
const who = '{{host}} {{namespace}}/{{pod}}{{cgroup}} {{container_id}}';

/** The application’s own histogram, whatever it is called; it needs the same label for the host. */
const app = (matchers: string) => `rate(\${app_histogram}_bucket{${matchers}}[$__rate_interval])`;
const quantile = (by: string, matchers: string) =>
  `histogram_quantile($quantile, sum by (le${by && `, ${by}`}) (${app(matchers)}))`;

/** Where workloads and their memory lie, beside what their own users feel. */
export const workload: Board = {
  uid: 'numacanary-workload',
  title: 'NUMA canary / Workload',
  description:
    'Pods that span sockets, where their memory lies, and the latency of the application itself, host by host.',
  variables: [
    clusters,
    hosts,
    { name: 'namespace', label: 'namespace', query: 'label_values(kube_pod_info, namespace)' },
    {
      name: 'app_histogram',
      label: 'histogram of the application (without _bucket)',
      typed: 'http_request_duration_seconds',
    },
    { name: 'quantile', label: 'quantile', typed: '0.99' },
    { name: 'canary', label: 'canary pods (regex)', typed: '.*-canary-.*' },
  ],
  sections: [
    {
      id: 1,
      title: 'What users feel, host by host',
      panels: [
        {
          id: 10,
          kind: 'rows',
          title: 'Latency of the application, by host',
          description:
            'The quantile chosen above of each host by itself: an aggregate hides the one host that is slow. Its series need the label host.',
          unit: 's',
          width: 12,
          height: 10,
          queries: [{ expr: quantile('host', at), legend: '{{host}}' }],
        },
        {
          id: 11,
          kind: 'states',
          title: 'Sockets that pods span, by host',
          description:
            'The most sockets on which a container of class Guaranteed may run, beside the latency to the left; those in the shared pool span all that it has.',
          unit: 'none',
          width: 12,
          height: 10,
          queries: [
            {
              expr: `max by (cluster, host) (numacanary_workload_sockets_spanned{${at},qos="guaranteed"})`,
              legend: '{{host}}',
            },
          ],
        },
        {
          id: 12,
          kind: 'lines',
          title: 'Canary pods against control',
          description: 'The same quantile over pods that match the regex, and over all others.',
          unit: 's',
          width: 12,
          queries: [
            { expr: quantile('', `${at},pod=~"$canary"`), legend: 'canary' },
            { expr: quantile('', `${at},pod!~"$canary"`), legend: 'control' },
          ],
        },
        {
          id: 13,
          kind: 'lines',
          title: 'Hand-off latency between sockets, by host',
          description: 'What the wires did at the same time, whatever the application did.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: `max by (cluster, host) (host:numacanary_cross_socket_latency_seconds:max{${at}})`,
              legend: '{{host}}',
            },
          ],
        },
        {
          id: 14,
          kind: 'table',
          title: 'Conditions that differ from the peers',
          description: 'Of the hosts above: what may make them slower than others.',
          unit: 'percentunit',
          width: 24,
          height: 6,
          columns: { host: 'host', condition: 'condition', value: 'value', Value: 'of its group' },
          queries: [{ expr: `host:numacanary_condition_drift:ratio{${at}}` }],
        },
      ],
    },
    {
      id: 2,
      title: 'Where workloads lie',
      panels: [
        {
          id: 20,
          kind: 'table',
          title: 'Sockets spanned',
          description: 'Containers and services, with the sockets on which their CPUs lie.',
          unit: 'none',
          width: 12,
          height: 10,
          columns: {
            host: 'host',
            namespace: 'namespace',
            pod: 'pod',
            cgroup: 'service',
            Value: 'sockets',
            container_id: 'container',
          },
          queries: [{ expr: named(latest('numacanary_workload_sockets_spanned')) }],
        },
        {
          id: 21,
          kind: 'bars',
          title: 'Memory on nodes without a CPU of the workload',
          description: 'Share of its memory that is far from every CPU it has.',
          unit: 'percentunit',
          width: 12,
          height: 10,
          min: 0,
          max: 1,
          queries: [
            {
              expr: `topk(20, ${named(`sum by (${own}) (numacanary_workload_outside_memory_bytes{${at}}) / (sum by (${own}) (numacanary_workload_memory_bytes{${at}}) > 0)`)})`,
              legend: who,
            },
          ],
        },
        {
          id: 22,
          kind: 'lines',
          title: 'Memory by node',
          description: 'anon and file of each workload, where they really lie.',
          unit: 'bytes',
          width: 12,
          stacked: true,
          queries: [
            {
              expr: named(`sum by (${own}, numa_node) (numacanary_workload_memory_bytes{${at}})`),
              legend: `${who} node {{numa_node}}`,
            },
          ],
        },
        {
          id: 23,
          kind: 'lines',
          title: 'Cpuset changes',
          description: 'Somebody moved it: kubelet, a CPU that went offline, an operator.',
          unit: 'short',
          width: 12,
          queries: [
            {
              expr: named(
                `sum by (${own}, file) (increase(numacanary_workload_cpuset_changes_total{${at}}[$__rate_interval])) > 0`,
              ),
              legend: `${who} {{file}}`,
            },
          ],
        },
        {
          id: 24,
          kind: 'lines',
          title: 'CPUs and nodes of each',
          description: 'How many CPUs it may use, and on how many NUMA nodes they lie.',
          unit: 'none',
          width: 12,
          queries: [
            { expr: named(latest('numacanary_workload_cpus')), legend: `${who} CPUs` },
            { expr: named(latest('numacanary_workload_numa_nodes_spanned')), legend: `${who} nodes` },
          ],
        },
        {
          id: 25,
          kind: 'lines',
          title: 'Waiting for a CPU',
          description:
            'Time in which some task of the workload waited: too few CPUs where it is, while the other socket idles.',
          unit: 'percentunit',
          width: 12,
          queries: [
            {
              expr: named(
                `sum by (${own}, kind) (rate(numacanary_workload_cpu_pressure_seconds_total{${at}}[$__rate_interval]))`,
              ),
              legend: `${who} {{kind}}`,
            },
          ],
        },
        {
          id: 26,
          kind: 'lines',
          title: 'NUMA balancing, by workload',
          description:
            'Pages that were moved, and hint faults taken for it. On kernels that count them by cgroup.',
          unit: 'ops',
          width: 12,
          queries: [
            {
              expr: named(
                `sum by (${own}) (rate(numacanary_workload_autonuma_pages_migrated_total{${at}}[$__rate_interval]))`,
              ),
              legend: `${who} pages`,
            },
            {
              expr: named(
                `sum by (${own}) (rate(numacanary_workload_autonuma_hint_faults_total{${at}}[$__rate_interval]))`,
              ),
              legend: `${who} faults`,
            },
          ],
        },
        {
          id: 27,
          kind: 'lines',
          title: 'CPUs by socket: own and shared',
          description:
            'What the CPU manager gave away, and what everybody else shares. 0 shared on a socket: nothing else runs there.',
          unit: 'none',
          width: 12,
          queries: [
            {
              expr: `max by (cluster, host, socket) (numacanary_workload_exclusive_cpus{${at}})`,
              legend: '{{host}} socket {{socket}} own',
            },
            {
              expr: `max by (cluster, host, socket) (numacanary_workload_shared_pool_cpus{${at}})`,
              legend: '{{host}} socket {{socket}} shared',
            },
          ],
        },
        {
          id: 28,
          kind: 'lines',
          title: 'Workloads with CPUs of their own',
          description: 'By the sockets on which they lie, and how often the shared pool changed for it.',
          unit: 'none',
          width: 12,
          queries: [
            {
              expr: `max by (cluster, host, sockets) (numacanary_workload_own_cpuset_containers{${at}})`,
              legend: '{{host}} on {{sockets}}',
            },
            {
              expr: `sum by (cluster, host) (increase(numacanary_workload_shared_pool_changes_total{${at}}[$__rate_interval]))`,
              legend: '{{host}} pool changes',
            },
          ],
        },
      ],
    },
  ],
};
