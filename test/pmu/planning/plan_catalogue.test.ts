import { describe, expect, it } from 'vitest';
import { fits, roomOfBox, roomOfCore } from '../../../src/pmu/planning/fit.ts';
import type { Facts, PmuDevice } from '../../../src/pmu/facts.ts';
import type { Model, ModelEvent } from '../../../src/pmu/catalogue/model.ts';
import { parseModels } from '../../../src/pmu/catalogue/models.ts';
import { planHardware } from '../../../src/pmu/planning/plan_hardware.ts';
import type { Group } from '../../../src/pmu/plan.ts';
import type { HardwareSignal } from '../../../src/pmu/signals.ts';
import { readTopology } from '../../../src/topology/read.ts';
import { filesOf } from '../../fakes.ts';
import { machine } from '../../machines.ts';
import { modelFiles } from '../catalogue.ts';
import { linux612 } from '../formats.ts';
import { factsOf } from '../models.ts';

const topology = await readTopology(filesOf(machine('two-socket')));
const models = parseModels(modelFiles());

/** A machine that has all PMUs of the model, three boxes of each. */
function devicesOf(model: Model): readonly PmuDevice[] {
  const uncore = new Set(Object.values(model.signals).map(({ pmu }) => pmu));
  uncore.delete('cpu');
  const boxes = [...uncore].flatMap((pmu, index) =>
    [0, 1, 2].map((box) => ({
      ...linux612(pmu, model.id),
      name: `${pmu}_${box}`,
      type: 100 + index * 10 + box,
      cpus: [0, 8],
      events: eventsOf(model, pmu),
    })),
  );
  return [{ ...linux612('cpu', model.id), cpus: null }, ...boxes];
}

/** Events that the model asks for by the kernel's own name. */
const eventsOf = (model: Model, pmu: string) =>
  Object.fromEntries(
    Object.values(model.signals).flatMap((event) =>
      event.pmu === pmu && event.alias !== undefined ? [[event.alias, 'event=0x01']] : [],
    ),
  );

const needOf = (signal: string, { counters, fields }: ModelEvent) => ({
  signal,
  counters,
  offcore: fields['offcore_rsp'] ?? null,
});

/** That of its device; generic events have one of their own. */
const typeOf = ({ counters }: Group) => Math.max(...counters.map(({ attr }) => attr.type));

const circumstances = [true, false].flatMap((nmiWatchdog) =>
  [true, false].flatMap((smt) =>
    [0, 1, 3].flatMap((leaveCounters) =>
      [true, false].map((turns) => ({ nmiWatchdog, smt, leaveCounters, turns })),
    ),
  ),
);

describe.each(models.map((model) => ({ id: model.id, model })))('the plan of $id', ({ model }) => {
  const planned = ({ nmiWatchdog, smt, leaveCounters, turns }: (typeof circumstances)[number]) => {
    const facts: Facts = factsOf({ nmiWatchdog, smt, pmus: devicesOf(model) });
    const plan = planHardware({
      model,
      facts,
      topology,
      options: { leaveCounters, turns, includeIsolated: false },
    });
    return { ...plan, facts };
  };
  const signals = Object.keys(model.signals);
  // The keys of a model's signals are signals: its schema says so.
  const needsOf = (groups: readonly Group[]) =>
    groups.flatMap(({ counters }) =>
      counters.flatMap(({ signal }) => {
        const event = model.signals[signal as HardwareSignal];
        return event ? [needOf(signal, event)] : [];
      }),
    );

  it.each(circumstances)('has each signal counted or missing, and fits: %o', (one) => {
    const { groups, missing, facts } = planned(one);
    const counted = new Set(groups.flatMap(({ counters }) => counters.map(({ signal }) => signal)));
    const lost = missing.map(({ signal }) => signal);
    expect([...counted, ...lost].toSorted()).toEqual(signals.toSorted());
    for (const type of new Set(groups.map(typeOf))) {
      const own = groups.filter((group) => typeOf(group) === type);
      const pmu = facts.pmus.find((device) => device.type === type)?.name.replace(/_\d+$/, '') ?? 'cpu';
      const room = type < 100 ? roomOfCore(model, facts, one.leaveCounters) : roomOfBox(model, pmu);
      for (const group of own) expect(fits(needsOf([group]), room)).toBe(true);
      // AMD's links may be more than the counters: they are groups of one, and the kernel lets them take turns.
      const always = own.filter(({ when }) => when === 'always');
      if (pmu !== 'amd_df') expect(fits(needsOf(always), room)).toBe(true);
    }
  });

  it('has its first group always on and whole on an ordinary machine', () => {
    const { groups, missing } = planned({ nmiWatchdog: false, smt: true, leaveCounters: 1, turns: true });
    const [name, members] = Object.entries(model.groups)[0] ?? [];
    expect(groups[0]).toMatchObject({ name, when: 'always' });
    expect(groups[0]?.counters.map(({ signal }) => signal)).toEqual(members);
    expect(missing).toEqual([]);
  });

  it('loses nothing of it to the watchdog where eight counters are there', () => {
    const { groups } = planned({ nmiWatchdog: true, smt: true, leaveCounters: 1, turns: true });
    const whole = groups[0]?.counters.length === Object.values(model.groups)[0]?.length;
    expect(whole || model.counters.general !== 8).toBe(true);
  });
});
