import { by, on } from './promql.ts';
import { hour, minute } from './rule.ts';
import type { Alert, Times } from './rule.ts';
import { series } from './series.ts';
import type { Thresholds } from './thresholds.ts';

const who = ['pod_uid', 'container_id', 'cgroup'] as const;

/** The name of the pod where kube-state-metrics tells it, for people who do not speak uid. */
const name =
  '{{ with printf "kube_pod_info{uid=\\"%s\\"}" $labels.pod_uid | query }}{{ . | first | label "namespace" }}/{{ . | first | label "pod" }}' +
  '{{ else }}{{ if $labels.pod_uid }}pod {{ $labels.pod_uid }}{{ else }}{{ $labels.cgroup }}{{ end }}{{ end }}';

/** Where workloads and their memory lie, and hosts that are not set up as their peers are. */
export function placementAlerts(_: Times, limits: Thresholds): readonly Alert[] {
  return [
    {
      alert: 'NumacanaryPodSplit',
      severity: 'warning',
      // Whoever has more CPUs than a socket must span several; whoever shares the pool has none to be split.
      expr:
        `max ${by(...who)} (numacanary_workload_sockets_spanned{qos=~"guaranteed|"}) > 1` +
        ` and ${on(...who)} max ${by(...who)} (numacanary_workload_cpus)` +
        ` <= ${on()} group_left () (${series.cpusOnline} / ${series.sockets})` +
        ` and ${on()} ${series.workloadsSplit} > 0` +
        // As many as the shared pool has: it was given none, and lives there with all others.
        ` unless ${on(...who)} (max ${by(...who)} (numacanary_workload_cpus)` +
        ` == ${on()} group_left () sum ${by()} (max ${by('socket')} (numacanary_workload_shared_pool_cpus)))`,
      forSeconds: 10 * minute,
      summary:
        'A container that was given CPUs of its own has them on several sockets, and would fit on one.',
      description: `{{ $labels.host }}: ${name} has CPUs on {{ $value }} sockets.`,
      board: 'workload',
    },
    {
      alert: 'NumacanaryMemoryOnWrongNode',
      severity: 'warning',
      expr:
        `sum ${by(...who)} (numacanary_workload_outside_memory_bytes)` +
        ` / (sum ${by(...who)} (numacanary_workload_memory_bytes) > 0) > ${limits.outside_share}` +
        ` and sum ${by(...who)} (numacanary_workload_outside_memory_bytes) > ${limits.outside_bytes}`,
      forSeconds: 30 * minute,
      summary: 'Much of a workload’s memory lies on nodes where it has no CPU.',
      description: `{{ $labels.host }}: {{ $value | humanizePercentage }} of the memory of ${name} lies on nodes where it cannot run.`,
      board: 'workload',
    },
    {
      alert: 'NumacanaryConditionDrift',
      severity: 'info',
      expr: `max ${by('condition', 'value')} (${series.conditionDrift}) < ${limits.drift_minority}`,
      forSeconds: hour,
      summary: 'A host is set up otherwise than hosts like it.',
      description:
        '{{ $labels.host }}: {{ $labels.condition }} is {{ $labels.value }}, as on {{ $value | humanizePercentage }} of its group; most agree on another value.',
      board: 'fleet',
    },
  ];
}
