/** What becomes of a group that the kernel did not take as planned. Pure: who calls it opens what comes out again. */
import type { Facts } from '../facts.ts';
import type { Counter, Group, Missing, Plan } from '../plan.ts';
import { explain, kindOf } from '../reasons.ts';

export interface Settling {
  readonly facts: Facts;
  /** Groups may take turns; otherwise what does not fit beside the first part of its group is given up. */
  readonly turns: boolean;
}

/**
 * After a trial: errno's names by counter, as perfOpen gives them. The group itself comes back where all opened; else
 * smaller ones, to be tried again. A signal that is missing must be taken from all groups: see `without`.
 */
export function settle(group: Group, errors: readonly (string | null)[], { facts, turns }: Settling): Plan {
  const { counters } = group;
  const failed = counters.flatMap((counter, index) => {
    const error = errors[index] ?? null;
    // EINVAL of a sibling says that the group has grown too large for the PMU: alone it may open. Software has no
    // such limit. ECANCELED says that its leader did not open.
    const needsCounter = !['software', 'tracepoint'].includes(kindOf(counter.attr, facts));
    const tooMany = error === 'EINVAL' && index > 0 && needsCounter;
    const blameless = error === null || error === 'ECANCELED' || tooMany;
    return blameless ? [] : [{ counter, error }];
  });
  const missing = onePerSignal(
    failed.map(({ counter: { signal, attr }, error }) => ({
      signal,
      ...explain(error, kindOf(attr, facts), facts),
    })),
  );
  const lost = new Set(missing.map(({ signal }) => signal));
  const refused = counters.filter(({ signal }, index) => errors[index] === 'EINVAL' && !lost.has(signal));
  const kept = counters.filter((counter) => !lost.has(counter.signal) && !refused.includes(counter));
  const rest = later(
    group,
    refused,
    turns,
    'the PMU has too few counters for it beside the rest of its group',
  );
  return whole({
    groups: [...part(group, kept), ...rest.groups],
    missing: [...missing, ...rest.missing],
  });
}

/** Of a group that never got its counters: in two halves each may find some free. Alone it is given up. */
export function split(group: Group, turns: boolean): Plan {
  const signals = [...new Set(group.counters.map(({ signal }) => signal))];
  const [only] = signals;
  if (only === undefined || group.counters.length === 1) return { groups: [], missing: signals.map(starved) };
  // Addends of one signal stay together as long as there is another to part with.
  const half = new Set(signals.slice(0, Math.ceil(signals.length / 2)));
  const inFirst = ({ signal }: Counter, index: number) =>
    signals.length > 1 ? half.has(signal) : index < group.counters.length / 2;
  const rest = later(
    group,
    group.counters.filter((counter, index) => !inFirst(counter, index)),
    turns,
    'others hold so many counters that its group never ran',
  );
  return whole({
    groups: [...part(group, group.counters.filter(inFirst)), ...rest.groups],
    missing: rest.missing,
  });
}

/** A signal that some device or group cannot count is counted nowhere: half a sum is a wrong number. */
export function without(groups: readonly Group[], signals: ReadonlySet<string>): readonly Group[] {
  return groups.flatMap((group) => {
    const counters = group.counters.filter(({ signal }) => !signals.has(signal));
    return counters.length === group.counters.length ? [group] : part(group, counters);
  });
}

const whole = ({ groups, missing }: Plan): Plan => ({
  groups: without(groups, new Set(missing.map(({ signal }) => signal))),
  missing,
});

const part = (group: Group, counters: readonly Counter[]): Group[] =>
  counters.length > 0 ? [{ ...group, counters }] : [];

/** A second part would share the counters with the first all the time if it had no turn of its own. */
function later(group: Group, counters: readonly Counter[], turns: boolean, why: string): Plan {
  if (turns)
    return {
      groups: part({ ...group, name: laterName(group.name), when: 'turn' }, counters),
      missing: [],
    };
  const advice = `${why}, and turns are switched off under collectors.pmu in the configuration`;
  const off = ({ signal }: Counter): Missing => ({ signal, status: 'absent', reason: 'off', advice });
  return { groups: [], missing: onePerSignal(counters.map(off)) };
}

/** loads, loads_2, loads_3: parts of one group of the model. */
export function laterName(name: string): string {
  const [, stem = name, number = '1'] = /^(.*)_(\d+)$/.exec(name) ?? [];
  return `${stem}_${Number(number) + 1}`;
}

export const starved = (signal: string): Missing => ({
  signal,
  status: 'failed',
  reason: 'starved',
  advice:
    'it opened and never got a counter: others hold them all (the NMI watchdog, perf, profilers, guests with PMU passthrough); stop one of them or set kernel.nmi_watchdog to 0, it is tried again by itself',
});

const onePerSignal = (missing: readonly Missing[]): readonly Missing[] =>
  [...new Map(missing.toReversed().map((one) => [one.signal, one])).values()].toReversed();
