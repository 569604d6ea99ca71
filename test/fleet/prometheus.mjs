import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** As docs/grafana.md has it, in a folder of its own; what is scraped says cluster and host by static labels. */
export function setUpPrometheus(folder, { address, rules, targets, scrapeSeconds, alertmanager }) {
  const config = {
    // How often rules are evaluated is said by their groups.
    global: { scrape_interval: `${scrapeSeconds}s`, scrape_timeout: `${Math.min(scrapeSeconds, 10)}s` },
    rule_files: ['rules.yml'],
    ...(alertmanager && { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
    scrape_configs: [{ job_name: 'numacanary', static_configs: targets }],
  };
  writeFileSync(join(folder, 'rules.yml'), rules);
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
  return [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--log.level=warn',
  ];
}

/** A query with its variables filled in; $1 belongs to label_replace, and a variable that nobody set means all. */
export function filledIn(expr, variables) {
  return expr.replaceAll(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (_, braced, bare) => {
    const name = braced ?? bare;
    return variables[name] ?? (/^\d+$/.test(name) ? `$${name}` : '.+');
  });
}
