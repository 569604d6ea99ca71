// Makes the pictures of docs/images: `npm run screenshots`, with Chromium and Prometheus installed. The status page is the
// daemon's own on this machine. The boards are drawn by test/fleet/draw.mjs, and not by Grafana, from what a real
// Prometheus says of a simulated fleet.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { rulesFile, shipped } from '../dist/rules/index.js';
import { draw } from '../test/fleet/draw.mjs';
import { faultNames } from '../test/fleet/fleet.mjs';
import { filledIn, setUpPrometheus } from '../test/fleet/prometheus.mjs';
import { serveFleet } from '../test/fleet/serve.mjs';

const images = new URL('../docs/images/', import.meta.url).pathname;
mkdirSync(images, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'numacanary-pictures-'));
const children = [];
const start = (program, ...argv) => children.push(spawn(program, argv, { cwd: folder, stdio: 'ignore' }));
const [daemonAt, prometheusAt] = ['127.0.0.1:16863', '127.0.0.1:19091'];

// Hours of the rules in seconds.
const scale = 1 / 720;
const [minutes, rangeSeconds] = [3, 170];
const hosts = 24;
const faulty = Object.fromEntries(
  faultNames.map((fault, index) => [`host-${String(hosts - index).padStart(4, '0')}`, fault]),
);
const fleet = await serveFleet({ hosts, faulty, beginSeconds: 135 });
const rules = rulesFile({ ...shipped, scale, scrapeSeconds: 1 });
const plan = { address: prometheusAt, rules, targets: fleet.targets, scrapeSeconds: 1 };
start('prometheus', ...setUpPrometheus(folder, plan));
const main = new URL('../dist/main.js', import.meta.url).pathname;
start(process.execPath, main, `--web.listen-address=${daemonAt}`);

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
// What a screen shows, not the whole page: who clones the repository pays for each picture.
const shot = async (name, where, { dark = false, width = 1280, height = 1000 } = {}) => {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' });
  await (where.startsWith('http') ? page.goto(where) : page.setContent(where));
  await page.screenshot({ path: join(images, `${name}.png`) });
  await page.close();
  console.log(`docs/images/${name}.png`);
};

console.log(`${minutes} minutes until there is something to see`);
await sleep(minutes * 60_000);
await shot('status', `http://${daemonAt}/`);
await shot('status-dark', `http://${daemonAt}/`, { dark: true });
await shot('status-phone', `http://${daemonAt}/`, { width: 375, height: 800 });

const end = Math.floor(Date.now() / 1000);
const variables = {
  cluster: 'simulated',
  canary: '.*-canary-.*|host-0001',
  app_histogram: 'http_request_duration_seconds',
  quantile: '0.99',
  __rate_interval: '8s',
  __interval: '1s',
};
const ask = (own) => async (expr, instant) => {
  const filled = filledIn(expr, { ...variables, ...own });
  const query = new URLSearchParams({
    query: filled,
    start: String(end - rangeSeconds),
    end: String(end),
    step: '2',
  });
  const path = instant
    ? `query?${new URLSearchParams({ query: filled, time: String(end) })}`
    : `query_range?${query}`;
  const { data, error } = await (await fetch(`http://${prometheusAt}/api/v1/${path}`)).json();
  if (error) throw new Error(`${filled}: ${error}`);
  return data.result.map(({ metric, value, values }) => ({
    metric,
    points: (values ?? [value]).map(([time, text]) => [time, Number(text)]),
  }));
};
const note =
  'A simulated fleet before a real Prometheus, a day in two minutes; drawn by our own script, not by Grafana';
for (const [name, own] of Object.entries({
  fleet: {},
  host: { host: 'host-0023' },
  workload: {},
  'canary-health': {},
})) {
  const board = JSON.parse(readFileSync(new URL(`../dashboards/${name}.json`, import.meta.url), 'utf8'));
  await shot(`board-${name}`, await draw(board, ask(own), note), { width: 1600, height: 1500 });
}
await browser.close();
for (const child of children) child.kill();
fleet.close();
await sleep(500);
rmSync(folder, { recursive: true, force: true });
