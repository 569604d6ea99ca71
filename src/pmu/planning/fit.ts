/** Whether events can be counted at one time: what the kernel's scheduler would find, asked before it is. Pure. */
import type { Facts } from '../facts.ts';
import type { Model } from '../catalogue/model.ts';

/** The counters of one CPU, or of one box of an uncore PMU. */
export interface Room {
  /** General counters; they are numbered from 0. */
  readonly general: number;
  /** How many of them we take at most. Any of them: which ones others take, nobody knows. */
  readonly usable: number;
  /** Signals that have a counter of their own here, and it is free. */
  readonly fixed: ReadonlySet<string>;
  /** Offcore response registers. */
  readonly offcore: number;
}

/** What an event needs. One signal needs the same wherever it stands. */
export interface Need {
  readonly signal: string;
  /** General counters that it may run on; empty: any. */
  readonly counters: readonly number[];
  /** Value for an offcore response register; events with the same value share one. */
  readonly offcore: bigint | null;
}

/** Where only the machine knows: all server cores that we know of have six or more. */
const assumedGeneral = 6;
/** Every box of the uncore PMUs that the kernel drives has four or more, as far as the tables tell. */
const assumedOfBox = 4;

/** Of one box of an uncore PMU. Nobody else is known to count there all the time: none is left free. */
export function roomOfBox(model: Model, pmu: string): Room {
  const general = model.counters.uncore[pmu] ?? assumedOfBox;
  return { general, usable: general, fixed: new Set(), offcore: 0 };
}

/** Five is what the group that is always on takes on AMD, with the sixth in the hands of the NMI watchdog. */
const atLeast = 5;

/** Of a logical CPU. `leave` counters are left to others, unless fewer than five would be left to us. */
export function roomOfCore(model: Model, facts: Facts, leave: number): Room {
  const { general, without_smt, fixed, offcore } = model.counters;
  const all = (facts.smt ? undefined : without_smt) ?? general ?? assumedGeneral;
  // The watchdog's cycles take the counter that is made for them, where there is one, and ours move to a general one.
  const watched = facts.nmiWatchdog && fixed.includes('cycles');
  const left = facts.nmiWatchdog && !watched ? all - 1 : all;
  return {
    general: all,
    usable: Math.max(Math.min(atLeast, left), left - leave),
    fixed: new Set(fixed.filter((signal) => !(watched && signal === 'cycles'))),
    offcore,
  };
}

/** All at once. Several groups fit together when their needs do. */
export function fits(needs: readonly Need[], room: Room): boolean {
  const ownCounter = new Set(room.fixed);
  const general = needs.filter(({ signal }) => !ownCounter.delete(signal));
  // No general counter counts them where a fixed one exists.
  if (room.fixed.has('ref_cycles') && general.some(({ signal }) => signal === 'ref_cycles')) return false;
  const offcore = new Set(needs.flatMap(({ offcore: value }) => (value === null ? [] : [value])));
  if (offcore.size > room.offcore || general.length > room.usable) return false;
  return place(general, room.general);
}

/** Gives each a counter, moving those placed before to others of theirs where needed (augmenting paths). */
function place(needs: readonly Need[], counters: number): boolean {
  const holder: (Need | undefined)[] = [];
  const all = Array.from({ length: counters }, (_, counter) => counter);
  const seat = (need: Need, tried: Set<number>): boolean =>
    (need.counters.length > 0 ? need.counters : all).some((counter) => {
      if (counter >= counters || tried.has(counter)) return false;
      tried.add(counter);
      const held = holder[counter];
      if (held && !seat(held, tried)) return false;
      holder[counter] = need;
      return true;
    });
  return needs.every((need) => seat(need, new Set()));
}
