/** What the PMUs of this host are to count, by the model of its CPU. Pure. */
import type { Topology } from '../../topology.ts';
import { encode } from '../catalogue/attr.ts';
import { benchesOf, counts } from './benches.ts';
import type { Bench, Machine } from './benches.ts';
import type { Facts } from '../facts.ts';
import { fits } from './fit.ts';
import type { Model } from '../catalogue/model.ts';
import { partsOf, smallestParts } from './parts.ts';
import { countableCpus } from './places.ts';
import type { Group, Missing, Plan } from '../plan.ts';
import { laterName, without } from './settle.ts';
import type { HardwareSignal } from '../signals.ts';
import { spread } from './spread.ts';
import type { Wanted, Wish } from './spread.ts';
import { unknownModel } from '../catalogue/unknown_model.ts';
import { noPmu, noTurn, nowhere, unknownCpu } from './unplanned.ts';

export interface HardwareInput {
  /** Null: the catalogue has none for this CPU. */
  readonly model: Model | null;
  readonly facts: Facts;
  readonly topology: Topology;
  readonly options: {
    /** Counters left to others, unless fewer than five would be left to us. */
    readonly leaveCounters: number;
    /** Groups may take turns. */
    readonly turns: boolean;
    readonly includeIsolated: boolean;
  };
}

/** Without a model these are told to be missing: the share that everybody looks for is made of them. */
const headline = ['all_loads', 'load_local_dram', 'load_remote_dram'] as const satisfies HardwareSignal[];

/** Parts of one group rank next to each other. */
const ranksOfGroup = 10;

export function planHardware({ model, facts, topology, options }: HardwareInput): Plan {
  const { leaveCounters, turns, includeIsolated } = options;
  const cpus = countableCpus(topology, includeIsolated);
  const machine: Machine = { model: model ?? unknownModel, facts, topology, cpus, leaveCounters };
  const named = Object.entries(machine.model.groups);
  const benches = new Map<string, readonly Bench[]>();
  const busy = new Map<Bench, readonly Wish[]>();
  const plans = named.map(([name, signals], index) => {
    const wanted = signals.flatMap((signal): Wanted[] => {
      const event = machine.model.signals[signal];
      return event ? [{ signal, event }] : [];
    });
    const pmu = wanted[0]?.event.pmu ?? 'cpu';
    const own = benches.get(pmu) ?? benchesOf(pmu, machine);
    benches.set(pmu, own);
    const rank = (named.length - index) * ranksOfGroup;
    return planGroup({ name, pmu, rank, wanted, benches: own, busy, turns }, machine);
  });
  const missing = [...(model ? [] : unmodelled(machine)), ...plans.flatMap((plan) => plan.missing)];
  const once = [...new Map(missing.map((one) => [one.signal, one])).values()];
  const groups = plans.flatMap((plan) => plan.groups);
  return { groups: without(groups, new Set(once.map(({ signal }) => signal))), missing: once };
}

interface GroupOfModel {
  readonly name: string;
  readonly pmu: string;
  readonly rank: number;
  readonly wanted: readonly Wanted[];
  readonly benches: readonly Bench[];
  /** What is on all the time, so far. */
  readonly busy: Map<Bench, readonly Wish[]>;
  readonly turns: boolean;
}

function planGroup(group: GroupOfModel, machine: Machine): Plan {
  const { pmu, wanted, benches, busy, turns } = group;
  const missing = wanted.flatMap((one) => unable(one, group, machine));
  const able = wanted.filter(({ signal }) => !missing.some((one) => one.signal === signal));
  // AMD's uncore PMUs do not check a group: one that is too large opens, and never runs.
  const unchecked = pmu.startsWith('amd_');
  const groups: Group[] = [];
  for (const bench of benches) {
    const wishes = able.filter(({ event }) => counts(bench, event)).flatMap(wishesOf);
    let { name, rank } = group;
    for (const part of (unchecked ? smallestParts : partsOf)(wishes, bench.room)) {
      const on = busy.get(bench) ?? [];
      const beside = on.length === 0 || fits([...on, ...part], bench.room);
      // Half of a sum all the time and half by turns would be neither.
      const always = beside || part.some(({ signal }) => on.some((other) => other.signal === signal));
      if (always) busy.set(bench, [...on, ...part]);
      if (always || turns)
        groups.push(
          ...spread(
            part,
            { name, rank, when: always ? 'always' : 'turn' },
            { bench, benches, model: machine.model },
          ),
        );
      else missing.push(...part.map(({ signal }) => ({ signal, ...noTurn(bench.room.usable) })));
      if (!unchecked) [name, rank] = [laterName(name), rank - 1];
    }
  }
  return { groups, missing };
}

function unable({ signal, event }: Wanted, { pmu, benches }: GroupOfModel, machine: Machine): Missing[] {
  const sites = benches.flatMap((bench) => bench.sites);
  if (sites.length === 0) return [{ signal, ...noPmu(pmu, machine.topology.identity) }];
  if (sites.every(({ places }) => places.length === 0)) return [{ signal, ...nowhere(pmu) }];
  for (const { device } of sites) {
    const encoded = encode(event, device);
    if ('reason' in encoded)
      return [{ signal, status: 'absent', reason: encoded.reason, advice: encoded.why }];
  }
  return [];
}

function wishesOf({ signal, event }: Wanted): Wish[] {
  const offcore = event.fields['offcore_rsp'] ?? null;
  const { counters } = event;
  return [event, ...event.and].map((_, addend) => ({ signal, event, addend, counters, offcore }));
}

function unmodelled({ facts, topology, model }: Machine): Missing[] {
  const there = benchesOf('cpu', { facts, topology, model, cpus: [], leaveCounters: 0 }).length > 0;
  const why = there ? unknownCpu(topology.identity) : noPmu('cpu', topology.identity);
  return headline.map((signal) => ({ signal, ...why }));
}
