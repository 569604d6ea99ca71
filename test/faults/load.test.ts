import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { notBuilt } from '../spawned.ts';
import { counted, faulty, folderOfTest, made, say } from './faulty.ts';

const example = readFileSync('config.example.yml', 'utf8');

/** Each is the example with one thing wrong, the same 200 at every run. */
function brokenConfigs(): string[] {
  const lines = example.split('\n');
  const wrongs = [
    (at: number) => [...lines.slice(0, at), `unknown_key_${at}: 1`, ...lines.slice(at)].join('\n'),
    (at: number) => [...lines.slice(0, at), '\tweb: {', ...lines.slice(at)].join('\n'),
    (at: number) => `${example}\nlog: { level: loud_${at} }\nlog: { level: info }\n`,
    (at: number) => `web: { max_requests: -${at + 1} }\n`,
    (at: number) => `probes: { latency: { period_seconds: "${at} s" } }\n`,
  ];
  return Array.from({ length: 200 }, (_, index) => {
    const wrong = wrongs[index % wrongs.length];
    return wrong?.((index * 7) % lines.length) ?? '';
  });
}

const reloaded = 'config_last_reload_successful';

describe.skipIf(notBuilt('nothing befalls it'))('load', () => {
  it('each of 200 broken configurations is refused while it is scraped, and the old one stays in force', async () => {
    const path = join(folderOfTest(), 'config.yml');
    writeFileSync(path, 'web: { max_requests: 7 }\n');
    const daemon = await faulty([`--config.file=${path}`, '--web.enable-lifecycle']);
    await daemon.ready();
    const done = new AbortController();
    const scrapes = (async () => {
      while (!done.signal.aborted) await daemon.scrape();
    })();
    const accepted: string[] = [];
    for (const text of brokenConfigs()) {
      // At once: half a file may be a good one.
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
      const { status } = await fetch(`http://${daemon.address}/-/reload`, { method: 'POST' });
      if (status !== 500) accepted.push(text);
    }
    done.abort();
    await scrapes;
    await daemon.page('the word of it', (page) => counted(page, reloaded) === 0);
    expect(accepted).toEqual([]);
    writeFileSync(path, 'web: { max_requests: 7 }\n');
    daemon.child.kill('SIGHUP');
    await daemon.page('a good one in force', (page) => counted(page, reloaded) === 1);
    await daemon.recovers();
    say(`200 broken configurations: ${daemon.watcher.pages()} pages meanwhile`);
    await daemon.sound();
  });

  it('ten thousand SIGHUPs end in few reloads, and the last word is in force', async () => {
    const path = join(folderOfTest(), 'config.yml');
    writeFileSync(path, 'web: { max_requests: 7 }\n');
    const daemon = await faulty([`--config.file=${path}`]);
    await daemon.ready();
    for (let signal = 0; signal < 10_000; signal += 1) {
      daemon.child.kill('SIGHUP');
      if (signal % 100 === 0) await daemon.scrape();
    }
    await daemon.recovers();
    const reloads = daemon.logged().match(/configuration reloaded/g)?.length ?? 0;
    say(`10,000 SIGHUPs: ${reloads} reloads`);
    expect(reloads).toBeGreaterThan(0);
    expect(reloads).toBeLessThan(5000);
    await daemon.sound();
  });

  it('a thousand scrapes a second for half a minute are answered or told to come again, and visits are made', async () => {
    const daemon = await faulty();
    const before = await daemon.ready();
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const answers = new Map<number, number>();
    const ask = () =>
      new Promise<void>((resolve) => {
        get(`http://${daemon.address}/metrics`, { agent }, (response) => {
          const status = response.statusCode ?? 0;
          answers.set(status, (answers.get(status) ?? 0) + 1);
          response.resume().once('end', resolve);
        }).once('error', () => {
          answers.set(-1, (answers.get(-1) ?? 0) + 1);
          resolve();
        });
      });
    const asked: Promise<void>[] = [];
    for (let slot = 0; slot < 300; slot += 1) {
      for (let each = 0; each < 100; each += 1) asked.push(ask());
      await sleep(100); // the fault is so many a second
    }
    await Promise.all(asked);
    agent.destroy();
    const after = await daemon.recovers();
    const clean = { outcome: 'clean' };
    say(
      `1,000 scrapes/s: ${JSON.stringify(Object.fromEntries(answers))}, visits ${made(after) - made(before)}, clean ` +
        `${counted(after, 'probe_visits_total', clean) - counted(before, 'probe_visits_total', clean)}`,
    );
    expect([...answers.keys()].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(answers.get(200) ?? 0).toBeGreaterThan(0);
    await daemon.sound();
  });
});
