import { median } from '../quantile.ts';
import { distances } from '../topology.ts';
import { laneKey, type Lane } from './lanes.ts';

const fasterBy = 1.25;

/**
 * Remembers the last five clean medians of each lane while they are good, and tells whether one contradicts the
 * class it was taken in: a farther pair that is faster than a nearer one of the same sockets. Both stay as they
 * were measured.
 */
export function createOrder() {
  const recent = new Map<
    string,
    { readonly lane: Lane; readonly values: readonly number[]; until: number }
  >();
  return {
    contradicts(lane: Lane, seconds: number, now: number, goodForSeconds: number): boolean {
      // The machine may have changed: what a lane was that is long unvisited contradicts nothing.
      for (const [key, { until }] of recent) if (until < now) recent.delete(key);
      const values = [...(recent.get(laneKey(lane))?.values ?? []), seconds].slice(-5);
      recent.set(laneKey(lane), { lane, values, until: now + goodForSeconds });
      const own = median(values) ?? seconds;
      return [...recent.values()].some(
        (other) =>
          distances.indexOf(other.lane.distance) < distances.indexOf(lane.distance) &&
          sharesSocket(other.lane, lane) &&
          (median(other.values) ?? 0) > own * fasterBy,
      );
    },
  };
}

const sharesSocket = (a: Lane, b: Lane) =>
  [a.socketA, a.socketB].some((socket) => socket === b.socketA || socket === b.socketB);
