import { describe, expect, it } from 'vitest';
import { createCollect, fit } from '../src/collect.ts';
import { createLatest } from '../src/latest.ts';
import type { Family } from '../src/latest.ts';
import { fakeWorld } from './fakeWorld.ts';

const family = (name: string, series: number): Family => ({
  metric: { name: `numacanary_${name}`, kind: 'gauge', labels: ['x'], help: 'x', tells: 'x' },
  values: Array.from({ length: series }, (_, x) => ({ labels: { x: String(x) }, value: x })),
});

describe('fit', () => {
  const three = [family('small', 1), family('large', 50), family('middle', 20)];
  it.each([
    { max: 71, gone: [], left: [] },
    { max: 70, gone: [], left: ['numacanary_large'] },
    // What was left out is counted, which is a series.
    { max: 22, gone: [], left: ['numacanary_large'] },
    { max: 21, gone: [], left: ['numacanary_large', 'numacanary_middle'] },
    { max: 21, gone: ['numacanary_large'], left: ['numacanary_large'] },
    // The smallest makes no room that its count would not take.
    { max: 0, gone: [], left: ['numacanary_large', 'numacanary_middle'] },
    {
      max: 0,
      gone: ['numacanary_small'],
      left: ['numacanary_large', 'numacanary_middle', 'numacanary_small'],
    },
  ])('leaves $left out of a page of $max, having counted $gone', ({ max, gone, left }) => {
    const fitted = fit(three, max, new Map(gone.map((name) => [name, 1])));
    expect(fitted.left.map(({ metric }) => metric.name)).toEqual(left);
    expect(fitted.kept).toHaveLength(3 - left.length);
  });

  it('counts every line of a histogram', () => {
    const histogram: Family = {
      metric: { name: 'numacanary_h', kind: 'histogram', labels: [], bounds: [1, 2], help: 'x', tells: 'x' },
      values: [{ labels: {}, value: { bounds: [1, 2], counts: [1, 1, 1], sum: 4 } }],
    };
    expect(fit([histogram], 5, new Map()).left).toEqual([]);
    expect(fit([histogram], 4, new Map()).left).toEqual([histogram]);
  });
});

describe('a collection', () => {
  it('that hangs is waited for together by all who can wait as long', async () => {
    const world = fakeWorld();
    let reads = 0;
    const hung = { name: 'hung', metrics: [], read: () => ((reads += 1), new Promise<[]>(() => {})) };
    const plan = { collectors: [hung], maxSeries: 1000, world, own: [] };
    const collections = createCollect(() => plan, createLatest(world.clock));
    const first = collections.collect(10);
    await world.clock.advance(5);
    const second = collections.collect(10);
    expect(reads).toBe(1);
    const hasty = collections.collect(2);
    expect(reads).toBe(2);
    await world.clock.advance(5);
    expect(await second).toBe(await first);
    expect((await hasty).outcomes.get('hung')).toMatchObject({ status: 'failed', seconds: 2 });
    void collections.collect(10);
    expect(reads).toBe(3);
  });
});
