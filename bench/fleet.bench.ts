import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queriesOf } from '../test/dashboards/queries.ts';
import type { Board } from '../test/dashboards/queries.ts';
import { seriesOfHost, writeHistory } from '../test/fleet/history.mjs';
import { serveFleet } from '../test/fleet/serve.mjs';
import { createStack, startPrometheus, until } from '../test/e2e/stack.ts';

/**
 * A thousand simulated hosts before one Prometheus: 26 hours of what the rules record, and pages scraped every minute.
 * Prints how long a round of the rules takes, and each panel of the boards.
 */

const hosts = Number(process.env['HOSTS'] ?? 1000);
const scrapeSeconds = 60;
const hour = 3600;
/** What a reader of the boards has typed. */
const typed = {
  cluster: 'simulated',
  canary: '.*-canary-.*|host-00.*',
  app_histogram: 'http_request_duration_seconds',
  quantile: '0.99',
};
const minutes = Number(process.env['MINUTES'] ?? 6);
const cluster = 'simulated';

describe(`${hosts} simulated hosts`, () => {
  const stack = createStack();
  let fleet: Awaited<ReturnType<typeof serveFleet>>;
  let url = '';
  const get = async (path: string) =>
    (await (await fetch(`${url}/api/v1/${path}`)).json()) as { data: never };
  afterAll(async () => {
    fleet.close();
    await stack.end();
  });

  beforeAll(async () => {
    const { folder } = stack;
    fleet = await serveFleet({ hosts, cluster });
    const now = Math.floor(Date.now() / 1000);
    const block = 2 * hour;
    const began = performance.now();
    for (let from = Math.floor((now - 26 * hour) / block) * block; from < now; from += block) {
      const file = join(folder, 'history.om');
      await writeHistory(file, fleet.fleet, cluster, from, Math.min(from + block, now - 60), 240);
      execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', file, join(folder, 'data')], {
        stdio: 'ignore',
      });
      rmSync(file);
    }
    say(`history: ${hosts * seriesOfHost} series of 26 h in ${seconds(performance.now() - began)} s`);
    const prometheus = await startPrometheus(stack, fleet.targets, { scrapeSeconds });
    url = prometheus.url;
    await until(`every host, for ${minutes} minutes`, 900, async () => {
      const [told] = await prometheus.query(`count(numacanary_build_info offset ${minutes}m)`);
      return told?.value === hosts ? true : undefined;
    });
  }, 1_800_000);

  it('a round of the rules is evaluated, and timed', async () => {
    const { data } = (await get('rules')) as never as {
      data: { groups: { name: string; evaluationTime: number; interval: number }[] };
    };
    for (const { name, evaluationTime } of data.groups) say(`rules ${name}: ${evaluationTime.toFixed(2)} s`);
    const round = data.groups.reduce((sum, { evaluationTime }) => sum + evaluationTime, 0);
    const head = (await get('status/tsdb')) as never as { data: { headStats: { numSeries: number } } };
    say(
      `a round: ${round.toFixed(2)} s; ${head.data.headStats.numSeries} series, ${Math.round(head.data.headStats.numSeries / hosts)} for each host`,
    );
    expect(round).toBeGreaterThan(0);
  });

  it('panels of the boards answer', async () => {
    const end = Math.floor(Date.now() / 1000);
    const took: { what: string; ms: number; series: number }[] = [];
    for (const file of readdirSync('dashboards').filter((name) => name.endsWith('.json'))) {
      const board = JSON.parse(readFileSync(join('dashboards', file), 'utf8')) as Board; // printed by us
      for (const { panel, expr, instant, points } of queriesOf(board, {
        scrapeSeconds,
        rangeSeconds: 24 * hour,
        variables: file === 'fleet.json' ? typed : { ...typed, host: 'host-0007' },
      })) {
        const step = Math.max(scrapeSeconds, Math.ceil((24 * hour) / points));
        const query = instant
          ? `query?query=${encodeURIComponent(expr)}&time=${end}`
          : `query_range?query=${encodeURIComponent(expr)}&start=${end - 24 * hour}&end=${end}&step=${step}`;
        const began = performance.now();
        const answer = (await get(query)) as never as {
          status: string;
          error?: string;
          data: { result: unknown[] };
        };
        const ms = performance.now() - began;
        expect(answer.status, `${panel}: ${expr}: ${answer.error}`).toBe('success');
        took.push({ what: `${file} ${panel}`, ms, series: answer.data.result.length });
      }
    }
    took.sort((a, b) => b.ms - a.ms);
    for (const { what, ms, series } of took.slice(0, 8))
      say(`${Math.round(ms)} ms  ${what}: ${series} series`);
    say(`${took.length} queries, median ${Math.round(took[took.length >> 1]?.ms ?? NaN)} ms`);
  }, 900_000);
});

const say = (text: string) => void process.stdout.write(`${text}\n`);
const seconds = (ms: number) => (ms / 1000).toFixed(0);
