import { by, held, on, onGroup } from './promql.ts';
import { day, hour, minute, week } from './rule.ts';
import type { Alert, Times } from './rule.ts';
import { series } from './series.ts';
import type { Thresholds } from './thresholds.ts';

const latency = `${series.pairLatency}{distance="cross_socket"}`;
const items = `${series.ringItems}{distance="cross_socket",batch="512"}`;
const info = series.groupInfo;
const median = series.groupMedian;
const pair = ['src_socket', 'dst_socket'] as const;

/** Canaries that sing another song than the day before, or than their peers. */
export function latencyAlerts({ range, pause }: Times, limits: Thresholds): readonly Alert[] {
  const lately = range(15 * minute);
  const baseline = held(series.pairLatencyUsual, lately);
  const usualHigh = held(series.pairLatencyUsualHigh, lately);
  const usualItems = held(series.ringItemsUsual, lately);
  const usualLowItems = held(series.ringItemsUsualLow, lately);
  /** Six hours wide: an hour without a scrape yesterday must not begin the wait of today anew. */
  const aDayAgo = `and ${on()} max_over_time(${info}[${range(6 * hour)}] offset ${pause(day)})`;
  /** At this hour of the day; the hour's median, since a single minute may lack. */
  const earlier = (ago: number, of: string = median) =>
    `quantile_over_time(0.5, ${of}[${range(hour)}] offset ${pause(ago)})`;
  /**
   * Compared at the same load of the host: a link that sleeps is slower awake. It must have been looked at for a day,
   * and be above what that day had now and then: the first quiet night is not an incident. The load may change while it
   * lasts, so that it is no label of the alert.
   */
  const regression = (hypervisor: string, more = '') =>
    `max ${by(...pair)} (${latency} > ${limits.regression_ratio} * ${baseline}` +
    ` and ${latency} > ${limits.regression_over_usual_high} * ${usualHigh}` +
    ` and ${latency} - ${baseline} > ${limits.regression_seconds}${more})` +
    ` and ${on()} ${info}{hypervisor="${hypervisor}"}` +
    ` ${aDayAgo}`;
  const outlier =
    `${series.zscore} > ${limits.outlier_deviations}` +
    ` and ${series.hostLatency} > ${onGroup('host_load')} group_left () ${limits.outlier_ratio} * ${median}`;
  const regressed = {
    alert: 'NumacanaryCrossSocketLatencyRegression',
    severity: 'warning',
    summary: 'Handing a cache line to another socket takes longer than it did the day before.',
    description:
      '{{ $labels.host }}: a hand-off between sockets {{ $labels.src_socket }} and {{ $labels.dst_socket }} takes {{ $value | humanizeDuration }}. ' +
      `That is more than ${limits.regression_ratio} times its median of the day before at the same load of the host.`,
    board: 'host',
  } as const;
  return [
    { ...regressed, expr: regression('false'), forSeconds: 10 * minute },
    // A hypervisor moves virtual sockets about: it must last.
    {
      ...regressed,
      expr: regression('true'),
      labels: { hypervisor: 'true' },
      forSeconds: limits.hypervisor_wait_seconds,
    },
    {
      alert: 'NumacanaryCrossSocketLatencyRegressionOutlier',
      severity: 'critical',
      // At the load at which it is slower than itself.
      expr: regression('false', ` and ${on('host_load')} (${outlier})`),
      forSeconds: 10 * minute,
      summary:
        'Handing a cache line to another socket takes longer than the day before, and than on like hosts.',
      description:
        '{{ $labels.host }}: a hand-off between sockets {{ $labels.src_socket }} and {{ $labels.dst_socket }} takes {{ $value | humanizeDuration }}: ' +
        'slower than itself the day before and slower than its peers, so neither the fleet’s load nor a rollout explains it.',
      board: 'host',
    },
    {
      alert: 'NumacanaryCrossSocketLatencyOutlier',
      severity: 'warning',
      expr: `max ${by()} (${outlier})`,
      forSeconds: 20 * minute,
      summary: 'A host takes longer between its sockets than hosts like it.',
      description:
        '{{ $labels.host }} is {{ $value | humanize }} robust deviations slower between its sockets than the median of its group (same CPU, sockets, nodes per socket).',
      board: 'fleet',
    },
    {
      alert: 'NumacanaryFleetLatencyShift',
      severity: 'warning',
      expr:
        `${median} > ${limits.fleet_shift_ratio} * ${earlier(day)}` +
        ` and ${median} - ${earlier(day)} > ${limits.regression_seconds}` +
        // As many then as now: a group of other hosts has another median.
        ` and ${series.groupHosts} >= ${limits.group_hosts}` +
        ` and ${earlier(day, series.groupHosts)} >= ${limits.group_hosts}` +
        ` unless ${median} <= ${limits.fleet_shift_ratio} * ${earlier(week)}`,
      forSeconds: 30 * minute,
      summary: 'A whole group of hosts takes longer between sockets than at this hour of the day before.',
      description:
        'Hosts with {{ $labels.cpu_model }} ({{ $labels.sockets }} sockets) take {{ $value | humanizeDuration }} in the median while {{ $labels.host_load }}: ' +
        `more than ${limits.fleet_shift_ratio} times the day before. No host is an outlier then: look for what all of them got.`,
      board: 'fleet',
    },
    {
      alert: 'NumacanaryThroughputPenalty',
      severity: 'warning',
      // Rings know no load of the host: a night or a noon that comes each day is in its slowest fifth.
      expr: `${items} < ${limits.throughput_ratio} * ${usualItems} and ${items} < 0.9 * ${usualLowItems} ${aDayAgo}`,
      forSeconds: 15 * minute,
      summary: 'A queue between sockets passes on fewer items than it did the day before.',
      description:
        '{{ $labels.host }}: a ring from socket {{ $labels.src_socket }} to {{ $labels.dst_socket }} passes on {{ $value | humanize }} items a second, ' +
        `less than ${limits.throughput_ratio} times its median of the day before.`,
      board: 'host',
    },
  ];
}
