/** Counters that are open and do not count: their CPU is gone, or others have what they need. */
import { intervalOf } from '../pmu/counting/interval.ts';
import type { Group, Plan } from '../pmu/plan.ts';
import { split, without } from '../pmu/planning/settle.ts';
import type { Session } from './begin.ts';
import type { Slot } from './session.ts';

/** So many readings, or turns, in which a group ran on no CPU of a socket are no accident. */
const patience = 2;
/** Groups that share counters each have them for some milliseconds at a time. */
const leastNs = 1e8;

export const hasRun = (before: Uint32Array | null, after: Uint32Array, { first }: Slot) =>
  (intervalOf(before, after, first)?.runningNs ?? 0) > 0;

/** Its clock stands although it is on, or it cannot be read. */
export function isFrozen(before: Uint32Array | null, after: Uint32Array, { first }: Slot): boolean {
  const interval = intervalOf(before, after, first);
  return interval === null || interval.enabledNs === 0;
}

/** Adds a reading to what is known, and gives the groups that have waited long enough. */
export function starvingOf(session: Session, words: Uint32Array): readonly Group[] {
  const ran = new Map<Group, Map<number, boolean>>();
  for (const { group, place, first } of session.always) {
    const interval = intervalOf(session.before, words, first);
    if (!interval || interval.enabledNs < leastNs) continue;
    const sockets = ran.get(group) ?? new Map<number, boolean>();
    ran.set(group, sockets.set(place.socket, sockets.get(place.socket) === true || interval.runningNs > 0));
  }
  for (const [group, sockets] of ran) {
    const idle = [...sockets.values()].includes(false);
    session.starving.set(group, idle ? (session.starving.get(group) ?? 0) + 1 : 0);
  }
  const waiting = new Set(session.turns.flatMap((turn) => (turn.starved >= patience ? [turn.name] : [])));
  return session.groups.filter(
    (group) =>
      (session.starving.get(group) ?? 0) >= patience || (group.when === 'turn' && waiting.has(group.name)),
  );
}

/**
 * Groups of one name are one thing to the reader: all of them are split alike. The others are new objects, too: who
 * looked at them a second ago must not take what is opened anew for the same counters.
 */
export function relieved({ groups, missing }: Session, starving: readonly Group[], turns: boolean): Plan {
  const names = new Set(starving.map(({ name }) => name));
  const parts = groups.map((group) =>
    names.has(group.name) ? split(group, turns) : { groups: [{ ...group }], missing: [] },
  );
  const given = parts.flatMap((one) => one.missing);
  const lost = [...new Map(given.map((one) => [one.signal, one])).values()];
  return {
    groups: without(
      parts.flatMap((one) => one.groups),
      new Set(lost.map(({ signal }) => signal)),
    ),
    missing: [...missing, ...lost],
  };
}
