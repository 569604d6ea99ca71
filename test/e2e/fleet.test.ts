import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shipped } from '../../src/rules/index.ts';
import { json } from '../../dashboards/src/board.ts';
import { boards } from '../../dashboards/src/index.ts';
import { queriesOf } from '../dashboards/queries.ts';
import type { Board } from '../dashboards/queries.ts';
import { faultNames } from '../fleet/fleet.mjs';
import { serveFleet } from '../fleet/serve.mjs';
import { lacks } from '../require.ts';
import { createStack, startPrometheus, until } from './stack.ts';

/** What each fault of the simulated fleet is to raise on its host; nothing else may, anywhere. */
const raised: Readonly<Record<string, readonly string[]>> = {
  slow_link: [
    'CrossSocketLatencyOutlier',
    'CrossSocketLatencyRegression',
    'CrossSocketLatencyRegressionOutlier',
    'ThroughputPenalty',
  ],
  remote_memory: ['IpcDivergence', 'RemoteDramShare', 'RemoteDramShareSteady'],
  false_sharing: ['HitmStorm'],
  page_thrash: ['MigrationThrash'],
  shootdowns: ['TlbShootdownBurst'],
  migrating_tasks: ['TaskMigrationStorm'],
  blind: ['Blind'],
  split_pod: ['PodSplit'],
  other_governor: ['ConditionDrift'],
  silent: ['Down'],
};

const scale = 1 / 720;
const daySeconds = 86_400 * scale;
const hosts = 24;
/** What a simulated fleet has none of. */
const empty = new Set([
  'host: Drift watch',
  'host: What fires here',
  // Once a day.
  'host: Experiments',
  // Once, a minute before.
  'workload: Cpuset changes',
  // Without memory-only nodes.
  'host: Reclaim and tiering',
  'canary-health: Hardware signals that are not counted',
  'canary-health: Series left out',
]);
const hostOf = (index: number) => `host-${String(hosts - index).padStart(4, '0')}`;

describe.skipIf(lacks('prometheus', 'no fleet is looked at'))(
  'a simulated fleet before a real Prometheus',
  () => {
    const stack = createStack();
    let fleet: Awaited<ReturnType<typeof serveFleet>>;
    let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
    afterAll(async () => {
      fleet.close();
      await stack.end();
    });

    beforeAll(async () => {
      const faulty = Object.fromEntries(faultNames.map((fault, index) => [hostOf(index), fault]));
      fleet = await serveFleet({ hosts, faulty, beginSeconds: daySeconds + 15 });
      // A threshold that is a time does not scale by itself.
      const thresholds = { ...shipped.thresholds, blind_seconds: 10 };
      prometheus = await startPrometheus(stack, fleet.targets, { scale, thresholds });
      // Before the first scrape there is nobody, which is an alert of its own.
      await until('every host', 60, async () => {
        const told = await prometheus.query('host:numacanary_group:info');
        const raised = await prometheus.query('ALERTS');
        return told.length === hosts && raised.length === 0 ? true : undefined;
      });
    });

    /** All that ever fired, by host: what is compared with the day before is its own measure soon, at this scale. */
    const seen = new Map<string, Set<string>>();
    const look = async () => {
      for (const { metric } of await prometheus.query('ALERTS{alertstate="firing"}')) {
        const { host = '', alertname = '' } = metric;
        seen.set(host, (seen.get(host) ?? new Set()).add(alertname.replace('Numacanary', '')));
      }
      return Object.fromEntries([...seen].map(([host, names]) => [host, [...names].toSorted()]));
    };

    it('raises nothing in the day before', async () => {
      await until('a day of looking at it', daySeconds + 60, async () => {
        await look();
        const looked = `host:numacanary_group:info offset ${Math.ceil(daySeconds)}s`;
        return (await prometheus.query(looked)).length === hosts ? true : undefined;
      });
      expect(await look()).toEqual({});
    });

    it('raises on each faulty host what its fault is to raise, and nothing else', async () => {
      const expected = Object.fromEntries(
        faultNames.map((fault, index) => [hostOf(index), raised[fault] ?? []]),
      );
      const complete = async () => {
        const now = await look();
        return Object.entries(expected).every(([host, names]) =>
          names.every((name) => now[host]?.includes(name)),
        );
      };
      await until('all alerts', 90, async () => ((await complete()) ? true : undefined)).catch(() => {});
      expect(await look()).toEqual(expected);
    });

    it.each(Object.entries(boards))(
      'every panel of the board %s shows something, with its legend',
      async (name, board) => {
        const variables = {
          cluster: 'simulated',
          app_histogram: 'http_request_duration_seconds',
          quantile: '0.99',
          canary: '.*-canary-.*|host-0001',
        };
        const viewer = {
          scrapeSeconds: 1,
          rangeSeconds: 60,
          variables: name === 'host' ? { ...variables, host: 'host-0002' } : variables,
        };
        const missing: string[] = [];
        const parsed = JSON.parse(json(board)) as Board; // made by us
        for (const { panel, expr, legend } of queriesOf(parsed, viewer)) {
          const series = await prometheus.query(expr);
          if (series.length === 0) missing.push(`${name}: ${panel} :: ${expr}`);
          for (const [, label = ''] of series.length > 0 ? legend.matchAll(/\{\{(\w+)\}\}/g) : [])
            if (label !== 'cgroup' && !series.some(({ metric }) => label in metric))
              missing.push(`${name}: ${panel}: no label ${label}`);
        }
        expect(missing.filter((one) => !empty.has(one.split(' :: ')[0] ?? ''))).toEqual([]);
      },
    );
  },
);
