import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { rulesFile, shipped } from '../../src/rules/index.ts';
import type { RuleOptions } from '../../src/rules/index.ts';
import { setUpPrometheus } from '../fleet/prometheus.mjs';
import type { Target } from '../fleet/prometheus.mjs';

/** Real programs, each on a port of its own, that end with the test. */

const repository = resolve(import.meta.dirname, '../..');

export interface Stack {
  readonly folder: string;
  /** Starts a program; its output goes where the test's goes when it dies by itself. */
  start(name: string, program: string, ...argv: readonly string[]): ChildProcess;
  end(): Promise<void>;
}

export function createStack(): Stack {
  const folder = mkdtempSync(join(tmpdir(), 'numacanary-e2e-'));
  const running: { name: string; child: ChildProcess; said: string }[] = [];
  return {
    folder,
    start(name, program, ...argv) {
      const child = spawn(program, argv, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
      const one = { name, child, said: '' };
      running.push(one);
      for (const stream of [child.stdout, child.stderr])
        stream
          .setEncoding('utf8')
          .on('data', (text: string) => (one.said = (one.said + text).slice(-20_000)));
      child.once('error', (error) => (one.said += String(error)));
      return child;
    },
    async end() {
      for (const { name, child, said } of running.toReversed()) {
        if (child.exitCode !== null) process.stderr.write(`${name} ended with ${child.exitCode}:\n${said}\n`);
        else {
          const exit = once(child, 'exit');
          child.kill('SIGTERM');
          await exit;
        }
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * A port that was free a moment ago. Not one of those that the kernel gives to whoever asks for any (since Linux 2.4
 * 32768 to 60999): between this answer and the start of the program, another suite's connection took one.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 1; attempt <= 20; attempt++) {
    const port = randomInt(12_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    const free = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]);
    server.close();
    if (free) return port;
  }
  throw new Error('no free port below 32000');
}

/** Asks every quarter second until the answer is not undefined. Throws with the last reason when time is up. */
export async function until<T>(what: string, seconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  let last: unknown = 'no answer';
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
      last = 'not yet';
    } catch (thrown) {
      last = thrown;
    }
    await sleep(250);
  }
  throw new Error(`${what}: not within ${seconds} s: ${String(last)}`);
}

/** Writes the files of a synthetic machine. */
export function writeTree(folder: string, tree: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(tree)) {
    const at = join(folder, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
  }
}

/** A copy of the program whose native helper is another one. */
export function programWith(folder: string, library: string): string {
  const at = join(folder, 'program');
  mkdirSync(join(at, 'native/build'), { recursive: true });
  cpSync(join(repository, 'dist'), join(at, 'dist'), { recursive: true });
  cpSync(join(repository, 'package.json'), join(at, 'package.json'));
  cpSync(library, join(at, 'native/build/libnumacanary.so'));
  symlinkSync(join(repository, 'node_modules'), join(at, 'node_modules'));
  return at;
}

/** Prometheus with these rules; scrapes every second where they do not say another interval. */
export async function startPrometheus(
  stack: Stack,
  targets: readonly Target[],
  options: Partial<RuleOptions>,
  alertmanager?: string,
) {
  const address = `127.0.0.1:${await freePort()}`;
  const asked = { ...shipped, scrapeSeconds: 1, ...options };
  const argv = setUpPrometheus(stack.folder, {
    address,
    rules: rulesFile(asked),
    targets,
    scrapeSeconds: asked.scrapeSeconds,
    alertmanager,
  });
  stack.start('prometheus', 'prometheus', ...argv);
  const url = `http://${address}`;
  const get = async (path: string) => (await (await fetch(`${url}/api/v1/${path}`)).json()) as Answer;
  return {
    url,
    /** By labels as JSON. */
    async query(expr: string): Promise<readonly { metric: Record<string, string>; value: number }[]> {
      const { status, error, data } = await get(`query?query=${encodeURIComponent(expr)}`);
      if (status !== 'success') throw new Error(`${expr}: ${error}`);
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
  };
}

/** What Prometheus answers to a query for an instant. */
interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly value: readonly [number, string];
    }[];
  };
}

export async function startAlertmanager(stack: Stack) {
  const port = await freePort();
  const config = {
    route: { receiver: 'nobody', group_by: ['alertname', 'host'], group_wait: '0s', group_interval: '1s' },
    receivers: [{ name: 'nobody' }],
  };
  writeFileSync(join(stack.folder, 'alertmanager.yml'), stringify(config));
  stack.start(
    'alertmanager',
    'prometheus-alertmanager',
    '--config.file=alertmanager.yml',
    '--storage.path=alertmanager',
    '--cluster.listen-address=',
    `--web.listen-address=127.0.0.1:${port}`,
  );
  const address = `127.0.0.1:${port}`;
  return {
    address,
    /** Names of the alerts that it holds to be active. */
    async active(): Promise<readonly string[]> {
      const response = await fetch(`http://${address}/api/v2/alerts?active=true`);
      const alerts = (await response.json()) as readonly { labels: Record<string, string> }[];
      return alerts.map(({ labels }) => labels['alertname'] ?? '').toSorted();
    },
  };
}
