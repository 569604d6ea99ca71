import { describe, expect, it } from 'vitest';
import { Absent, Denied, NativeError, ParseError } from '../src/errors.ts';
import { reasonOf, run } from '../src/run.ts';
import type { Metric, Sample } from '../src/sample.ts';
import type { Context, Source } from '../src/source.ts';
import { fakeWorld } from './fakeWorld.ts';

const pages = {
  name: 'numacanary_pages_total',
  kind: 'counter',
  labels: ['event'],
  closed: { event: ['hit', 'miss'] },
  help: 'x',
  tells: 'x',
} as const satisfies Metric;
const sizes = {
  ...pages,
  name: 'numacanary_sizes',
  kind: 'histogram',
  labels: [],
  closed: {},
  bounds: [1],
} as const;
const level = { ...pages, name: 'numacanary_level', kind: 'gauge', labels: [], closed: {} } as const;

const source = (read: (context: Context) => Promise<readonly Sample[]>): Source => ({
  name: 'x',
  metrics: [pages, sizes, level],
  read,
});

const hit: Sample = { metric: pages, labels: { event: 'hit' }, value: 3 };

describe('run', () => {
  it('gives the samples and how long they took', async () => {
    const world = fakeWorld();
    const read = source(async ({ host }) => {
      await host.clock.sleep(2);
      return [hit];
    });
    const outcome = run(read, world, 5);
    await world.clock.advance(2);
    expect(await outcome).toEqual({ status: 'ok', seconds: 2, samples: [hit] });
    expect(world.clock.sleeping).toBe(0);
  });

  it.each([
    { thrown: new Absent('no such file'), status: 'absent', reason: 'not_present' },
    { thrown: new Denied('no'), status: 'denied', reason: 'not_permitted' },
    { thrown: new ParseError('what is this'), status: 'failed', reason: 'unparsable' },
    { thrown: new NativeError('nc_visit', 'EBUSY'), status: 'failed', reason: 'native' },
    { thrown: new TypeError('undefined is not a function'), status: 'failed', reason: 'bug' },
    { thrown: 'a string', status: 'failed', reason: 'bug' },
  ])('tells $thrown apart: $status, $reason', async ({ thrown, status, reason }) => {
    const outcome = await run(source(() => Promise.reject(thrown)), fakeWorld(), 5); // prettier-ignore
    expect(outcome).toMatchObject({ status });
    expect(reasonOf(outcome)).toBe(reason);
  });

  it('gives up a source that does not answer, and tells it so', async () => {
    const world = fakeWorld();
    let told = false;
    const outcome = run(
      source(
        ({ signal }) =>
          new Promise(() => {
            signal.addEventListener('abort', () => (told = true));
          }),
      ),
      world,
      5,
    );
    await world.clock.advance(5);
    const late = await outcome;
    expect(late).toMatchObject({ status: 'failed', seconds: 5 });
    expect(reasonOf(late)).toBe('timeout');
    expect(told).toBe(true);
  });

  it.each<{ what: string; sample: Sample }>([
    { what: 'an undeclared metric', sample: { metric: { ...level }, labels: {}, value: 1 } },
    { what: 'a label too many', sample: { metric: level, labels: { node: '0' }, value: 1 } },
    { what: 'a label too few', sample: { metric: pages, labels: {}, value: 1 } },
    { what: 'a value outside the list', sample: { metric: pages, labels: { event: 'foreign' }, value: 1 } },
    { what: 'NaN', sample: { metric: level, labels: {}, value: NaN } },
    { what: 'a counter that goes down', sample: { ...hit, value: -1 } },
    { what: 'a number for a histogram', sample: { metric: sizes, labels: {}, value: 1 } },
    {
      what: 'a histogram with a hole',
      sample: { metric: sizes, labels: {}, value: { bounds: [1], counts: [1, NaN], sum: 1 } },
    },
  ])('lets nothing through of a source that says $what', async ({ sample }) => {
    const outcome = await run(source(async () => [hit, sample]), fakeWorld(), 5); // prettier-ignore
    expect(outcome.status).toBe('failed');
  });
});
