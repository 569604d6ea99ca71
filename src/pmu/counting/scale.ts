/** What an interval adds to a total, and how much of the time it saw. Pure. */
import type { Interval } from './interval.ts';

export interface Share {
  /** Counts that the event is taken to have had; null: it never ran, and nothing is said. */
  readonly counts: number | null;
  readonly runningNs: number;
  /** What runningNs is a part of. */
  readonly ofNs: number;
}

/** Of a group that is always on: what it missed while others had the counters is taken to be like what it saw. */
export const ofAlways = (interval: Interval): Share | null => shareOf(interval, interval.enabledNs);

/**
 * Of a group that has just had its turn: it stands for the time since its last turn ended, its own included. A wall
 * clock that saw less than the counters did is not believed.
 */
export const ofTurn = (interval: Interval, wallNs: number): Share | null =>
  shareOf(interval, Math.max(wallNs, interval.enabledNs));

/** Null where nothing is known: no time has passed, or the counter began anew in it. */
function shareOf({ value, enabledNs, runningNs }: Interval, ofNs: number): Share | null {
  if (value < 0 || runningNs < 0 || enabledNs <= 0) return null;
  if (runningNs === 0) return { counts: null, runningNs, ofNs };
  // The kernel takes the two times one after the other: running may be ahead by a little.
  return { counts: value * Math.max(1, ofNs / runningNs), runningNs: Math.min(runningNs, ofNs), ofNs };
}
