/** From a plan to open counters. */
import type { Native } from '../host/host.ts';
import type { Facts } from '../pmu/facts.ts';
import type { Group, Missing, Place, Plan } from '../pmu/plan.ts';
import { explain, kindOf } from '../pmu/reasons.ts';
import { without } from '../pmu/planning/settle.ts';
import type { Topology } from '../topology.ts';
import { isWhole, open, standsOf } from './session.ts';
import type { Opened, Slot } from './session.ts';

/** What is on for a second at a time, all groups of one name together. */
export interface Turn {
  readonly name: string;
  readonly slots: readonly Slot[];
  /** When its last one ended, or it was opened. */
  endedAt: number;
  /** How many turns in a row it ran nowhere. */
  starved: number;
  before: Uint32Array | null;
}

export interface Session {
  readonly topology: Topology;
  readonly facts: Facts;
  readonly openedAt: number;
  readonly groups: readonly Group[];
  readonly missing: readonly Missing[];
  readonly opened: Opened;
  readonly always: readonly Slot[];
  /** The same, to be found without looking through thousands of them every second. */
  readonly alwaysAt: ReadonlyMap<Group, ReadonlyMap<Place, Slot>>;
  readonly turns: readonly Turn[];
  /** By `${group} ${socket}`, part of its places where it is open. */
  readonly openPart: ReadonlyMap<string, number>;
  /** As it was last read, and when. */
  before: Uint32Array | null;
  readAt: number;
  /** By group, how many readings in a row it had not run on a whole socket. */
  readonly starving: Map<Group, number>;
}

interface World extends Pick<Session, 'topology' | 'facts'> {
  readonly now: () => number;
  /** When turns of these names ended before: they go on from there. */
  readonly ended: ReadonlyMap<string, number>;
}

/** Opens every group at every place, in one native call, and starts those that are always on. */
export async function begin(native: Native, world: World, plan: Plan): Promise<Session> {
  const { topology, facts, now, ended } = world;
  const opened = await open(native, standsOf(plan.groups));
  const short = outOfFiles(opened.slots, facts);
  if (short.length > 0) {
    // A sum over the CPUs for which files sufficed would be a wrong number.
    await opened.perf.close();
    const groups = without(plan.groups, new Set(short.map(({ signal }) => signal)));
    return begin(native, world, { groups, missing: [...plan.missing, ...short] });
  }
  const whole = opened.slots.filter(isWhole);
  const always = whole.filter(({ group }) => group.when === 'always');
  try {
    if (always.length > 0) await opened.perf.enable(true, leadersOf(always));
  } catch (thrown) {
    // Nobody else knows of these files yet.
    await opened.perf.close();
    throw thrown;
  }
  const at = now();
  const names = new Set(whole.flatMap(({ group }) => (group.when === 'turn' ? [group.name] : [])));
  const there = new Set(whole.map(({ group }) => group));
  return {
    topology,
    facts,
    openedAt: at,
    groups: plan.groups.filter((group) => there.has(group)),
    missing: [...plan.missing, ...nowhere(opened.slots, whole, facts)],
    opened,
    always,
    alwaysAt: byStand(always),
    turns: [...names].map((name) => ({
      name,
      slots: whole.filter(({ group }) => group.name === name && group.when === 'turn'),
      endedAt: ended.get(name) ?? at,
      starved: 0,
      before: null,
    })),
    openPart: partsOpen(opened.slots),
    before: null,
    readAt: at,
    starving: new Map(),
  };
}

function byStand(slots: readonly Slot[]): ReadonlyMap<Group, ReadonlyMap<Place, Slot>> {
  const found = new Map<Group, Map<Place, Slot>>();
  for (const slot of slots) {
    const places = found.get(slot.group) ?? new Map<Place, Slot>();
    found.set(slot.group, places.set(slot.place, slot));
  }
  return found;
}

/** Signals of groups that such an error has kept from being open somewhere, each told once. */
function refused(slots: readonly Slot[], facts: Facts, isMeant: (error: string) => boolean): Missing[] {
  const missing = new Map<string, Missing>();
  for (const { group, errors } of slots) {
    const error = errors.find((one) => one !== null && isMeant(one)) ?? null;
    if (error === null) continue;
    for (const { signal, attr } of group.counters)
      if (!missing.has(signal))
        missing.set(signal, { signal, ...explain(error, kindOf(attr, facts), facts) });
  }
  return [...missing.values()];
}

const outOfFiles = (slots: readonly Slot[], facts: Facts) =>
  refused(slots, facts, (error) => error === 'EMFILE' || error === 'ENFILE');

/** Signals that opened at one place in the trial and at none now. */
function nowhere(slots: readonly Slot[], whole: readonly Slot[], facts: Facts): Missing[] {
  const counted = new Set(whole.flatMap(({ group }) => group.counters.map(({ signal }) => signal)));
  return refused(slots, facts, (error) => error !== 'ECANCELED').filter(({ signal }) => !counted.has(signal));
}

function partsOpen(slots: readonly Slot[]): ReadonlyMap<string, number> {
  const parts = new Map<string, { open: number; all: number }>();
  for (const slot of slots) {
    const key = `${slot.group.name} ${slot.place.socket}`;
    const { open: some, all } = parts.get(key) ?? { open: 0, all: 0 };
    parts.set(key, { open: some + Number(isWhole(slot)), all: all + 1 });
  }
  return new Map([...parts].map(([key, part]) => [key, part.open / part.all]));
}

export const leadersOf = (slots: readonly Slot[]) => slots.map(({ first }) => first);
