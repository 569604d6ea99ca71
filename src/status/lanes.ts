import { median } from '../quantile.ts';
import { distances, type Distance } from '../topology.ts';
import { readingsOf, type Families, type Reading, type names } from './families.ts';

/** What the canary found of one pair of sockets at one distance. Seconds for a hand-off, half a round trip. */
export interface LaneRow {
  readonly sourceSocket: number;
  readonly targetSocket: number;
  readonly distance: Distance;
  /** Plain stores over two lines, on their writer's node. */
  readonly storeSeconds: number | null;
  readonly swapSeconds: number | null;
  readonly floorSeconds: number | null;
  readonly maxSeconds: number | null;
  readonly lastCleanAt: number | null;
  /** It measures faster than a nearer distance. */
  readonly mismatch: boolean;
}

export function laneRowsOf(families: Families): readonly LaneRow[] {
  const rows = new Map<string, LaneRow>();
  const put = (reading: Reading, change: (value: number) => Partial<LaneRow>) => {
    const lane = laneOf(reading.labels);
    if (!lane) return;
    const key = `${lane.sourceSocket}/${lane.targetSocket}/${lane.distance}`;
    rows.set(key, { ...(rows.get(key) ?? { ...unknown, ...lane }), ...change(reading.value) });
  };
  const each = (name: keyof typeof names, change: (value: number) => Partial<LaneRow>, pattern?: string) => {
    for (const reading of readingsOf(families, name)) {
      const { pattern: of = pattern, home = 'writer' } = reading.labels;
      if (of === pattern && home === 'writer') put(reading, change);
    }
  };
  each('handOffMedian', (value) => ({ storeSeconds: value }), 'store2');
  each('handOffMedian', (value) => ({ swapSeconds: value }), 'cas1');
  each('handOffFloor', (value) => ({ floorSeconds: value }), 'store2');
  each('handOffMax', (value) => ({ maxSeconds: value }));
  each('lastClean', (value) => ({ lastCleanAt: value }));
  each('classMismatch', (value) => ({ mismatch: value === 1 }));
  return [...rows.values()].toSorted(
    (a, b) =>
      distances.indexOf(a.distance) - distances.indexOf(b.distance) ||
      a.sourceSocket - b.sourceSocket ||
      a.targetSocket - b.targetSocket,
  );
}

export interface SocketMatrix {
  readonly sockets: readonly number[];
  /** Seconds; on the diagonal the nearest distance between two cores of the socket. Null: not measured. */
  readonly seconds: readonly (readonly (number | null)[])[];
}

/** Sockets by sockets, of what the canary knows without a sweep. */
export function socketMatrixOf(sockets: readonly number[], rows: readonly LaneRow[]): SocketMatrix {
  const cells = new Map<string, number>();
  for (const { sourceSocket, targetSocket, distance, storeSeconds } of rows) {
    // Nearest first: what is there is not overwritten by a farther distance of the same socket.
    const key = `${sourceSocket}/${targetSocket}`;
    if (storeSeconds === null || distance === 'smt' || cells.has(key)) continue;
    cells.set(key, storeSeconds);
    cells.set(`${targetSocket}/${sourceSocket}`, storeSeconds);
  }
  return { sockets, seconds: sockets.map((a) => sockets.map((b) => cells.get(`${a}/${b}`) ?? null)) };
}

/** The distance within a socket that stands for "local": the nearest between two cores, SMT siblings being one. */
export function localLane(rows: readonly LaneRow[]): { distance: Distance; seconds: number } | null {
  for (const distance of ['llc', 'node', 'socket'] as const) {
    const seconds = medianOf(rows, distance);
    if (seconds !== null) return { distance, seconds };
  }
  return null;
}

/** Median over the pairs of sockets at that distance. */
export const medianOf = (rows: readonly LaneRow[], distance: Distance): number | null =>
  median(of(rows, distance)) ?? null;

/**
 * The hand-off that stands for the machine: between sockets where there are several, and else between cores. One that was
 * not made has no other in its place: it would be a different number under the same name.
 */
export const standingFor = (rows: readonly LaneRow[], sockets: number): number | null =>
  sockets > 1 ? medianOf(rows, 'cross_socket') : (localLane(rows)?.seconds ?? null);

/** The pair that takes longest. */
export const slowest = (rows: readonly LaneRow[], distance: Distance): LaneRow | undefined =>
  rows
    .filter((row) => row.distance === distance && row.storeSeconds !== null)
    .toSorted((a, b) => (b.storeSeconds ?? 0) - (a.storeSeconds ?? 0))[0];

const of = (rows: readonly LaneRow[], distance: Distance) =>
  rows.flatMap((row) => (row.distance === distance && row.storeSeconds !== null ? [row.storeSeconds] : []));

const unknown = {
  storeSeconds: null,
  swapSeconds: null,
  floorSeconds: null,
  maxSeconds: null,
  lastCleanAt: null,
  mismatch: false,
};

function laneOf({ src_socket, dst_socket, distance }: Readonly<Record<string, string>>) {
  const known = distances.find((one) => one === distance);
  return known === undefined || src_socket === undefined || dst_socket === undefined
    ? undefined
    : { sourceSocket: Number(src_socket), targetSocket: Number(dst_socket), distance: known };
}
