import { stringify } from 'yaml';
import { canaryAlerts } from './canary_alerts.ts';
import { latencyAlerts } from './latency_alerts.ts';
import { placementAlerts } from './placement_alerts.ts';
import { recordingGroups } from './recording.ts';
import { isAlert, minute, timesOf } from './rule.ts';
import type { Alert, Group, Recording, Times } from './rule.ts';
import { defaults } from './thresholds.ts';
import type { Thresholds } from './thresholds.ts';
import { trafficAlerts } from './traffic_alerts.ts';

export interface RuleOptions {
  readonly thresholds: Thresholds;
  /** Of all times; 1: as they are meant. */
  readonly scale: number;
  readonly scrapeSeconds: number;
  /** Where docs/runbooks/ can be read. */
  readonly runbooks: string;
  /** Where Grafana is, with a slash at its end; dashboards go by their uid. */
  readonly grafana: string;
}

export const shipped: RuleOptions = {
  thresholds: defaults,
  scale: 1,
  scrapeSeconds: 15,
  runbooks: 'https://github.com/numacanary/numacanary/blob/main/docs/runbooks',
  grafana: '/',
};

/** All that Prometheus evaluates, in the order in which one needs the other. */
export function ruleGroups({ thresholds, scale, scrapeSeconds }: RuleOptions): readonly Group[] {
  const times = timesOf(scale, scrapeSeconds);
  const alerts = (name: string, of: (times: Times, limits: Thresholds) => readonly Alert[]): Group => ({
    name: `numacanary-${name}-alerts`,
    intervalSeconds: minute,
    rules: of(times, thresholds),
  });
  return [
    ...recordingGroups(times, thresholds),
    alerts('latency', latencyAlerts),
    alerts('traffic', trafficAlerts),
    alerts('placement', placementAlerts),
    alerts('canary', canaryAlerts),
  ];
}

/** The file as Prometheus reads it. */
export function rulesFile(options: RuleOptions): string {
  const { pause } = timesOf(options.scale, options.scrapeSeconds);
  const groups = ruleGroups(options).map(({ name, intervalSeconds, rules }) => ({
    name,
    interval: pause(intervalSeconds),
    rules: rules.map((rule) => (isAlert(rule) ? alert(rule, pause, options) : recording(rule))),
  }));
  const head =
    '# Printed by `numacanary rules`; do not edit: `numacanary rules --help` says how to set thresholds.\n';
  return head + stringify({ groups }, { lineWidth: 0 });
}

const recording = ({ record, expr, labels }: Recording) => ({ record, expr, ...(labels && { labels }) });

function alert(rule: Alert, pause: Times['pause'], { runbooks, grafana }: RuleOptions) {
  const { alert: name, expr, labels, forSeconds, severity, summary, description, board } = rule;
  return {
    alert: name,
    expr,
    ...(forSeconds > 0 && { for: pause(forSeconds) }),
    labels: { severity, ...labels },
    annotations: {
      summary,
      description,
      runbook_url: `${runbooks}/${name}.md`,
      dashboard_url: `${grafana}d/numacanary-${board}?var-cluster={{ $labels.cluster }}&var-host={{ $labels.host }}`,
    },
  };
}
