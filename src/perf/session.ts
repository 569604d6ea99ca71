/** Groups opened at places, and where their events stand in the one list that the helper holds. */
import type { Native, OpenPerf, PerfEvent } from '../host/host.ts';
import { eventWords } from '../pmu/counting/interval.ts';
import type { Group, Stand } from '../pmu/plan.ts';

export interface Slot extends Stand {
  /** Index of its leader; the others follow in the group's order. */
  readonly first: number;
  /** By counter: errno's name where it is not open. */
  readonly errors: readonly (string | null)[];
}

export interface Opened {
  readonly slots: readonly Slot[];
  readonly fds: number;
  readonly perf: OpenPerf;
}

/** One native call, whatever there is to open. */
export async function open(native: Native, stands: readonly Stand[]): Promise<Opened> {
  const events: PerfEvent[] = [];
  const placed = stands.map(({ group, place }) => {
    const first = events.length;
    for (const { attr } of group.counters) events.push({ ...attr, cpu: place.cpu, leader: first });
    return { group, place, first };
  });
  const perf = events.length > 0 ? await native.perfOpen(events) : nothing;
  return {
    perf,
    fds: perf.errors.filter((error) => error === null).length,
    slots: placed.map((slot) => ({
      ...slot,
      errors: perf.errors.slice(slot.first, slot.first + slot.group.counters.length),
    })),
  };
}

export const standsOf = (groups: readonly Group[]): Stand[] =>
  groups.flatMap((group) => group.places.map((place) => ({ group, place })));

/** Where a member is lacking its signal would be counted on other CPUs than those beside it: the place is left out. */
export const isWhole = ({ errors }: Slot) => errors.every((error) => error === null);

/** The words of its counters, of all that was read; null where one could not be read. */
export function wordsOf(words: Uint32Array, { first, group }: Slot): Uint32Array | null {
  const own = words.subarray(first * eventWords, (first + group.counters.length) * eventWords);
  return group.counters.some((_, index) => own[index * eventWords + 6] !== 0) ? null : own;
}

/** What perfOpen of no events would give. */
const nothing: OpenPerf = {
  errors: [],
  enable: async () => {},
  read: async () => ({ words: new Uint32Array(0) }),
  close: async () => {},
};
