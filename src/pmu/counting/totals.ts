/**
 * What was counted since the program began, by series. Sessions of counters come and go under it: a total never falls,
 * and one that cannot be had is not told.
 */
import type { Metric } from '../../sample.ts';
import { createCoverages } from './coverage.ts';
import type { Coverage } from './coverage.ts';
import { intervalOf } from './interval.ts';
import type { Interval } from './interval.ts';
import type { Counter, Group, Place, Stand } from '../plan.ts';
import { ofAlways, ofTurn } from './scale.ts';

export interface Total {
  readonly metric: Metric;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Where its events stand in the list that was opened. */
export interface Span extends Stand {
  readonly first: number;
}

/** Two readings of one list. */
export interface Step {
  readonly spans: readonly Span[];
  /** Null: since it was opened. */
  readonly before: Uint32Array | null;
  readonly after: Uint32Array;
  /** Of groups whose turn just ended: time since the one before ended. Null: leaves out groups that take turns. */
  readonly wallNs: number | null;
}

export interface Books {
  add(step: Step): void;
  /** Hides what is counted nowhere of these; should it come back, it goes on from where it was. */
  retain(stands: readonly Stand[]): void;
  totals(): readonly Total[];
  coverage(): readonly Coverage[];
}

interface Account {
  readonly metric: Metric;
  readonly labels: Readonly<Record<string, string>>;
  value: number;
  /** Some of it ran when it was last on. */
  told: boolean;
}

export function createBooks(): Books {
  const accounts = new Map<string, Account>();
  const coverages = createCoverages();
  // A thousand CPUs ask for the same few accounts at every reading.
  const known = new WeakMap<Counter, Map<number, Account>>();

  function accountOf(counter: Counter, place: Place): Account {
    const places = known.get(counter) ?? new Map<number, Account>();
    known.set(counter, places);
    const at = place.socket * 65_536 + (place.numaNode ?? 65_535);
    const account = places.get(at) ?? open(counter, place);
    places.set(at, account);
    return account;
  }

  function open(counter: Counter, place: Place): Account {
    const labels = labelsOf(counter, place);
    const key = keyOf(counter.metric, labels);
    const account = accounts.get(key) ?? { metric: counter.metric, labels, value: 0, told: false };
    accounts.set(key, account);
    return account;
  }

  return {
    add({ spans, before, after, wallNs }) {
      const ran = new Map<Account, boolean>();
      const tally = coverages.tally();
      for (const { group, place, first } of spans) {
        for (const [index, counter] of group.counters.entries()) {
          const interval = intervalOf(before, after, first + index);
          const share = interval && shareOf(group, interval, wallNs);
          // No time passed: it is as it was. A failed reading, though, is one in which nothing was seen.
          if (interval && !share) continue;
          const account = accountOf(counter, place);
          const counts = share?.counts ?? null;
          if (counts !== null) account.value += counts * counter.scale;
          ran.set(account, counts !== null || ran.get(account) === true);
          tally.add(group.name, place.socket, share);
        }
      }
      for (const [account, some] of ran) account.told = some;
      tally.close();
    },
    retain(stands) {
      const counted = new Set(
        stands.flatMap(({ group, place }) => group.counters.map((counter) => accountOf(counter, place))),
      );
      for (const account of accounts.values()) account.told &&= counted.has(account);
      coverages.retain(stands);
    },
    totals: () =>
      [...accounts.values()]
        .filter(({ told }) => told)
        .map(({ metric, labels, value }) => ({ metric, labels, value })),
    coverage: () => coverages.list(),
  };
}

function shareOf({ when }: Group, interval: Interval, wallNs: number | null) {
  if (when === 'always') return ofAlways(interval);
  return wallNs === null ? null : ofTurn(interval, wallNs);
}

function labelsOf({ metric, labels }: Counter, { socket, numaNode }: Place): Record<string, string> {
  const ofPlace = Object.entries({ socket: `${socket}`, numa_node: `${numaNode ?? ''}` });
  return { ...Object.fromEntries(ofPlace.filter(([label]) => metric.labels.includes(label))), ...labels };
}

const keyOf = ({ name, labels: order }: Metric, labels: Readonly<Record<string, string>>) =>
  JSON.stringify([name, ...order.map((label) => labels[label])]);
