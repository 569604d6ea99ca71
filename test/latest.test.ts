import { array, assert, asyncProperty, double, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Absent } from '../src/errors.ts';
import { createLatest } from '../src/latest.ts';
import type { Latest } from '../src/latest.ts';
import type { Fold, Metric, Sample } from '../src/sample.ts';
import { fakeClock } from './fakes.ts';

const words = { help: 'x', tells: 'x' };
const visits = {
  ...words,
  name: 'numacanary_visits_total',
  kind: 'counter',
  labels: ['outcome', 'distance'],
  closed: { outcome: ['clean', 'tainted'], distance: ['llc', 'cross_socket'] },
} as const satisfies Metric;
const items = {
  ...words,
  name: 'numacanary_items_total',
  kind: 'counter',
  labels: ['socket'],
} as const satisfies Metric;
const gauge = (fold?: Fold, more: Partial<Metric> = {}): Metric => ({
  ...words,
  name: 'numacanary_level',
  kind: 'gauge',
  labels: [],
  ...(fold ? { fold } : {}),
  ...more,
});
const latency = {
  ...words,
  name: 'numacanary_latency_seconds',
  kind: 'histogram',
  labels: [],
  bounds: [1, 2, 4],
} as const satisfies Metric;

const source = { name: 'x', metrics: [visits, items, latency, gauge()] };
const ok = (...samples: Sample[]) => ({ status: 'ok' as const, seconds: 0, samples });
const valuesOf = (latest: Latest, metric: Metric) =>
  latest.families().find((family) => family.metric.name === metric.name)?.values ?? [];

const countsOf = (latest: Latest) =>
  valuesOf(latest, latency).map(({ value }) => typeof value !== 'number' && value.counts);

