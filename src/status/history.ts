import { ratesOf, totalsOf, type Rates, type Totals } from './counters.ts';
import type { Families } from './families.ts';
import { laneRowsOf, standingFor } from './lanes.ts';

/** One a beat: 120 of them are half an hour. */
export const beatSeconds = 15;
export const keptPoints = 120;
/** Scrapes are seconds to minutes apart; what was counted longer ago is no answer to "now". */
export const ratesGoodForSeconds = 300;

export interface Point {
  /** Seconds since 1970. */
  readonly wall: number;
  /** Median hand-off between sockets; on one socket that between two of its cores. */
  readonly handOffSeconds: number | null;
  /** Of the DRAM reads of each socket. */
  readonly remoteShares: ReadonlyMap<number, number>;
  readonly pagesPerSecond: number | null;
  readonly tasksPerSecond: number | null;
}

export interface Past {
  /** Oldest first, at most `keptPoints`. */
  readonly points: readonly Point[];
  /** Between the last two collections that lay at least half a beat apart; null before the second, and when it is long ago. */
  readonly rates: Rates | null;
}

export interface Beat {
  /** Monotonic seconds. */
  readonly now: number;
  readonly wall: number;
  /** How many the machine has. */
  readonly sockets: number;
  /** When what the collectors say was read, monotonic; null: not yet. */
  readonly collectedAt: number | null;
  readonly families: Families;
}

/**
 * What the sparklines show. Fed by a beat and not by who looks, so that a wall of screens and nobody at all leave the
 * same trace; beats that come too early are left out.
 */
export function createHistory() {
  let points: readonly Point[] = [];
  let beatAt = -Infinity;
  let before: { readonly at: number; readonly totals: Totals } | undefined;
  let rates: Rates | null = null;

  /** New rates where there is a new collection, at least half a beat after the one that they are counted from. */
  function counted({ collectedAt, families }: Beat): Rates | null {
    if (collectedAt === null) return null;
    const seconds = collectedAt - (before?.at ?? -Infinity);
    if (seconds < beatSeconds / 2) return null;
    const totals = totalsOf(families);
    const fresh = before ? ratesOf(before.totals, totals, seconds) : null;
    before = { at: collectedAt, totals };
    return fresh;
  }

  return {
    beat(beat: Beat): void {
      if (beat.now - beatAt < beatSeconds / 2) return;
      beatAt = beat.now;
      const fresh = counted(beat);
      rates = fresh ?? rates;
      const point: Point = {
        wall: beat.wall,
        handOffSeconds: standingFor(laneRowsOf(beat.families), beat.sockets),
        remoteShares: sharesOf(fresh),
        pagesPerSecond: fresh?.pagesPerSecond ?? null,
        tasksPerSecond: fresh?.tasksPerSecond ?? null,
      };
      points = [...points, point].slice(-keptPoints);
    },
    /** As it stands at this monotonic second. */
    past: (now: number): Past => ({
      points,
      rates: before && now - before.at <= ratesGoodForSeconds ? rates : null,
    }),
  };
}

const sharesOf = (rates: Rates | null): ReadonlyMap<number, number> =>
  new Map(
    [...(rates?.sockets ?? [])].flatMap(([socket, { remoteShare }]) =>
      remoteShare === null ? [] : [[socket, remoteShare] as const],
    ),
  );
