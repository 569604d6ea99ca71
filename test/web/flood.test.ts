import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { afterAll, describe, expect, it } from 'vitest';
import { quantile } from '../../src/quantile.ts';
import { runs } from '../fuzz/mutations.ts';
import { notBuilt, spawned } from '../spawned.ts';
import { oddities } from './requests.ts';
import type { Oddity } from './requests.ts';

const folder = mkdtempSync(join(tmpdir(), 'numacanary-web-'));
afterAll(() => rmSync(folder, { recursive: true }));

const say = (text: string) => void process.stderr.write(`${text}\n`);
const median = (times: readonly number[]) =>
  quantile(
    times.toSorted((a, b) => a - b),
    0.5,
  ) ?? NaN;
const authorization = `Basic ${Buffer.from('alice:wonderland').toString('base64')}`;

/** A daemon of its own process that asks for alice's password. */
async function guarded(cost: number, env: NodeJS.ProcessEnv = {}) {
  const file = join(folder, `web-${cost}.yml`);
  writeFileSync(file, `basic_auth_users:\n  alice: ${await hash('wonderland', cost)}\n`);
  const daemon = await spawned([`--web.config.file=${file}`], env);
  const [host = '', port = ''] = daemon.address.split(':');
  const rssMiB = () =>
    Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))?.[1]) / 1024;
  const get = (path: string, headers = { authorization }) =>
    fetch(`http://${daemon.address}${path}`, { headers });
  /** Milliseconds that a scrape takes. */
  const scrape = async () => {
    const began = performance.now();
    const answer = await get('/metrics');
    await answer.text();
    expect(answer.status).toBe(200);
    return performance.now() - began;
  };
  const stop = async () => {
    daemon.child.kill('SIGTERM');
    expect(await daemon.exit).toEqual([0, null]);
  };
  return { ...daemon, at: { host, port: Number(port) }, rssMiB, get, scrape, stop };
}

