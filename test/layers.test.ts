import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** From the ground up: a file imports from its own floor or a lower one. */
const floors = [
  ['sample.ts', 'errors.ts', 'quantile.ts'],
  ['parse/', 'host/host.ts'],
  ['topology.ts', 'topology/', 'config.ts', 'follow.ts'],
  ['source.ts'],
  ['conditions/'],
  ['pmu/'],
  ['perf/', 'workloads/'],
  ['collectors/', 'samplers/', 'probes/', 'jobs/'],
  ['run.ts'],
  ['views/', 'rules/'],
  ['own.ts', 'sources.ts', 'series.ts', 'docs.ts', 'web/'],
  ['latest.ts', 'schedule.ts', 'host/'],
  ['publish.ts'],
  ['collect.ts', 'negotiate.ts', 'status/'],
  ['page.ts'],
  ['http.ts', 'flags.ts', 'crew.ts'],
  ['app.ts', 'commands/'],
  ['main.ts'],
];

const only: Readonly<Record<string, readonly string[]>> = {
  koffi: ['host/native.ts', 'host/layout.ts'],
  'prom-client': ['publish.ts'],
  bcryptjs: ['host/bcrypt_worker.ts'],
  express: ['http.ts'],
  'node-cron': ['schedule.ts'],
  yaml: ['config.ts', 'rules/index.ts'],
  'node:fs': ['host/files.ts', 'host/library.ts', 'host/read_whole.ts', 'main.ts'],
  'node:fs/promises': ['host/files.ts', 'main.ts'],
  'node:worker_threads': ['host/bcrypt.ts', 'host/bcrypt_worker.ts'],
  'node:child_process': [],
  child_process: [],
};

/** Text that a browser runs, and the daemon never. */
const browser = 'status/script.ts';

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const textOf = (file: string) => readFileSync(join('src', file), 'utf8');
const importsOf = (file: string) =>
  [...textOf(file).matchAll(/from '([^']+)'/g)].map(([, from = '']) => from);
const floorOf = (file: string) => {
  const exact = floors.findIndex((rooms) => rooms.includes(file));
  return exact >= 0
    ? exact
    : floors.findIndex((rooms) => rooms.some((room) => room.endsWith('/') && file.startsWith(room)));
};

describe('layers', () => {
  it('gives every file a floor', () => {
    expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
  });

  it('imports point down', () => {
    const upward = files.flatMap((file) =>
      importsOf(file)
        .filter((from) => from.startsWith('.'))
        .map((from) => join(file, '..', from))
        .filter((from) => floorOf(from) > floorOf(file))
        .map((from) => `${file} -> ${from}`),
    );
    expect(upward).toEqual([]);
  });

  it('keeps each package in its room', () => {
    const astray = files.flatMap((file) =>
      importsOf(file)
        .filter((from) => only[from] && !only[from].includes(file))
        .map((from) => `${file} -> ${from}`),
    );
    expect(astray).toEqual([]);
  });

  it.each([
    {
      word: /\bDate\.now\b|\bsetTimeout\b|\bsetInterval\b|\bperformance\.now\b/,
      rooms: ['host/clock.ts', browser],
    },
    { word: /\bprocess\.(exit|env|argv|on|std\w+)\b/, rooms: ['main.ts'] },
    { word: /\bMath\.random\b/, rooms: ['main.ts'] },
  ])('says $word in $rooms only', ({ word, rooms }) => {
    expect(files.filter((file) => word.test(textOf(file)) && !rooms.includes(file))).toEqual([]);
  });
});
