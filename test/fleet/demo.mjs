// `npm run demo`: the daemon on this machine, a simulated fleet beside it, and Prometheus with the rules over both.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { rulesFile, shipped } from '../../dist/rules/index.js';
import { faultNames } from './fleet.mjs';
import { setUpPrometheus } from './prometheus.mjs';
import { serveFleet } from './serve.mjs';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '20' },
    /** A day of the rules in two minutes. */
    scale: { type: 'string', default: '0.00139' },
    port: { type: 'string', default: '16862' },
    'prometheus-port': { type: 'string', default: '19090' },
  },
});
const scale = Number(values.scale);
const daySeconds = Math.ceil(86_400 * scale);
// The last hosts, one fault each; they begin when rules have looked at a day.
const hosts = Math.max(Number(values.hosts), faultNames.length + 8);
const faulty = Object.fromEntries(
  faultNames.map((fault, index) => [`host-${String(hosts - index).padStart(4, '0')}`, fault]),
);
const fleet = await serveFleet({ hosts, faulty, beginSeconds: daySeconds + 30 });
const folder = mkdtempSync(join(tmpdir(), 'numacanary-demo-'));
const children = [];
const start = (program, ...argv) => {
  const child = spawn(program, argv, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
};
const end = () => {
  for (const child of children) child.kill();
  fleet.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
};
process.once('SIGINT', end).once('SIGTERM', end);

const daemon = `127.0.0.1:${values.port}`;
const main = new URL('../../dist/main.js', import.meta.url).pathname;
start(process.execPath, main, `--web.listen-address=${daemon}`, '--log.level=warn');
console.log(`the daemon of this machine   http://${daemon}/`);
console.log(`a SIMULATED fleet            http://${fleet.address}/host-0001/metrics and ${hosts - 1} more`);
for (const [host, fault] of Object.entries(faulty))
  console.log(`  ${host}  ${fault} after ${daySeconds + 30} s`);

if (spawnSync('prometheus', ['--version']).error) {
  console.log('no Prometheus: it is not installed (apt-get install prometheus), so no rules and no alerts');
} else {
  const here = { targets: [daemon], labels: { cluster: 'here', host: 'here' } };
  const address = `127.0.0.1:${values['prometheus-port']}`;
  const rules = rulesFile({ ...shipped, scale, scrapeSeconds: 1 });
  const targets = [here, ...fleet.targets];
  start('prometheus', ...setUpPrometheus(folder, { address, rules, targets, scrapeSeconds: 1 }));
  console.log(`Prometheus                   http://${address}/alerts, all times of the rules times ${scale}`);
  console.log('for Grafana: add it as a data source and import dashboards/*.json (docs/grafana.md)');
}
console.log('Ctrl-C ends all of it');
