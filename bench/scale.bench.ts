// `npm run bench:scale`: the whole daemon on machines of 2 to 4,096 CPUs, their files on disk, the helper a fake (nobody here
// has such a machine). How long to start, how long a scrape, how much memory, how many series, and what of it does a CPU
// add? Nothing is asserted but that it works: the numbers are of this machine at this minute.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { afterAll, expect, it } from 'vitest';
import { start } from '../src/app.ts';
import { parseConfig } from '../src/config.ts';
import { filesUnder, ownFiles } from '../src/host/files.ts';
import { quantile } from '../src/quantile.ts';
import { sections } from '../src/sources.ts';
import { followWeb } from '../src/web/follow.ts';
import { fakeNative } from '../test/fakeNative.ts';
import { fakeClock, silentLog } from '../test/fakes.ts';
import { machine } from '../test/machines.ts';
import type { MachineSpec } from '../test/machines.ts';

const scrapes = 120;

const sizes: readonly (readonly [cpus: number, spec: Partial<MachineSpec>])[] = [
  [2, { sockets: 1, coresPerNode: 1 }],
  [64, { sockets: 2, coresPerNode: 16 }],
  [224, { sockets: 2, coresPerNode: 56 }],
  [1024, { sockets: 8, nodesPerSocket: 4, coresPerNode: 16, llcsPerNode: 'socket' }],
  [4096, { sockets: 8, nodesPerSocket: 4, coresPerNode: 64, llcsPerNode: 'socket' }],
];

interface Cost {
  readonly cpus: number;
  readonly startMs: number;
  readonly scrapeMs: number;
  readonly heapMiB: number;
}
const costs: Cost[] = [];

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapMiB = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Least squares of a + b * CPUs. */
function line(of: (cost: Cost) => number) {
  const [x, y] = [mean(costs.map(({ cpus }) => cpus)), mean(costs.map(of))];
  const b =
    mean(costs.map((cost) => (cost.cpus - x) * (of(cost) - y))) /
    mean(costs.map(({ cpus }) => (cpus - x) ** 2));
  return { a: y - b * x, b };
}

afterAll(() => {
  for (const [what, unit, of] of [
    ['start', 'ms', (cost: Cost) => cost.startMs],
    ['scrape', 'ms', (cost: Cost) => cost.scrapeMs],
    ['heap', 'MiB', (cost: Cost) => cost.heapMiB],
  ] as const) {
    const { a, b } = line(of);
    process.stdout.write(
      `${what}: ${a.toFixed(1)} ${unit} + ${(1000 * b).toFixed(1)} ${unit} for a thousand CPUs\n`,
    );
  }
});

it.each(sizes)('%i CPUs', async (cpus, spec) => {
  const root = mkdtempSync(join(tmpdir(), 'numacanary-scale-'));
  const clock = fakeClock();
  try {
    for (const [path, text] of Object.entries(machine('two-socket', { pmu: 'spr', ...spec }))) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    const sysfs = join(root, 'sys');
    const files = filesUnder({
      procfs: join(root, 'proc'),
      sysfs,
      rootfs: root,
      cgroupfs: join(sysfs, 'fs/cgroup'),
    });
    const override = { flag: '', path: ['web', 'listen_address'], value: '127.0.0.1:0' };
    const config = parseConfig(undefined, sections, [override]);

    const log = silentLog();
    const before = heapMiB();
    const began = performance.now();
    const running = await start({
      config,
      host: { files, clock, log, native: fakeNative() },
      web: followWeb(null, { files: ownFiles, clock, log }),
      compare: async () => false,
      build: { version: '0', revision: '0', nodeVersion: process.versions.node },
      readConfig: async () => config,
      models: [],
      random: () => 0.5,
    });
    const started = performance.now() - began;
    // Long enough that each lane has been visited and its series stand.
    for (let half = 0; half < 600; half++) {
      await clock.advance(0.5);
      await setTimeout(5); // files are real, and are read in real time
    }

    const times: number[] = [];
    const shared: number[] = []; // the same page asked for again: what HTTP and both ends of gzip cost
    let page = '';
    for (let scrape = 0; scrape < scrapes; scrape++) {
      const anew = scrape % 2 === 0;
      if (anew) await clock.advance(1.5); // past the second that scrapes share
      await setTimeout(100); // the work of a second and a half was set off at once: let it end
      const asked = performance.now();
      const answer = await fetch(`http://${running.address}/metrics`, {
        headers: { 'Accept-Encoding': 'gzip' },
      });
      page = await answer.text();
      (anew ? times : shared).push(performance.now() - asked);
    }
    const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    const heap = heapMiB() - before;
    costs.push({ cpus, startMs: started, scrapeMs: quantile(times, 0.5) ?? NaN, heapMiB: heap });
    const figure = (q: number) => `${quantile(times, q)?.toFixed(1)} ms`;
    process.stdout.write(
      `${cpus} CPUs: listens after ${started.toFixed(0)} ms; ${series} series, ${(page.length / 1024).toFixed(0)} KiB; ` +
        `heap ${heap.toFixed(1)} MiB more; ` +
        `scrape median ${figure(0.5)}, p90 ${figure(0.9)}, least ${figure(0)}, of a page already made ${quantile(shared, 0.5)?.toFixed(1)} ms\n`,
    );
    expect(series).toBeGreaterThan(100);
    const stopped = running.stop();
    await clock.advance(1);
    await stopped;
  } finally {
    rmSync(root, { recursive: true });
  }
});
