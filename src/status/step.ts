import { quantile } from '../quantile.ts';

/** From one level to another, and no way back. */
export interface Step {
  /** Of the first value on the new level. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** On each side of a step at least so many values: two minutes of the curve. */
const leastSide = 8;
/** What is told of: a tenth more or less is the weather. */
const leastRatio = 1.15;

/**
 * The one step that explains most of the curve, if it is one: three quarters of each side lie on their side of the middle
 * between the two levels. Null is no value.
 */
export function stepIn(values: readonly (number | null)[]): Step | null {
  const known = values.flatMap((value, at) => (value === null ? [] : [{ value, at }]));
  const total = known.reduce((sum, { value }) => sum + value, 0);
  let left = 0;
  let best = { gain: 0, split: 0 };
  for (const [index, { value }] of known.entries()) {
    const split = index + 1;
    left += value;
    if (split < leastSide || known.length - split < leastSide) continue;
    // What the sum of squares falls by when each side has a mean of its own.
    const gain = left ** 2 / split + (total - left) ** 2 / (known.length - split);
    if (gain > best.gain) best = { gain, split };
  }
  if (best.split === 0) return null;
  const [before, after] = [known.slice(0, best.split), known.slice(best.split)].map((side) =>
    side.map(({ value }) => value),
  );
  if (!before || !after) return null;
  const step = { at: known[best.split]?.at ?? 0, before: of(before, 0.5), after: of(after, 0.5) };
  const [low, high] = step.after > step.before ? [before, after] : [after, before];
  const middle = (step.before + step.after) / 2;
  const apart = of(low, 0.75) < middle && of(high, 0.25) > middle;
  return apart && of(high, 0.5) > of(low, 0.5) * leastRatio ? step : null;
}

const of = (side: readonly number[], q: number) => quantile(side, q) ?? 0;
