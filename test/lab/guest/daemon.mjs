// The daemon as an operator starts it, inside the guest. It listens on a port of the guest's own.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** `by`: a command that runs the daemon, as setpriv does. */
export function startDaemon({
  config = 'test/lab/guest/config.yml',
  by = [],
  address = '127.0.0.1:6862',
} = {}) {
  const flags = [`--web.listen-address=${address}`, `--config.file=${config}`, '--web.enable-lifecycle'];
  const [program, ...rest] = [...by, process.execPath, 'dist/main.js', ...flags];
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  let scrapedAt = -Infinity;
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const ended = new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
  return {
    pid: child.pid,
    log: () => log,
    alive: () => child.exitCode === null && child.signalCode === null,
    /** Resolves when the next scrape will be given a page of its own: within a second it is the one before. */
    async pause() {
      await sleep(Math.max(0, scrapedAt + 1050 - performance.now()));
    },
    async metrics() {
      await this.pause();
      const page = await (await fetch(`http://${address}/metrics`)).text();
      scrapedAt = performance.now();
      return page;
    },
    /** Resolves when the configuration was read and all is set up anew. */
    reload: async () => (await fetch(`http://${address}/-/reload`, { method: 'POST' })).text(),
    /** Scrapes until the page satisfies `wanted`, or the time is up; the last page either way. */
    async until(wanted, seconds) {
      const end = performance.now() + seconds * 1000;
      let page = '';
      while (performance.now() < end && this.alive()) {
        await sleep(1000);
        page = await this.metrics().catch(() => '');
        if (wanted(page)) break;
      }
      return page;
    },
    async stop() {
      child.kill('SIGTERM');
      const began = performance.now();
      const how = await Promise.race([ended, sleep(30_000, { code: null, signal: 'none' }, { ref: false })]);
      return { ...how, seconds: (performance.now() - began) / 1000 };
    },
  };
}

/** Sum of the series of a family whose labels include the given ones; undefined where there is none. */
export function total(page, name, labels = {}) {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const values = page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0);
}
