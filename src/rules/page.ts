import { ruleGroups, shipped } from './index.ts';
import { duration, isAlert } from './rule.ts';
import { thresholdNames, thresholds } from './thresholds.ts';

/** docs/alerts.md, from the rules themselves. */
export function alertsPage(): string {
  const rules = ruleGroups(shipped).flatMap((group) => group.rules);
  const alerts = rules
    .filter(isAlert)
    .map(({ alert, severity, forSeconds, summary, labels }) => [
      `[${alert}](runbooks/${alert}.md)${labels ? ` (${Object.keys(labels).join(', ')})` : ''}`,
      severity,
      duration(forSeconds),
      summary,
    ]);
  // What is recorded in parts is told once.
  const recordings = [
    ...new Map(rules.flatMap((rule) => (isAlert(rule) ? [] : [[rule.record, rule.tells] as const]))),
  ].map(([record, tells]) => [`\`${record}\``, tells]);
  const limits = thresholdNames.map((name) => {
    const { default: value, unit, tells } = thresholds[name];
    return [`\`${name}\``, `${value}`, unit, tells];
  });
  return `<!-- Printed by \`npm run docs\` from the declarations in src/rules/; do not edit. -->

# Alerts and recording rules

\`alerts/numacanary.rules.yml\` holds them for a scrape every 15 s; load it as it is (\`rule_files:\`), or print your own:

\`\`\`console
$ numacanary rules --set remote_dram_share=0.5 --scrape-seconds=30 --runbook-url=https://wiki.example/numacanary >numacanary.rules.yml
\`\`\`

All of them go by the target label \`host\` (and \`cluster\`, where there is one): see [grafana.md](grafana.md). They hold on
Prometheus 2.42 and on 3.x, where a range no longer contains the sample on its left edge: no range is shorter than four
scrapes. What is recorded does not know pod or instance, so that a rollout begins no baseline anew. Rules for hosts run
in each cluster's or shard's own Prometheus; what is named \`group:\` and \`cluster:\` is all that a global one needs.

Three may page: a regression that is an outlier as well, a remote share that rose, and blindness. A baseline is the
median of the day before without the last hour, so that an incident does not become its own measure for half a day; it
is compared at the same load of the host, since links that idle save power and are slower to wake; and a host must have
been looked at for a day.

## Alerts

${table(['alert', 'severity', 'for', 'what it says'], alerts)}

## Thresholds

${table(['name', 'default', 'unit', 'what it is'], limits)}

## Recorded series

${table(['series', 'why it is kept'], recordings)}
`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