describe('latest', () => {
  it('starts a counter at 0 for every combination of closed labels, and no other', () => {
    const latest = createLatest(fakeClock());
    latest.register(source);
    expect(valuesOf(latest, visits)).toEqual([
      { labels: { outcome: 'clean', distance: 'llc' }, value: 0 },
      { labels: { outcome: 'clean', distance: 'cross_socket' }, value: 0 },
      { labels: { outcome: 'tainted', distance: 'llc' }, value: 0 },
      { labels: { outcome: 'tainted', distance: 'cross_socket' }, value: 0 },
    ]);
    expect(valuesOf(latest, items)).toEqual([]);
  });

  it('keeps what was counted when a source is registered again', () => {
    const latest = createLatest(fakeClock());
    latest.register(source);
    latest.add(source, ok({ metric: visits, labels: { outcome: 'clean', distance: 'llc' }, value: 2 }));
    latest.register(source);
    expect(valuesOf(latest, visits)[0]).toEqual({ labels: { outcome: 'clean', distance: 'llc' }, value: 2 });
  });

  it('adds counters up and never lets one go down', () => {
    assert(
      property(array(double({ min: -10, max: 1e9, noNaN: true })), (adds) => {
        const latest = createLatest(fakeClock());
        let before = 0;
        for (const value of adds) {
          latest.add(source, ok({ metric: items, labels: { socket: '0' }, value }));
          const now = Number(valuesOf(latest, items)[0]?.value);
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
      }),
    );
  });

  it('merges histograms of many runs as it would one run of them all', () => {
    const counts = array(nat(1000), { minLength: 4, maxLength: 4 });
    assert(
      property(array(counts, { minLength: 1 }), (runs) => {
        const one = createLatest(fakeClock());
        for (const run of runs) one.add(source, ok(histogram(run)));
        const bulk = createLatest(fakeClock());
        bulk.add(source, ok(...runs.map(histogram)));
        const whole = createLatest(fakeClock());
        whole.add(
          source,
          ok(histogram([0, 1, 2, 3].map((k) => runs.reduce((sum, run) => sum + (run[k] ?? 0), 0)))),
        );
        expect(valuesOf(bulk, latency)).toEqual(valuesOf(one, latency));
        expect(countsOf(one)).toEqual(countsOf(whole));
      }),
    );
  });

  it('begins a histogram anew when its bounds change', () => {
    const latest = createLatest(fakeClock());
    latest.add(source, ok(histogram([1, 1, 1, 1])));
    const value = { bounds: [1, 4], counts: [1, 0, 0], sum: 1 };
    latest.add(source, ok({ metric: latency, labels: {}, value }));
    expect(valuesOf(latest, latency)).toEqual([{ labels: {}, value }]);
  });

  it.each<{
    fold: Fold | undefined;
    given: [at: number, value: number][];
    at: number;
    is: number | undefined;
  }>([
    { fold: undefined, given: [[0, 1], [1, 2]], at: 2, is: 2 }, // prettier-ignore
    { fold: { kind: 'median', of: 3 }, given: [[0, 90], [1, 1], [2, 2], [3, 9]], at: 3, is: 2 }, // prettier-ignore
    { fold: { kind: 'max', windowSeconds: 10 }, given: [[0, 9], [5, 3], [9, 4]], at: 10, is: 9 }, // prettier-ignore
    { fold: { kind: 'max', windowSeconds: 10 }, given: [[0, 9], [5, 3], [9, 4]], at: 11, is: 4 }, // prettier-ignore
    { fold: { kind: 'max', windowSeconds: 10 }, given: [[0, 9], [5, 3], [9, 4]], at: 20, is: undefined }, // prettier-ignore
    { fold: { kind: 'min', windowSeconds: 10 }, given: [[0, 1], [5, 3], [9, 2]], at: 11, is: 2 }, // prettier-ignore
  ])('folds $given by $fold to $is at $at', async ({ fold, given, at, is }) => {
    const clock = fakeClock(0);
    const latest = createLatest(clock);
    const metric = gauge(fold);
    for (const [when, value] of given) {
      await clock.advance(when - clock.now());
      latest.add(source, ok({ metric, labels: {}, value }));
    }
    await clock.advance(at - clock.now());
    expect(valuesOf(latest, metric)[0]?.value).toBe(is);
  });

  it('keeps of a sliding maximum what a full history would give', async () => {
    const steps = array(tuple(nat(6), nat(100)), { minLength: 1, maxLength: 40 });
    await assert(
      asyncProperty(steps, async (given) => {
        const clock = fakeClock(0);
        const latest = createLatest(clock);
        const metric = gauge({ kind: 'max', windowSeconds: 10 });
        const history: { at: number; value: number }[] = [];
        for (const [wait, value] of given) {
          await clock.advance(wait);
          latest.add(source, ok({ metric, labels: {}, value }));
          history.push({ at: clock.now(), value });
          const inWindow = history.filter(({ at }) => clock.now() - at <= 10).map((one) => one.value);
          expect(valuesOf(latest, metric)[0]?.value).toBe(Math.max(...inWindow));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('stops publishing a gauge that has grown old, and forgets its history', async () => {
    const clock = fakeClock();
    const latest = createLatest(clock);
    const metric = gauge({ kind: 'median', of: 3 });
    const say = (value: number) => latest.add(source, ok({ metric, labels: {}, value, goodForSeconds: 120 }));
    say(1);
    await clock.advance(120);
    expect(valuesOf(latest, metric)).toHaveLength(1);
    await clock.advance(1);
    expect(valuesOf(latest, metric)).toEqual([]);
    say(9);
    expect(valuesOf(latest, metric)[0]?.value).toBe(9);
  });

  it('keeps a gauge that was not given an age', async () => {
    const clock = fakeClock();
    const latest = createLatest(clock);
    latest.add(source, ok({ metric: gauge(), labels: {}, value: 1_700_000_000 }));
    await clock.advance(1e6);
    expect(valuesOf(latest, gauge())).toHaveLength(1);
  });

  it('shows the newest value only of a label that is history', () => {
    const latest = createLatest(fakeClock());
    const metric = gauge(undefined, {
      labels: ['pair', 'load'],
      closed: { load: ['idle', 'busy'] },
      newestOnly: 'load',
    });
    const say = (pair: string, load: string, value: number) =>
      latest.add(source, ok({ metric, labels: { pair, load }, value }));
    say('a', 'idle', 1);
    say('b', 'idle', 2);
    say('a', 'busy', 3);
    expect(valuesOf(latest, metric)).toEqual([
      { labels: { pair: 'a', load: 'busy' }, value: 3 },
      { labels: { pair: 'b', load: 'idle' }, value: 2 },
    ]);
    say('a', 'idle', 4);
    expect(valuesOf(latest, metric)[0]).toEqual({ labels: { pair: 'a', load: 'idle' }, value: 4 });
  });

  it('keeps what stands when a run fails, and remembers that it failed', () => {
    const latest = createLatest(fakeClock());
    latest.add(source, ok({ metric: items, labels: { socket: '0' }, value: 2 }));
    latest.add(source, { status: 'absent', seconds: 1, error: new Absent('gone') });
    expect(valuesOf(latest, items)).toEqual([{ labels: { socket: '0' }, value: 2 }]);
    expect(latest.outcomes().get('x')?.status).toBe('absent');
  });

  it('drops what a source last said when it is switched off, not what it counted', () => {
    const latest = createLatest(fakeClock());
    const metric = gauge(undefined, { newestOnly: 'load', labels: ['load'], closed: { load: ['idle'] } });
    latest.add(source, ok({ metric: items, labels: { socket: '0' }, value: 2 }));
    latest.add(source, ok({ metric, labels: { load: 'idle' }, value: 7 }));
    latest.retain([{ name: 'x', metrics: [metric, items] }]);
    expect(valuesOf(latest, metric)).toHaveLength(1);
    expect(latest.outcomes().size).toBe(1);
    latest.retain([{ name: 'y', metrics: [] }]);
    expect(valuesOf(latest, metric)).toEqual([]);
    expect(valuesOf(latest, items)).toHaveLength(1);
    expect(latest.outcomes().size).toBe(0);
  });
});

function histogram(counts: readonly number[]): Sample {
  const sum = counts.reduce((total, count, k) => total + count * (k + 0.5), 0);
  return { metric: latency, labels: {}, value: { bounds: latency.bounds, counts, sum } };
}
