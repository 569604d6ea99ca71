import { distances, type Distance } from '../topology.ts';
import { laneKey, type Lane } from './lanes.ts';

/**
 * Why a lane is due. `burst`: its class has not been seen at all yet, outside every budget. `floor`: its socket
 * pair has waited so long that budget and pressure no longer count. `turn`: its turn, budget permitting.
 */
export type Due = 'burst' | 'floor' | 'turn';

export interface Choice {
  readonly lane: Lane;
  readonly due: Due;
}

export interface Planner {
  /** The lane to visit now; undefined when none may be visited. Counts as visited at once, whatever comes of it. */
  next(
    lanes: readonly Lane[],
    sockets: number,
    now: number,
    affordable: (lane: Lane) => boolean,
  ): Choice | undefined;
  /** A class of these has not been seen yet. */
  bursting(lanes: readonly Lane[]): boolean;
}

/**
 * Deficit round-robin over distance classes: each class in its turn is given its quantum and spends one for each
 * visit, so that a class of many lanes (cross_socket: pairs grow as the square of sockets) gets more visits than
 * one lane per socket, and none waits for another. Within a class: the lane longest unvisited.
 */
export function createPlanner({ burst = false, floorSeconds = Infinity } = {}): Planner {
  const visited = new Map<string, number>(); // lane -> order number of its last visit
  const seen = new Map<string, number>(); // socket pair -> time of its last visit, or when it came up
  const covered = new Set<Distance>();
  const credit = new Map<Distance, number>();
  let visits = 0;
  let turn = 0;
  let floored = false;

  const longestUnvisited = (lanes: readonly Lane[]) =>
    lanes.reduce<Lane | undefined>(
      (oldest, lane) => (!oldest || orderOf(lane) < orderOf(oldest) ? lane : oldest),
      undefined,
    );
  const orderOf = (lane: Lane) => visited.get(laneKey(lane)) ?? 0;

  const inTurn = (lanes: readonly Lane[], sockets: number, affordable: (lane: Lane) => boolean) => {
    const classes = classesOf(lanes);
    for (let tries = 0; tries <= classes.length; tries += 1) {
      const distance = classes[turn % classes.length];
      if (distance === undefined) return undefined;
      const rest = credit.get(distance) ?? 0;
      const lane =
        rest >= 1
          ? longestUnvisited(lanes.filter((l) => l.distance === distance && affordable(l)))
          : undefined;
      if (lane) {
        credit.set(distance, rest - 1);
        return lane;
      }
      // Credit that could not be spent is not saved up: a class back from a long ban must not crowd out others.
      if (rest >= 1) credit.set(distance, 0);
      turn = (turn + 1) % classes.length;
      const following = classes[turn];
      if (following !== undefined)
        credit.set(following, (credit.get(following) ?? 0) + quantumOf(following, lanes, sockets));
    }
    return undefined;
  };

  // A tight budget lets each socket pair through at a moment of its own, and always at the same class's turn: the
  // pair's other lanes would never be seen. Its lanes then go by how long they have waited.
  const fairest = (lane: Lane, lanes: readonly Lane[], affordable: (lane: Lane) => boolean) =>
    lanes.every(affordable)
      ? lane
      : (longestUnvisited(lanes.filter((l) => pairKey(l) === pairKey(lane) && affordable(l))) ?? lane);

  const overdue = (lanes: readonly Lane[], now: number) => {
    const pairs = new Map(lanes.map((lane) => [pairKey(lane), now - (seen.get(pairKey(lane)) ?? now)]));
    const [longest] = [...pairs].toSorted((a, b) => b[1] - a[1]);
    if (!longest || longest[1] < floorSeconds) return undefined;
    return longestUnvisited(lanes.filter((lane) => pairKey(lane) === longest[0]));
  };

  const take = (lane: Lane, due: Due, now: number): Choice => {
    visits += 1;
    floored = due === 'floor';
    visited.set(laneKey(lane), visits);
    seen.set(pairKey(lane), now);
    covered.add(lane.distance);
    return { lane, due };
  };

  const unseen = (lanes: readonly Lane[]) =>
    burst ? lanes.find(({ distance }) => !covered.has(distance)) : undefined;

  return {
    bursting: (lanes) => unseen(lanes) !== undefined,
    next(lanes, sockets, now, affordable) {
      for (const lane of lanes) if (!seen.has(pairKey(lane))) seen.set(pairKey(lane), now);
      const first = unseen(lanes);
      if (first) return take(first, 'burst', now);
      // Where there are more socket pairs than the floor has room for, every second visit stays with the turns.
      const late = floored ? undefined : overdue(lanes, now);
      if (late) return take(late, 'floor', now);
      const lane = inTurn(lanes, sockets, affordable);
      if (lane) return take(fairest(lane, lanes, affordable), 'turn', now);
      const blocked = overdue(lanes, now);
      floored = false;
      return blocked && take(blocked, 'floor', now);
    },
  };
}

/** Visits of one class in a row: one per lane and socket, so that classes of one lane per socket get one. */
export function quantumOf(distance: Distance, lanes: readonly Lane[], sockets: number): number {
  return Math.max(1, lanes.filter((lane) => lane.distance === distance).length / sockets);
}

/** Seconds between two visits of the lane at this tick, with nothing in the way. */
export function expectedRevisitSeconds(
  lane: Lane,
  lanes: readonly Lane[],
  sockets: number,
  tickSeconds: number,
): number {
  const ofClass = lanes.filter(({ distance }) => distance === lane.distance).length;
  const round = classesOf(lanes).reduce((sum, distance) => sum + quantumOf(distance, lanes, sockets), 0);
  return (ofClass / quantumOf(lane.distance, lanes, sockets)) * round * tickSeconds;
}

/** The promise kept by design: each pair of sockets at least this often. */
export function promisedRevisitSeconds(lanes: readonly Lane[], sockets: number): number {
  return Math.max(1, (sockets * (sockets - 1)) / 2) * classesOf(lanes).length * 2;
}

/** The budget is per socket pair, so a larger machine is visited more often; each CPU of it is not. */
export function tickSeconds(baseSeconds: number, sockets: number): number {
  return baseSeconds / Math.max(1, Math.floor(sockets / 2));
}

/** How long a value of this lane may stand: three visits missed, and never less than two minutes. */
export const goodForSeconds = (revisitSeconds: number) => Math.max(120, 3 * revisitSeconds);

const classesOf = (lanes: readonly Lane[]) =>
  distances.filter((distance) => lanes.some((lane) => lane.distance === distance));

const pairKey = ({ socketA, socketB }: Lane) => `${socketA}/${socketB}`;
