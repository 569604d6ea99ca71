// Programs that a bench starts, and what the kernel says that they cost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** USER_HZ: fixed at 100 in the ABI of every architecture we run on. */
const ticksPerSecond = 100;

/** Starts a program that serves metrics, and waits for its first page. Ends with us. */
export async function begin(program, argv, url, options = {}) {
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-5000)));
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  for (let left = 120; ; left -= 1) {
    if (child.exitCode !== null || left === 0) throw new Error(`${program} does not serve ${url}: ${said}`);
    if (await scrape(url).catch(() => undefined)) break;
    await sleep(250);
  }
  const stop = async () => {
    process.off('exit', end);
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { child, pid: child.pid, url, stop };
}

/** As Prometheus asks: a page in gzip over a connection of its own, in milliseconds and bytes on the wire. */
export function scrape(url) {
  const asked = performance.now();
  return new Promise((done, fail) => {
    const request = get(url, { agent: false, headers: { 'Accept-Encoding': 'gzip' } }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk) => (bytes += chunk.length));
      answer.on('error', fail);
      answer.on('end', () => {
        if (answer.statusCode === 200) done({ ms: performance.now() - asked, bytes });
        else fail(new Error(`${url}: ${answer.statusCode}`));
      });
    });
    request.on('error', fail);
  });
}

export async function seriesOn(url, prefix = '') {
  const page = await (await fetch(url)).text();
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#') && line.startsWith(prefix))
    .length;
}

/** Of all its threads since it began, seconds; what has ended counts too. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export function sizeOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? NaN);
  return {
    rssMiB: field('VmRSS') / 1024,
    anonMiB: field('RssAnon') / 1024,
    peakMiB: field('VmHWM') / 1024,
    threads: field('Threads'),
    fds: readdirSync(`/proc/${pid}/fd`).length,
  };
}

export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
