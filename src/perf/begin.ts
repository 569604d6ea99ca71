/** From a plan to open counters. */
import type { Native } from '../host/host.ts';
import type { Facts } from '../pmu/facts.ts';
import type { Group, Missing, Plan } from '../pmu/plan.ts';
import { explain, kindOf } from '../pmu/reasons.ts';
import type { Topology } from '../topology.ts';
import { isWhole, open, standsOf } from './session.ts';
import type { Opened, Slot } from './session.ts';

/** What is on for a second at a time, all groups of one name together. */
export interface Turn {
  readonly slots: readonly Slot[];
  /** When its last one ended, or it was opened. */
  endedAt: number;
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
  readonly turns: readonly Turn[];
  /** As it was last read, and when. */
  before: Uint32Array | null;
  readAt: number;
  /** By group, how many readings in a row it had not run on a whole socket. */
  readonly starving: Map<Group, number>;
}

/** Opens every group at every place, in one native call, and starts those that are always on. */
export async function begin(
  native: Native,
  { topology, facts, now }: Pick<Session, 'topology' | 'facts'> & { readonly now: () => number },
  plan: Plan,
): Promise<Session> {
  const opened = await open(native, standsOf(plan.groups));
  const whole = opened.slots.filter(isWhole);
  const always = whole.filter(({ group }) => group.when === 'always');
  if (always.length > 0) await opened.perf.enable(true, leadersOf(always));
  const at = now();
  const names = new Set(whole.flatMap(({ group }) => (group.when === 'turn' ? [group.name] : [])));
  return {
    topology,
    facts,
    openedAt: at,
    groups: plan.groups.filter((group) => whole.some((slot) => slot.group === group)),
    missing: [...plan.missing, ...nowhere(opened.slots, whole, facts)],
    opened,
    always,
    turns: [...names].map((name) => ({
      slots: whole.filter(({ group }) => group.name === name && group.when === 'turn'),
      endedAt: at,
      before: null,
    })),
    before: null,
    readAt: at,
    starving: new Map(),
  };
}

export const leadersOf = (slots: readonly Slot[]) => slots.map(({ first }) => first);

/** Signals that opened at one place in the trial and at none now. */
function nowhere(slots: readonly Slot[], whole: readonly Slot[], facts: Facts): Missing[] {
  const counted = new Set(whole.flatMap(({ group }) => group.counters.map(({ signal }) => signal)));
  const missing = new Map<string, Missing>();
  for (const { group, errors } of slots) {
    const error = errors.find((one) => one !== null && one !== 'ECANCELED');
    for (const { signal, attr } of group.counters) {
      if (error === undefined || error === null || counted.has(signal) || missing.has(signal)) continue;
      missing.set(signal, { signal, ...explain(error, kindOf(attr, facts), facts) });
    }
  }
  return [...missing.values()];
}
