import {
  outside,
  memory as workloadMemory,
  sockets as socketsSpanned,
} from '../collectors/workload_metrics.ts';
import { hintFaults, migrations } from '../collectors/vmstat.ts';
import { pages as numastatPages } from '../collectors/numastat.ts';
import { bytes as nodeMemory, watermark } from '../collectors/node_memory.ts';
import type { View } from './view.ts';

const who = 'host, pod_uid, container_id, qos, cgroup';

/** What the kernel does to placement comes to. */
export const placementViews: readonly View[] = [
  {
    name: 'hint_fault_local_share',
    formula: `sum by (host) (rate(${hintFaults.name}{locality="local"}[5m])) / sum by (host) (rate(${hintFaults.name}[5m]))`,
    tells: 'Of the pages that NUMA balancing looked at, those that lay on the node of who touched them.',
    caveat: 'A sample of first touches, by page and not by load: compare a host with itself. No value where balancing is off.',
  },
  {
    name: 'pages_migrated_per_second',
    formula: `sum by (host) (rate(${migrations.name}{outcome="success"}[5m]))`,
    tells: 'Pages on the move, for whatever reason; each is copied while who wants it waits.',
  },
  {
    name: 'spilt_pages_per_second',
    formula: `sum by (host, numa_node) (rate(${numastatPages.name}{event="numa_foreign"}[5m]))`,
    tells: 'Pages that were wanted from this node and came from another: it is full.',
  },
  {
    name: 'node_headroom_bytes',
    formula: `sum by (host, numa_node) (${nodeMemory.name}{kind="free"}) - sum by (host, numa_node) (${watermark.name})`,
    tells: 'Free memory of a node above the line at which it spills over to others.',
    caveat: 'Page cache counts as taken here, and is reclaimed first: near 0 for hours is a host that reads files, and well.',
  },
  {
    name: 'workload_outside_share',
    formula: `sum by (${who}) (${outside.name}) / (sum by (${who}) (${workloadMemory.name}) > 0)`,
    tells: 'Of a workload’s memory, the part on nodes to which none of its CPUs belongs.',
  },
  {
    name: 'workload_sockets_by_name',
    formula:
      `${socketsSpanned.name} * on (pod_uid) group_left (namespace, pod) ` +
      'max by (pod_uid, namespace, pod) (label_replace(kube_pod_info, "pod_uid", "$1", "uid", "(.+)"))',
    tells: 'Sockets that a container spans, with the name of its pod; any other workload metric is joined the same way.',
    caveat:
      'With several clusters in one Prometheus, cluster belongs into on() and max by (). Static pods go by the hash of their file and are joined with nothing.',
  },
]; // prettier-ignore
