/** What a schema cannot see: whether the parts of a model agree with each other. Pure. */
import { fits } from '../planning/fit.ts';
import type { Need, Room } from '../planning/fit.ts';
import type { Model, ModelEvent } from './model.ts';

/** Where the number of counters is not known: more than any core or box has, so that only masks and registers speak. */
const plenty = 64;

/** One line for each flaw, with the path of what is wrong. */
export function flaws(model: Model): string[] {
  const signals = Object.entries(model.signals);
  const grouped = Object.entries(model.groups);
  const groupsOf = (signal: string) =>
    grouped.flatMap(([name, members]) => members.filter((member) => member === signal).map(() => name));
  return [
    ...(grouped.length === 0 ? ['groups: there is none'] : []),
    ...signals.flatMap(([signal, event]) => [
      ...flawsOfEvent(signal, event, model).map((flaw) => `signals.${signal}: ${flaw}`),
      ...(groupsOf(signal).length === 1
        ? []
        : [`signals.${signal}: must stand in one group, not in ${groupsOf(signal).join(' and ') || 'none'}`]),
    ]),
    ...grouped.flatMap(([name, members], index) =>
      flawsOfGroup(model, members, index === 0).map((flaw) => `groups.${name}: ${flaw}`),
    ),
  ];
}

function flawsOfEvent(signal: string, event: ModelEvent, { read_in, counters }: Model): string[] {
  const says = Object.keys(event.fields).length > 0 || event.config !== 0n;
  const beyond = (event.pmu === 'cpu' ? (counters.without_smt ?? counters.general) : null) ?? plenty;
  return [
    ...(event.alias !== undefined && says ? ['alias: the kernel knows fields and config'] : []),
    ...(event.alias !== undefined && event.and.length > 0 ? ['alias: nothing can be added to it'] : []),
    ...(event.alias === undefined && !says && !event.generic ? ['fields or config: missing'] : []),
    ...(event.generic && event.pmu !== 'cpu' ? ['generic: only cores have generic events'] : []),
    ...(event.boxes !== 'all' && event.pmu === 'cpu' ? ['boxes: cores are not shared out'] : []),
    ...(signal.startsWith('read_latency_') === (event.unit !== undefined)
      ? []
      : ['unit: what read_latency_* is summed in, and nothing else has one']),
    ...(event.counters.some((counter) => counter >= beyond) ? [`counters: there are ${beyond}`] : []),
    ...(event.read_in.length + read_in.length === 0 ? ['read_in: where was it read?'] : []),
  ];
}

function flawsOfGroup(model: Model, members: readonly string[], first: boolean): string[] {
  const table: Readonly<Record<string, ModelEvent>> = model.signals;
  const known = members.flatMap((signal) => {
    const event = table[signal];
    return event ? [{ signal, event }] : [];
  });
  const pmus = [...new Set(known.map(({ event }) => event.pmu))];
  const missing = members.filter((signal) => !table[signal]);
  if (missing.length > 0) return missing.map((signal) => `${signal} has no event under signals`);
  if (pmus.length > 1) return [`one PMU only, not ${pmus.join(' and ')}`];
  if (first && pmus[0] !== 'cpu') return ['the first group is that of the cores'];
  const room = roomOf(model, pmus[0] ?? 'cpu');
  // Even and odd boxes count apart; what is on all boxes counts beside either.
  const fit = (['even', 'odd'] as const).every((half) =>
    fits(known.filter(({ event }) => event.boxes === half || event.boxes === 'all').flatMap(needs), room),
  );
  return fit ? [] : ['does not fit its counters, their masks or the offcore registers at one time'];
}

function needs({ signal, event }: { readonly signal: string; readonly event: ModelEvent }): Need[] {
  const offcore = event.fields['offcore_rsp'] ?? null;
  return [event, ...event.and].map(() => ({ signal, counters: event.counters, offcore }));
}

function roomOf({ counters }: Model, pmu: string): Room {
  const general = (pmu === 'cpu' ? counters.general : counters.uncore[pmu]) ?? plenty;
  const fixed: ReadonlySet<string> = new Set(pmu === 'cpu' ? counters.fixed : []);
  return { general, usable: general, fixed, offcore: pmu === 'cpu' ? counters.offcore : 0 };
}