/** Ends whatever has begun, and asks to be let go. */
const farewell = '\r\n\r\nGET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** Says it and gives what is answered until the other side closes. */
async function said(at: { host: string; port: number }, { bytes, slowly, half }: Oddity): Promise<string> {
  const socket = connect(at).setEncoding('latin1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  let answer = '';
  socket.on('data', (more: string) => (answer += more));
  socket.on('error', () => {}); // a reset is an answer, too
  const drops = slowly ? 200 : 0;
  for (const byte of bytes.subarray(0, drops)) {
    if (socket.destroyed) break;
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write(bytes.subarray(drops));
  if (half) socket.end();
  else socket.write(farewell);
  await closed;
  return answer;
}

/** So many at a time, until none is left. */
async function inTurns<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>) {
  const left = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

describe.skipIf(notBuilt('floods it with requests'))('the daemon', () => {
  it('outlives ten thousand odd requests, serves nothing to who may not have it, and does not grow', async () => {
    const seed = Number(process.env['NUMACANARY_SEED'] ?? 20261127);
    say(`odd requests: seed ${seed} (NUMACANARY_SEED)`);
    // What is alive shall not grow; without a bound V8 lets more garbage lie the larger the machine is.
    const daemon = await guarded(4, { NODE_OPTIONS: '--max-old-space-size=64' });
    const statuses = new Map<string, number>();
    const attack = (some: readonly Oddity[]) =>
      inTurns(some, 24, async (oddity) => {
        const answer = await said(daemon.at, oddity);
        for (const [, status = ''] of answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (!oddity.known) expect(status, oddity.what).not.toMatch(/^2/);
        }
        expect(answer, oddity.what).not.toMatch(/node_modules|^ +at .*:\d+:\d+|root:x:0|"devDependencies"/m);
      });
    /** Never finished: what cuts them off is not they. */
    const hanging = Array.from({ length: 50 }, () => {
      const socket = connect(daemon.at).resume();
      socket.on('error', () => {});
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nX: ');
      return new Promise((resolve) => socket.once('close', resolve));
    });
    const all = oddities(seed, Math.max(10_000, runs(10_000)), `Authorization: ${authorization}`);
    await attack(all.slice(0, 3000)); // heaps grow to their size, code is compiled
    const early = daemon.rssMiB();
    await attack(all.slice(3000));
    await daemon.scrape();
    const late = daemon.rssMiB();
    await Promise.all(hanging);
    say(
      `odd requests: answers by status ${JSON.stringify([...statuses].toSorted(([a], [b]) => Number(a) - Number(b)))}; ` +
        `RSS after 3,000 ${early.toFixed(1)} MiB, after 10,000 ${late.toFixed(1)} MiB`,
    );
    // 503 is more than may be in flight, or what is not ready yet; any other of the sort would be ours.
    expect([...statuses.keys()].filter((status) => status.startsWith('5') && status !== '503')).toEqual([]);
    expect(statuses.get('200')).toBeGreaterThan(100);
    expect(statuses.get('401')).toBeGreaterThan(100);
    expect(late - early).toBeLessThan(24);
    expect(daemon.logged()).not.toMatch(/wonderland|request failed|level=error/);
    expect((await daemon.get('/-/healthy')).status).toBe(200);
    await daemon.stop();
  });

  it('serves a scrape beside two hundred slow readers', async () => {
    const daemon = await guarded(4);
    await daemon.scrape();
    const rounds = 40;
    const scrapes = async () => {
      const times: number[] = [];
      for (let round = 0; round < rounds; round += 1) times.push(await daemon.scrape());
      return times;
    };
    const alone = await scrapes();
    const rssAlone = daemon.rssMiB();
    const readers: Socket[] = [];
    let began = 0;
    const beginning = new EventEmitter();
    for (let reader = 0; reader < 200; reader += 1) {
      const socket = connect(daemon.at);
      socket.on('error', () => {});
      // Far more than the buffers of both kernels take, and read a little at a time.
      socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n\r\n`.repeat(100));
      socket.once('readable', () => beginning.emit('begun', (began += 1)));
      readers.push(socket);
    }
    while (began < readers.length) await once(beginning, 'begun');
    const beside: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const reader of readers) reader.read(512);
      beside.push(await daemon.scrape());
    }
    const rss = daemon.rssMiB();
    const open = readers.filter((reader) => !reader.destroyed).length;
    for (const reader of readers) reader.destroy();
    const after = await scrapes();
    const quiet = median([...alone, ...after]);
    const ratio = median(beside) / quiet;
    say(
      `slow readers: a scrape takes ${quiet.toFixed(2)} ms alone and ${median(beside).toFixed(2)} ms beside ` +
        `${open} of them (medians of ${2 * rounds} and ${rounds}), ratio ${ratio.toFixed(2)}; RSS ${rssAlone.toFixed(1)} and ${rss.toFixed(1)} MiB`,
    );
    expect(open).toBe(200);
    expect(ratio).toBeLessThan(3);
    await daemon.stop();
  });

  it('serves a scrape while strangers make it check passwords', async () => {
    const daemon = await guarded(10);
    await daemon.scrape();
    const alone: number[] = [];
    for (let round = 0; round < 30; round += 1) alone.push(await daemon.scrape());
    const statuses = new Map<number, number>();
    const over = new AbortController();
    const strangers = Array.from({ length: 50 }, async (_, stranger) => {
      for (let guess = 0; !over.signal.aborted; guess += 1) {
        const guessed = Buffer.from(`alice:guess${stranger}-${guess}`).toString('base64');
        const { status } = await daemon.get('/metrics', { authorization: `Basic ${guessed}` });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 503) return; // as many as may wait go on
      }
    });
    const beside: number[] = [];
    for (let round = 0; round < 30; round += 1) beside.push(await daemon.scrape());
    over.abort();
    await Promise.all(strangers);
    say(
      `password guesses: a scrape takes ${median(alone).toFixed(2)} ms alone and ${median(beside).toFixed(2)} ms ` +
        `while strangers guess at cost 10, longest ${Math.max(...beside).toFixed(1)} ms; answers ${JSON.stringify([...statuses])}`,
    );
    expect([...statuses.keys()].toSorted((a, b) => a - b)).toEqual([401, 503]);
    await daemon.stop();
  });
});
