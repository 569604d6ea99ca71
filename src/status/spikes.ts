import type { Clock } from '../host/host.ts';
import type { Latest } from '../latest.ts';
import { median } from '../quantile.ts';
import type { Sample } from '../sample.ts';
import { names } from './families.ts';

/** A spike is a clean group of hand-offs this many times the pair's own median, and no less than so much above it. */
const factor = 2;
const leastAboveSeconds = 50e-9;
/** Visits that make a median to be above of, and how many it is of at most. */
const leastVisits = 5;
const mostVisits = 31;
const keptSpikes = 50;
/** Pairs of sockets at a distance: 8 sockets have 60. What a hostile or broken topology has beyond is not watched. */
const keptPairs = 1024;

export interface Spike {
  readonly sourceSocket: number;
  readonly targetSocket: number;
  readonly distance: string;
  /** Seconds since 1970: the first and the last visit that saw it. */
  readonly beganAt: number;
  readonly seenAt: number;
  readonly visits: number;
  /** The worst mean of 16 clean hand-offs in it, half a round trip. */
  readonly seconds: number;
  /** What the pair's median was before. */
  readonly medianSeconds: number;
}

interface Pair {
  medians: readonly number[];
  open: Spike | undefined;
}

/**
 * Spikes as the latency probe's visits pass by. They are looked for in what a visit had to say anyway, after it: the
 * timed path knows nothing of them. Visits in a row that see one are one spike; a pair that stays slow is one only until
 * its median has followed.
 */
export function createSpikes() {
  const pairs = new Map<string, Pair>();
  let spikes: readonly Spike[] = [];

  function look(labels: Readonly<Record<string, string>>, seconds: number, wall: number) {
    const key = keyOf(labels);
    const pair = pairs.get(key);
    const usual = pair && pair.medians.length >= leastVisits ? median(pair.medians) : undefined;
    if (!pair || usual === undefined) return;
    const base = pair.open?.medianSeconds ?? usual;
    if (seconds < base * factor || seconds - base < leastAboveSeconds) {
      pair.open = undefined;
      return;
    }
    const { open } = pair;
    const spike: Spike = {
      sourceSocket: Number(labels['src_socket']),
      targetSocket: Number(labels['dst_socket']),
      distance: labels['distance'] ?? '',
      beganAt: open?.beganAt ?? wall,
      seenAt: wall,
      visits: (open?.visits ?? 0) + 1,
      seconds: Math.max(open?.seconds ?? 0, seconds),
      medianSeconds: base,
    };
    // The median has followed: from here on this is how slow the pair is, and no spike.
    pair.open = seconds < usual * factor ? undefined : spike;
    spikes = [...spikes.filter((one) => one !== open), spike].slice(-keptSpikes);
  }

  function remember(labels: Readonly<Record<string, string>>, seconds: number) {
    const key = keyOf(labels);
    const pair = pairs.get(key) ?? { medians: [], open: undefined };
    if (pair.medians.length === 0 && pairs.size >= keptPairs) return;
    pairs.set(key, { ...pair, medians: [...pair.medians, seconds].slice(-mostVisits) });
  }

  return {
    /** What one visit said. */
    visited(samples: readonly Sample[], wall: number): void {
      for (const { metric, labels, value } of samples) {
        if (metric.name === names.handOffMax && typeof value === 'number') look(labels, value, wall);
      }
      for (const { metric, labels, value } of samples) {
        if (metric.name !== names.handOffMedian || typeof value !== 'number') continue;
        if (labels['pattern'] === 'store2' && labels['home'] === 'writer') remember(labels, value);
      }
    },
    /** The oldest first. */
    all: (): readonly Spike[] => spikes,
    /** As /api/v1/spikes answers. */
    document: () => ({
      rule: `a mean of 16 clean hand-offs at least ${factor} times the median of the pair's last ${mostVisits} visits, and ${Math.round(leastAboveSeconds * 1e9)} ns above it`,
      kept: keptSpikes,
      spikes,
    }),
  };
}

export type Spikes = ReturnType<typeof createSpikes>;

/** Every run that is written down passes by here. */
export const overheard = (latest: Latest, spikes: Spikes, clock: Pick<Clock, 'wall'>): Latest => ({
  ...latest,
  add(source, outcome) {
    latest.add(source, outcome);
    if (source.name === 'latency' && outcome.status === 'ok') spikes.visited(outcome.samples, clock.wall());
  },
});

const keyOf = ({ src_socket, dst_socket, distance }: Readonly<Record<string, string>>) =>
  `${src_socket}/${dst_socket}/${distance}`;
