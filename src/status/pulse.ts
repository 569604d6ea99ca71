import type { Point } from './history.ts';
import type { Known } from './known.ts';
import { laneRowsOf, standingFor } from './lanes.ts';
import { amount, duration, percent, span } from './text.ts';

/** One number that matters, and how it went. */
export interface Gauge {
  readonly id: string;
  readonly title: string;
  /** Null: not known, and `note` says why. */
  readonly now: string | null;
  readonly note: string;
  readonly values: readonly (number | null)[];
  /** The curve in words. */
  readonly description: string;
}

export function pulseOf({ past, families, topology }: Known): readonly Gauge[] {
  const lanes = laneRowsOf(families);
  const several = topology.sockets.length > 1;
  // What the canary says is newer than the last beat.
  const handOff = standingFor(lanes, topology.sockets.length);
  const shares = past.points.map(({ remoteShares }) =>
    remoteShares.size === 0 ? null : Math.max(...remoteShares.values()),
  );
  const pages = past.rates?.pagesPerSecond ?? null;
  const tasks = past.rates?.tasksPerSecond ?? null;
  const remote = [...(past.rates?.sockets.values() ?? [])].flatMap(({ remoteShare }) =>
    remoteShare === null ? [] : [remoteShare],
  );
  return [
    gauge('latency', several ? 'Hand-off between sockets' : 'Hand-off between cores', duration, past.points, {
      now: handOff,
      values: past.points.map(({ handOffSeconds }) => handOffSeconds),
      note: several ? 'median over the pairs of sockets' : 'median, nearest cores',
    }),
    gauge('remote', 'Remote share of DRAM reads', percent, past.points, {
      now: remote.length === 0 ? null : Math.max(...remote),
      values: shares,
      note:
        remote.length === 0
          ? 'not known here: see above'
          : several
            ? 'of the socket with most'
            : 'of the socket',
    }),
    gauge('migrations', 'Pages moved a second', amount, past.points, {
      now: pages,
      values: past.points.map(({ pagesPerSecond }) => pagesPerSecond),
      note:
        pages === null
          ? past.rates === null
            ? 'two readings are needed'
            : 'not counted here'
          : tasks === null
            ? 'between nodes and by compaction'
            : `and ${amount(tasks)} tasks a second to another socket`,
    }),
  ];
}

interface Given {
  readonly now: number | null;
  readonly values: readonly (number | null)[];
  readonly note: string;
}

function gauge(
  id: string,
  title: string,
  format: (value: number) => string,
  points: readonly Point[],
  { now, values, note }: Given,
): Gauge {
  const known = values.filter((value) => value !== null);
  const seconds = (points.at(-1)?.wall ?? 0) - (points[0]?.wall ?? 0);
  const description =
    known.length < 2
      ? 'No curve yet.'
      : `${format(Math.min(...known))} to ${format(Math.max(...known))} in ${span(seconds)}`;
  return { id, title, now: now === null ? null : format(now), note, values, description };
}
