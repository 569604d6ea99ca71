import type { Clock } from './host/host.ts';
import { median } from './quantile.ts';
import type { Outcome } from './run.ts';
import type { Fold, HistogramValue, Metric, Sample } from './sample.ts';
import type { Source } from './source.ts';

/** What is published of one metric: values now, histograms as plain (not cumulative) counts. */
export interface Family {
  readonly metric: Metric;
  readonly values: readonly Value[];
}

export interface Value {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | HistogramValue;
}

/** Runs of scheduled sources, added up. The only state of the program that changes. */
export interface Latest {
  /** Makes its metrics known: counters whose labels are all closed start at 0. Twice is the same as once. */
  register(source: Pick<Source, 'name' | 'metrics'>): void;
  add(source: Pick<Source, 'name'>, outcome: Outcome): void;
  /** The last outcome of each source that has run, by name. */
  outcomes(): ReadonlyMap<string, Outcome>;
  families(): readonly Family[];
  /** Drops what all others last said, not what they counted: they are switched off. */
  retain(sources: readonly Pick<Source, 'name' | 'metrics'>[]): void;
}

interface Point {
  readonly at: number;
  readonly value: number;
}

interface Gauge {
  readonly labels: Readonly<Record<string, string>>;
  points: readonly Point[];
  goodForSeconds: number;
}

interface Series {
  readonly metric: Metric;
  readonly counters: Map<string, Value & { value: number }>;
  readonly histograms: Map<string, Value & { value: HistogramValue }>;
  readonly gauges: Map<string, Gauge>;
  /** For a metric with newestOnly: the key last written, by the key of its other labels. */
  readonly newest: Map<string, string>;
}

export function createLatest(clock: Pick<Clock, 'now'>): Latest {
  const series = new Map<string, Series>();
  const last = new Map<string, Outcome>();

  const of = (metric: Metric): Series => {
    const known = series.get(metric.name);
    if (known) return known;
    const fresh = {
      metric,
      counters: new Map(),
      histograms: new Map(),
      gauges: new Map(),
      newest: new Map(),
    };
    series.set(metric.name, fresh);
    return fresh;
  };

  const addGauge = ({ metric, labels, goodForSeconds = Infinity }: Sample, value: number) => {
    const { gauges, newest } = of(metric);
    const now = clock.now();
    const key = keyOf(metric, labels);
    const gauge = gauges.get(key) ?? { labels, points: [], goodForSeconds };
    // What has expired is history of another time: it takes no part in the next median.
    const points = isStale(gauge, now) ? [] : gauge.points;
    gauge.points = keep(metric.fold, points, { at: now, value });
    gauge.goodForSeconds = goodForSeconds;
    gauges.set(key, gauge);
    if (metric.newestOnly) newest.set(keyOf(metric, labels, metric.newestOnly), key);
  };

  const addSample = (sample: Sample) => {
    const { metric, labels, value } = sample;
    const { counters, histograms } = of(metric);
    const key = keyOf(metric, labels);
    if (typeof value !== 'number') {
      const before = histograms.get(key)?.value;
      // Other bounds, after a change of topology, begin anew: a reset, which rate() knows.
      const adds = before && before.bounds.join() === value.bounds.join();
      histograms.set(key, { labels, value: adds ? sum(before, value) : value });
    } else if (metric.kind === 'counter') {
      counters.set(key, { labels, value: (counters.get(key)?.value ?? 0) + Math.max(0, value) });
    } else {
      addGauge(sample, value);
    }
  };

  const gaugesOf = ({ metric, gauges, newest }: Series): Value[] => {
    const now = clock.now();
    const shown = metric.newestOnly ? [...newest.values()] : [...gauges.keys()];
    return shown.flatMap((key) => {
      const gauge = gauges.get(key);
      const value = gauge && !isStale(gauge, now) ? folded(metric.fold, gauge.points, now) : undefined;
      return gauge && value !== undefined ? [{ labels: gauge.labels, value }] : [];
    });
  };

  return {
    register({ metrics }) {
      for (const metric of metrics) {
        const { counters } = of(metric);
        if (metric.kind !== 'counter') continue;
        for (const labels of combinations(metric)) {
          const key = keyOf(metric, labels);
          if (!counters.has(key)) counters.set(key, { labels, value: 0 });
        }
      }
    },
    add({ name }, outcome) {
      last.set(name, outcome);
      if (outcome.status === 'ok') outcome.samples.forEach(addSample);
    },
    outcomes: () => last,
    families: () =>
      [...series.values()].map((one) => ({
        metric: one.metric,
        values: [...one.counters.values(), ...one.histograms.values(), ...gaugesOf(one)],
      })),
    retain(sources) {
      const names = new Set(sources.map(({ name }) => name));
      for (const name of last.keys()) if (!names.has(name)) last.delete(name);
      const spoken = new Set(sources.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
      for (const { metric, gauges, newest } of series.values()) {
        if (spoken.has(metric.name)) continue;
        gauges.clear();
        newest.clear();
      }
    },
  };
}

const keyOf = (metric: Metric, labels: Readonly<Record<string, string>>, without?: string) =>
  metric.labels.map((label) => (label === without ? '' : (labels[label] ?? ''))).join('\0');

const isStale = ({ points, goodForSeconds }: Gauge, now: number) =>
  now - (points.at(-1)?.at ?? now) > goodForSeconds;

const sum = (a: HistogramValue, b: HistogramValue): HistogramValue => ({
  bounds: a.bounds,
  counts: a.counts.map((count, bucket) => count + (b.counts[bucket] ?? 0)),
  sum: a.sum + b.sum,
});

/** The points that later folds may need, and no more: a window keeps only what can still be its maximum. */
function keep(fold: Fold | undefined, points: readonly Point[], next: Point): readonly Point[] {
  if (fold?.kind === 'median') return [...points, next].slice(-fold.of);
  if (fold?.kind !== 'max' && fold?.kind !== 'min') return [next];
  const beats =
    fold.kind === 'max'
      ? (point: Point) => point.value > next.value
      : (point: Point) => point.value < next.value;
  return [...points.filter((point) => next.at - point.at <= fold.windowSeconds && beats(point)), next];
}

function folded(fold: Fold | undefined, points: readonly Point[], now: number): number | undefined {
  if (fold?.kind === 'median') return median(points.map(({ value }) => value));
  // The first one within the window is its extreme: each later one is less extreme than those before it.
  if (fold?.kind === 'max' || fold?.kind === 'min')
    return points.find(({ at }) => now - at <= fold.windowSeconds)?.value;
  return points.at(-1)?.value;
}

/** Every combination of closed labels; none where a label is open. */
function combinations(metric: Metric): Record<string, string>[] {
  return metric.labels.reduce<Record<string, string>[]>(
    (all, label) =>
      all.flatMap((labels) => (metric.closed?.[label] ?? []).map((value) => ({ ...labels, [label]: value }))),
    [{}],
  );
}
