import type { Setting } from './config.ts';
import { views } from './views/index.ts';
import type { View } from './views/view.ts';
import type { Metric } from './sample.ts';
import type { Declared } from './sources.ts';

/** docs/metrics.md, printed from the declarations so that it cannot be out of date. */
export function metricsPage(declared: readonly Declared[]): string {
  const sources = [...new Set(declared.map(({ source }) => source))];
  return `<!-- Printed by \`npm run docs\` from the declarations in src/; do not edit. -->

# Metrics

A measurement that could not be made is absent, never 0: \`numacanary_source_status\` says why. Counters whose labels
are all closed start at 0. A gauge of a last measurement disappears when it has grown old; its timestamp stays. No
series carries a \`host\` label of its own: your scrape configuration gives it.

${sources
  .map(
    (source) => `## ${source}

| metric | kind | labels | what it is | what it tells you |
| --- | --- | --- | --- | --- |
${declared
  .filter((one) => one.source === source)
  .map(
    ({ metric }) =>
      `| \`${metric.name}\` | ${metric.kind} | ${labels(metric)} | ${metric.help} | ${metric.tells} |`,
  )
  .join('\n')}
`,
  )
  .join('\n')}
${derivedViews}`;
}

const viewText = ({ name, formula, tells, units, caveat }: View) => `### ${name}

${tells}${caveat === undefined ? '' : ` ${caveat}`}${units ? ` Unit: ${units.join(', ')}.` : ''}

\`\`\`promql
${formula}
\`\`\`
`;

const derivedViews = `## Derived views

Rates, ratios and thresholds of totals are PromQL's. \`host\` is the label that your scrape configuration gives; any
window of four scrape intervals or more does. Units (\`unit\`) count different things and are never to be compared
with each other; what both parts of a ratio are counted by stands in one group of counters, so that both are of the
same slice of time, except where it says otherwise.

${views.map(viewText).join('\n')}`;

/** docs/configuration.md, printed from the schemas that check the file. */
export function configurationPage(settings: readonly Setting[]): string {
  return `<!-- Printed by \`npm run docs\` from the schemas in src/; do not edit. -->

# Configuration

One YAML file, \`--config.file=FILE\`; no file and an empty one mean the defaults below, which are good. A flag wins
over the file (\`numacanary --help\` lists them; \`--no-probe.latency\` is \`probes.latency.enabled: false\`).
[config.example.yml](../config.example.yml) has every key with a comment.

- **A mistake** is one line for each, \`file:line:column: key: what, and what is allowed\`, exit code 2;
  \`--config.check\` looks and does no more.
- **Reload**: SIGHUP, or \`POST /-/reload\` where \`web.enable_lifecycle\` is on. A file that is then wrong leaves the old
  configuration in force: \`numacanary_config_last_reload_successful\` is 0 and the log has the lines. What was counted
  goes on counting. \`web.listen_address\`, \`web.telemetry_path\`, \`paths\` and \`log\` wait for a restart.
- **Jobs** run by their \`cron\`, or now by \`POST /api/v1/jobs/<name>\` where \`web.enable_lifecycle\` is on: 202 it
  began, 409 it runs already, 404 there is none or it is switched off. Progress and result: \`GET /api/v1/matrix\`.
- **Exit codes**: 0 well, 1 it could not be done (the log says what), 2 usage or configuration.

| key | default | allowed |
| --- | --- | --- |
${settings
  .map(
    ({ key, default: value, allowed }) =>
      `| \`${key}\` | \`${JSON.stringify(value)}\` | ${allowed.replaceAll('|', '\\|')} |`,
  )
  .join('\n')}
`;
}

/** Closed labels with all their values, the others by name. */
const labels = ({ labels, closed = {} }: Metric) =>
  labels
    .map((label) =>
      closed[label]
        ? `\`${label}\`: ${closed[label].map((value) => value || '(empty)').join(', ')}`
        : `\`${label}\``,
    )
    .join('; ') || 'none';
