import { by, host, on } from './promql.ts';
import { day, hour, minute } from './rule.ts';
import type { Alert, Times } from './rule.ts';
import { series } from './series.ts';
import type { Thresholds } from './thresholds.ts';

const info = series.groupInfo;

/** What keeps the canary from singing, as it counts it itself. */
const why = ['skipped', 'tainted']
  .map((what) => {
    const label = what === 'skipped' ? 'reason' : 'cause';
    return (
      `{{ range printf "topk(1, sum by (${label}) (increase(numacanary_probe_${what}_total{${host}=\\"%s\\"}[10m])) > 0)" $labels.host | query }}` +
      ` Most often ${what}: {{ .Labels.${label} }}.{{ end }}`
    );
  })
  .join('');

/** It is not switched off: who does that knows it. */
const wanted = (source: string) => `${on()} max ${by()} (numacanary_source_status{source="${source}"})`;

/** The canary itself: silent, doubted, cut short, or gone. */
export function canaryAlerts({ range }: Times, limits: Thresholds): readonly Alert[] {
  const pairs = `max ${by()} (numacanary_probe_pairs_available{distance="cross_socket"})`;
  return [
    {
      alert: 'NumacanaryBlind',
      severity: 'critical',
      // One that never sang has no age: who has a pair to probe must have a young one.
      expr:
        `${pairs} > 0` +
        ` and ${wanted('latency')}` +
        ` unless ${on()} ${series.cleanAge} < ${limits.blind_seconds}` +
        ` unless ${on()} time() - max ${by()} (process_start_time_seconds and ${on('job', 'instance')} numacanary_build_info) < ${limits.blind_seconds}`,
      forSeconds: 2 * minute,
      summary:
        'There has been no clean hand-off between sockets for minutes: a regression would not be seen.',
      description: `{{ $labels.host }}: no clean sample across sockets for more than ${limits.blind_seconds} s.${why}`,
      board: 'canary-health',
    },
    {
      alert: 'NumacanaryNoCrossSocketPair',
      severity: 'info',
      expr: `${series.sockets} > 1 and ${on()} ${pairs} == 0`,
      forSeconds: 30 * minute,
      summary: 'The canary of a host with several sockets may run on one of them alone.',
      description:
        '{{ $labels.host }} has {{ $value }} sockets, and no two CPUs on different ones that the canary may use: its cpuset, isolated CPUs or hotplug took them.',
      board: 'canary-health',
    },
    {
      alert: 'NumacanaryMostlyTainted',
      severity: 'warning',
      expr: `${series.tainted} > ${limits.tainted_share}`,
      forSeconds: 30 * minute,
      summary: 'Most samples of a canary are thrown away.',
      description: `{{ $labels.host }}: {{ $value | humanizePercentage }} of the visits of the last hour were tainted.${why}`,
      board: 'canary-health',
    },
    {
      alert: 'NumacanaryPmuLost',
      severity: 'warning',
      // Where no virtual PMU ever was, none is missed; where it was, it is missed for a day.
      expr:
        `(max_over_time(${series.countedCpus}[${range(day)}]) > 0` +
        ` unless ${on()} max ${by()} (numacanary_pmu_cpus{state="counted"}) > 0)` +
        ` and ${wanted('pmu')}`,
      forSeconds: 15 * minute,
      summary: 'A host that counted hardware events does not any more.',
      description:
        '{{ $labels.host }} counted on {{ $value }} CPUs within the last day, and counts on none: numacanary_pmu_signal_status has the reason, and numacanary doctor what to do.',
      board: 'canary-health',
    },
    {
      alert: 'NumacanaryDown',
      severity: 'warning',
      expr: `max ${by('job')} (up{job=~".*numacanary.*"}) == 0`,
      forSeconds: 5 * minute,
      summary: 'A canary does not answer its scrapes.',
      description: '{{ $labels.host }}: the scrape of {{ $labels.job }} fails.',
      board: 'canary-health',
    },
    {
      alert: 'NumacanaryAbsent',
      severity: 'warning',
      // A node that was taken away is no loss: it must still be one of the cluster’s.
      expr:
        `max ${by()} (label_replace(kube_node_info, "${host}", "$1", "node", "(.+)")) > 0` +
        ` and ${on()} max_over_time(${info}[${range(2 * day)}])` +
        ` unless ${on()} ${info}` +
        // One that is scraped and does not answer is down.
        ` unless ${on()} up{job=~".*numacanary.*"}`,
      forSeconds: 15 * minute,
      summary: 'A node had a canary, is still there, and has none any more.',
      description:
        '{{ $labels.host }} told of itself within the last two days, and is told of by nobody now.',
      board: 'canary-health',
    },
    {
      alert: 'NumacanaryAllAbsent',
      severity: 'warning',
      expr: `absent(numacanary_build_info) == 1`,
      forSeconds: 15 * minute,
      summary: 'No canary tells anything to this Prometheus.',
      description: 'There is no series of numacanary_build_info: none runs, or none is scraped.',
      board: 'canary-health',
    },
    {
      alert: 'NumacanarySeriesDropped',
      severity: 'warning',
      expr: `sum ${by('family')} (increase(numacanary_series_dropped_total[${range(hour)}])) > 0`,
      forSeconds: 0,
      summary: 'A metric family was left out, since the page would have become too large.',
      description:
        '{{ $labels.host }} leaves out {{ $labels.family }}: raise metrics.max_series, or show less.',
      board: 'canary-health',
    },
    {
      alert: 'NumacanarySourceFailed',
      severity: 'info',
      expr: `max ${by('source', 'reason')} (numacanary_source_status{status="failed"}) > 0`,
      forSeconds: 30 * minute,
      summary: 'A source of a canary fails.',
      description:
        '{{ $labels.host }}: {{ $labels.source }} fails ({{ $labels.reason }}); its log and status page say more.',
      board: 'canary-health',
    },
    {
      alert: 'NumacanaryConfigRejected',
      severity: 'warning',
      expr: `max ${by()} (numacanary_config_last_reload_successful) == 0`,
      forSeconds: 5 * minute,
      summary: 'A canary was given a configuration that it cannot take.',
      description: '{{ $labels.host }} runs on with the configuration before; its log has line and column.',
      board: 'canary-health',
    },
  ];
}
