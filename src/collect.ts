import type { Family, Latest, Value } from './latest.ts';
import { seriesOf } from './publish.ts';
import { collections, scrapeSeconds, seriesDropped, sourceSeconds, sourceStatus } from './own.ts';
import { reasonOf, run } from './run.ts';
import type { Outcome } from './run.ts';
import type { Metric, Sample } from './sample.ts';
import type { Context, Source } from './source.ts';

/** How long one reading serves: both scrapes of an offset pair of Prometheus servers, should they meet. */
const sharedSeconds = 1;

export interface CollectPlan {
  readonly collectors: readonly Source[];
  readonly maxSeries: number;
  readonly world: Omit<Context, 'signal'>;
  /** What the daemon says of itself, beside what is said here. */
  readonly own: readonly Sample[];
}

interface Reading {
  readonly began: number;
  readonly until: number;
  done: boolean;
  readonly collection: Promise<Collection>;
}

export interface Collection {
  readonly families: readonly Family[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/** Reads the collectors and puts the probes' latest beside them; scrapes at the same time share one reading. */
export function createCollect(plan: () => CollectPlan, latest: Latest) {
  let current: Reading | undefined;
  let count = 0;
  const dropped = new Map<string, number>();

  async function read(deadlineSeconds: number): Promise<Collection> {
    const { collectors, world, maxSeries, own: said } = plan();
    const { clock } = world.host;
    const began = clock.now();
    const ran = await Promise.all(
      collectors.map(async (source) => [source.name, await run(source, world, deadlineSeconds)] as const),
    );
    count += 1;
    const outcomes = new Map([...latest.outcomes(), ...ran]);
    const families = [
      ...familiesOf(ran.flatMap(([, one]) => (one.status === 'ok' ? one.samples : []))),
      ...latest.families(),
    ];
    const own = [
      ...familiesOf(said),
      family(sourceStatus, [...outcomes].map(statusOf)),
      family(
        sourceSeconds,
        [...outcomes].map(([source, { seconds }]) => ({ labels: { source }, value: seconds })),
      ),
      family(scrapeSeconds, [{ labels: {}, value: clock.now() - began }]),
      family(collections, [{ labels: {}, value: count }]),
    ];
    const room = maxSeries - own.reduce((sum, one) => sum + seriesOf(one), 0) - dropped.size;
    const { kept, left } = fit(families, room, dropped);
    for (const one of left) dropped.set(one.metric.name, (dropped.get(one.metric.name) ?? 0) + seriesOf(one));
    own.push(
      family(
        seriesDropped,
        [...dropped].map(([name, value]) => ({ labels: { family: name }, value })),
      ),
    );
    return { families: [...kept, ...own].toSorted(byName), outcomes };
  }

  return {
    async collect(deadlineSeconds: number): Promise<Collection> {
      const now = plan().world.host.clock.now();
      const until = now + deadlineSeconds;
      // One that hangs is waited for together, so that late scrapes do not pile up new ones; but nobody waits for
      // a reading that may outlast their own deadline.
      const shared = current && (current.done ? now - current.began < sharedSeconds : current.until <= until);
      if (!current || !shared) {
        const reading: Reading = { began: now, until, done: false, collection: read(deadlineSeconds) };
        const end = () => (reading.done = true);
        reading.collection.then(end, end);
        current = reading;
      }
      return current.collection;
    },
    /** The next scrape reads anew: what runs has changed. */
    forget(): void {
      current = undefined;
    },
  };
}

/**
 * Whole families leave, the largest first: fewest names are lost that way, and no sum over half of a family lies. That one
 * left is a series, too, unless it has `gone` before: a family of one makes no room.
 */
export function fit(families: readonly Family[], maxSeries: number, gone: ReadonlyMap<string, unknown>) {
  const left: Family[] = [];
  let total = families.reduce((sum, one) => sum + seriesOf(one), 0);
  for (const one of families.toSorted((a, b) => seriesOf(b) - seriesOf(a))) {
    const room = seriesOf(one) - (gone.has(one.metric.name) ? 0 : 1);
    if (total <= maxSeries || room <= 0) break;
    left.push(one);
    total -= room;
  }
  return { kept: families.filter((one) => !left.includes(one)), left };
}

const byName = (a: Family, b: Family) => (a.metric.name < b.metric.name ? -1 : 1);

const family = (metric: Metric, values: readonly Value[]): Family => ({ metric, values });

const statusOf = ([source, outcome]: readonly [string, Outcome]): Value => ({
  labels: { source, status: outcome.status, reason: reasonOf(outcome) },
  value: 1,
});

function familiesOf(samples: readonly Sample[]): Family[] {
  const families = new Map<string, { metric: Metric; values: Value[] }>();
  for (const { metric, labels, value } of samples) {
    const family = families.get(metric.name) ?? { metric, values: [] };
    if (family.values.length === 0) families.set(metric.name, family);
    family.values.push({ labels, value });
  }
  return [...families.values()];
}
