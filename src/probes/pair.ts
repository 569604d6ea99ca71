import type { Lane, Place, Seat } from './lanes.ts';

/** What is known about CPUs and places when a pair is chosen. Order numbers grow; 0 is never. */
export interface Knowledge {
  /** Share of the last interval in which the CPU was busy, 0 to 1; undefined where it is not known. */
  readonly busy: (cpu: number) => number | undefined;
  readonly lastUsed: (cpu: number) => number;
  readonly lastPlaced: (place: Place) => number;
}

export interface Pair {
  readonly cpuA: number;
  readonly cpuB: number;
  readonly place: Place;
  /** The busier of the two cores, 0 to 1. */
  readonly busy: number;
}

// Readings differ by chance: within a step of a tenth CPUs count as equally idle, and the one that was left
// alone longest is taken. Without it the noise would choose the same core over and over.
const step = 0.1;
const calm = 0.5;

/**
 * The pair to disturb least: the place longest unvisited where two calm cores are to be had, else the calmest of
 * all. Every place may be busy, and still a pair is returned: load never makes us blind.
 */
export function choosePair(lane: Lane, known: Knowledge): Pair | undefined {
  let best: Pair | undefined;
  for (const place of lane.places.toSorted((a, b) => known.lastPlaced(a) - known.lastPlaced(b))) {
    const pair = pairAt(lane, place, known);
    if (pair && pair.busy < calm) return pair;
    if (pair && (!best || pair.busy < best.busy)) best = pair;
  }
  return best;
}

function pairAt(lane: Lane, place: Place, known: Knowledge): Pair | undefined {
  const a = idlest(place.a, known, () => true);
  if (!a) return undefined;
  if (lane.distance === 'smt') {
    const [cpuA, cpuB] = restedOf(a, known);
    return cpuA === undefined || cpuB === undefined
      ? undefined
      : { cpuA, cpuB, place, busy: busyOf(a, known) };
  }
  const b = idlest(
    place.b,
    known,
    ({ core, llcGroup }) => core !== a.core && (lane.distance !== 'node' || llcGroup !== a.llcGroup),
  );
  const [cpuA] = restedOf(a, known);
  const [cpuB] = b ? restedOf(b, known) : [];
  if (!b || cpuA === undefined || cpuB === undefined) return undefined;
  return { cpuA, cpuB, place, busy: Math.max(busyOf(a, known), busyOf(b, known)) };
}

/** One pass over the pool, no sort: it is as long as the socket has cores. */
function idlest(seats: readonly Seat[], known: Knowledge, fits: (seat: Seat) => boolean): Seat | undefined {
  let best: Seat | undefined;
  let bestRank: readonly [number, number] = [Infinity, Infinity];
  for (const seat of seats) {
    const rank = [
      Math.floor(busyOf(seat, known) / step),
      Math.max(...seat.cpus.map(known.lastUsed)),
    ] as const;
    const better = rank[0] < bestRank[0] || (rank[0] === bestRank[0] && rank[1] < bestRank[1]);
    if (better && fits(seat)) [best, bestRank] = [seat, rank];
  }
  return best;
}

/**
 * A core is as busy as its busiest thread, be it one of ours to use or not. Unknown counts as idle: the first
 * reading has no interval, and a host without /proc/stat has none ever.
 */
const busyOf = (seat: Seat, known: Knowledge) =>
  Math.max(0, ...seat.siblings.map((cpu) => known.busy(cpu) ?? 0));

/** Threads of the core in the order in which to take them. */
const restedOf = (seat: Seat, known: Knowledge) =>
  seat.cpus.toSorted((a, b) => known.lastUsed(a) - known.lastUsed(b) || a - b);
