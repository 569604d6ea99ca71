/** What happened to an event between two readings. Pure. */

export interface Interval {
  /** Differences; exact below 2^53, which no interval that we read reaches. */
  readonly value: number;
  readonly enabledNs: number;
  readonly runningNs: number;
}

/** 32-bit words of one event in PerfReadings. */
export const eventWords = 8;
const two32 = 2 ** 32;

/**
 * Of the event at `index` in the list that was opened; `before` null: since it was opened. Null where a reading failed:
 * without both ends there is no difference. Totals pass 2^53 within weeks, so the words are subtracted before they
 * become one number.
 */
export function intervalOf(before: Uint32Array | null, after: Uint32Array, index: number): Interval | null {
  const at = index * eventWords;
  const end = at + 6;
  if (after[end] !== 0 || (before && before[end] !== 0)) return null;
  return {
    value: difference(before, after, at),
    enabledNs: difference(before, after, at + 2),
    runningNs: difference(before, after, at + 4),
  };
}

/** Negative where the counter began anew. */
function difference(before: Uint32Array | null, after: Uint32Array, at: number): number {
  const low = wordOf(after, at) - wordOf(before, at);
  const high = wordOf(after, at + 1) - wordOf(before, at + 1);
  return high * two32 + low;
}

const wordOf = (words: Uint32Array | null, at: number) => words?.[at] ?? 0;
