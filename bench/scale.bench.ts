// `npm run bench:scale`: the whole daemon on a machine of 8 sockets, 32 nodes and 1,024 CPUs, its files on disk,
// its helper a fake (nobody here has such a machine). How long to start, how long a scrape, how many series?
// Nothing is asserted but that it works: the numbers are of this machine at this minute.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { start } from '../src/app.ts';
import { parseConfig } from '../src/config.ts';
import { filesUnder, ownFiles } from '../src/host/files.ts';
import { quantile } from '../src/quantile.ts';
import { sections } from '../src/sources.ts';
import { followWeb } from '../src/web/follow.ts';
import { fakeNative } from '../test/fakeNative.ts';
import { fakeClock, silentLog } from '../test/fakes.ts';
import { machine } from '../test/machines.ts';

const scrapes = 120;

it.each(['two-socket', 'eight-socket', 'eight-socket-snc4'] as const)('%s', async (name) => {
  const root = mkdtempSync(join(tmpdir(), 'numacanary-scale-'));
  const clock = fakeClock();
  try {
    for (const [path, text] of Object.entries(machine(name))) {
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
    const figure = (q: number) => `${quantile(times, q)?.toFixed(1)} ms`;
    process.stdout.write(
      `${name}: listens after ${started.toFixed(0)} ms; ${series} series, ${(page.length / 1024).toFixed(0)} KiB; ` +
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
