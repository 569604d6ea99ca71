/** What is told of a session. */
import type { Stand } from '../pmu/plan.ts';
import { starved } from '../pmu/planning/settle.ts';
import type { Books } from '../pmu/counting/totals.ts';
import { leadersOf } from './begin.ts';
import type { Session } from './begin.ts';
import type { Reading } from './counters.ts';
import { wordsOf } from './session.ts';

export function told(session: Session, books: Books): Omit<Reading, 'calibrated'> {
  const { groups, opened, always, turns, openPart, facts } = session;
  const slots = [...always, ...turns.flatMap((turn) => turn.slots)];
  const signals = new Set(groups.flatMap(({ counters }) => counters.map(({ signal }) => signal)));
  const waiting = turns
    .filter((turn) => turn.starved > 0)
    .flatMap((turn) => turn.slots.flatMap(({ group }) => group.counters.map(({ signal }) => signal)));
  for (const signal of waiting) signals.delete(signal);
  return {
    groups,
    totals: books.totals(),
    coverage: books.coverage().map((one) => ({
      ...one,
      ratio: one.ratio * (openPart.get(`${one.group} ${one.socket}`) ?? 1),
    })),
    counted: [...signals],
    missing: [...session.missing, ...[...new Set(waiting)].map(starved)],
    cpus: new Set(slots.map(({ place }) => place.cpu)).size,
    openFds: opened.fds,
    facts,
  };
}

export async function peeked(session: Session | null, stands: readonly Stand[]) {
  const slots = stands.map(({ group, place }) => session?.alwaysAt.get(group)?.get(place));
  const there = slots.filter((slot) => slot !== undefined);
  if (!session || there.length === 0) return stands.map(() => null);
  const { words } = await session.opened.perf.read(leadersOf(there));
  return slots.map((slot) => (slot ? wordsOf(words, slot) : null));
}
