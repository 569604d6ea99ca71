// `npm run bench:soak`: the daemon for hours at thirty times its pace, and whether it grows.
//
//   npm run bench:soak -- [--minutes 120] [--speed 30] [--plot docs/images/soak.svg]
//
// Two scrapers ask as often as at that pace they would; every minute one reload and one look at the status page. What is
// watched is the process: memory, descriptors, threads, heap, and the 99th percentile of the event loop. Exits 1 where
// threads or descriptors have grown, or memory by more than it may in the second half; times are only told.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { begin, cpuSeconds, quantile, scrape, sizeOf } from './process.mjs';
import { plot } from './plot.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    speed: { type: 'string', default: '30' },
    plot: { type: 'string' },
  },
});
const [minutes, speed] = [Number(options.minutes), Number(options.speed)];
const port = 26_864;
const at = `http://127.0.0.1:${port}`;
/** Of the medians of the second and the last quarter: what an allocator keeps varies by less, a leak does not. */
const mostGrowth = 1.15;

const { child, pid, stop } = await begin(
  process.execPath,
  [resolve(import.meta.dirname, 'soak_daemon.mjs'), String(speed), String(port)],
  `${at}/metrics`,
  { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
);
const rows = [];
const began = performance.now();
const elapsed = () => (performance.now() - began) / 60_000;
let scrapes = 0;
let failed = 0;
child.on('message', (inside) => {
  rows.push({ minutes: elapsed(), cpu: cpuSeconds(pid), ...sizeOf(pid), ...inside });
});

const scraper = every(15_000 / speed / 2, async () => {
  await scrape(`${at}/metrics`).then(
    () => (scrapes += 1),
    () => (failed += 1),
  );
});
const visitor = every(60_000, async () => {
  await fetch(`${at}/`).then((page) => page.text());
  await fetch(`${at}/-/reload`, { method: 'POST' });
  await fetch(`${at}/api/v1/jobs/memory_matrix`, { method: 'POST' });
});
await sleep(minutes * 60_000);
for (const timer of [scraper, visitor]) clearInterval(timer);
const visits = await visitsMade();
await stop();

const half = rows.filter((row) => row.minutes > minutes / 2);
const quarter = (from) =>
  rows.filter((row) => row.minutes >= from * minutes && row.minutes < (from + 0.25) * minutes);
const middle = (some, name) => quantile(some.map((row) => row[name]), 0.5); // prettier-ignore
const growth = (name) => middle(quarter(0.75), name) / middle(quarter(0.25), name);
const verdicts = [
  { what: 'RSS, last quarter / second', ratio: growth('rssMiB'), most: mostGrowth },
  { what: 'heap, last quarter / second', ratio: growth('heapMiB'), most: 1.3 },
  { what: 'threads, last quarter / second', ratio: growth('threads'), most: 1 },
  { what: 'descriptors, last quarter / second', ratio: growth('fds'), most: 1.1 },
].map((one) => ({ ...one, ok: one.ratio <= one.most }));

console.log(
  `${minutes} min at ${speed} times the pace: ${((minutes * speed) / 60).toFixed(1)} h of normal work, ${scrapes} scrapes ` +
    `(${failed} failed), ${visits} visits; CPU ${(((half.at(-1).cpu - half[0].cpu) / ((half.at(-1).minutes - half[0].minutes) * 60)) * 100).toFixed(1)} % of one`,
);
for (const name of ['rssMiB', 'anonMiB', 'heapMiB', 'fds', 'threads', 'loopP99Ms']) {
  const values = rows.map((row) => row[name]);
  console.log(
    `${name.padEnd(10)} first ${values[0].toFixed(1).padStart(7)}  median ${quantile(values, 0.5).toFixed(1).padStart(7)}  ` +
      `most ${Math.max(...values)
        .toFixed(1)
        .padStart(7)}  last ${values.at(-1).toFixed(1).padStart(7)}`,
  );
}
for (const { what, ratio, most, ok } of verdicts)
  console.log(`${ok ? 'ok  ' : 'MISS'} ${ratio.toFixed(3)}  ${what} (at most ${most})`);
if (options.plot) {
  mkdirSync(dirname(options.plot), { recursive: true });
  writeFileSync(options.plot, plot(rows, `${minutes} min at ${speed} times the normal pace`));
}
process.exit(verdicts.every(({ ok }) => ok) && failed === 0 ? 0 : 1);

function every(ms, work) {
  return setInterval(() => void work().catch((error) => console.error(`soak: ${error}`)), ms);
}

async function visitsMade() {
  const page = await (await fetch(`${at}/metrics`)).text();
  const lines = page.split('\n').filter((line) => line.startsWith('numacanary_probe_visits_total{'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
