import type { HistogramValue, Metric, Thinning } from '../sample.ts';

/** A value on a bound lies below it, as Prometheus has it. */
export function histogramOf(bounds: readonly number[], values: readonly number[]): HistogramValue {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  let sum = 0;
  for (const value of values) {
    const bucket = bounds.findIndex((bound) => value <= bound);
    const at = bucket < 0 ? bounds.length : bucket;
    counts[at] = (counts[at] ?? 0) + 1;
    sum += value;
  }
  return { bounds, counts, sum };
}

/** Bounds of a big machine are bounds of a small one, too: buckets of both can be added up where both have them. */
export function boundsOn({ bounds = [], thinned = [] }: Metric, sockets: number, numaNodes: number) {
  const large = ({ aboveSockets = Infinity, aboveNodes = Infinity }: Thinning) =>
    sockets > aboveSockets || numaNodes > aboveNodes;
  const every = thinned.findLast(large)?.every ?? 1;
  return bounds.filter((_, k) => k % every === every - 1);
}
