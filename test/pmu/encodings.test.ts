import { describe, expect, it } from 'vitest';
import { encode } from '../../src/pmu/attr.ts';
import type { Model, ModelEvent } from '../../src/pmu/model.ts';
import { parseModels, readIn } from '../../src/pmu/models.ts';
import { skips } from '../require.ts';
import { modelFiles } from './catalogue.ts';
import { cpusOfEvents, eventsOf, haveEvents } from './events.ts';
import type { Cpu, Entry } from './events.ts';
import { linux612 } from './formats.ts';

const models = parseModels(modelFiles());
const generic = {
  PERF_COUNT_HW_CPU_CYCLES: 0n,
  PERF_COUNT_HW_INSTRUCTIONS: 1n,
  PERF_COUNT_HW_REF_CPU_CYCLES: 9n,
};
const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
const signalsOf = (model: Model) => Object.entries(model.signals);
const written = models.flatMap((model) =>
  signalsOf(model)
    .filter(([, event]) => !event.generic && event.alias === undefined)
    .map(([signal, event]) => ({ id: model.id, signal, model, event })),
);

describe('an encoding of the catalogue', () => {
  it('is that of the generic event', () => {
    const all = models.flatMap((model) => signalsOf(model).filter(([, event]) => event.generic));
    expect(all.length).toBeGreaterThanOrEqual(2 * models.length);
    for (const [, { event, config }] of all) expect({ [event]: config }).toEqual({ [event]: Object.entries(generic).find(([name]) => name === event)?.[1] });
  }); // prettier-ignore

  it.each(written)(
    '$id $signal: its fields come to its config by the formats of Linux 6.12',
    ({ id, event }) => {
      const device = linux612(event.pmu, id);
      const numbers = [event, ...event.and].map(({ config }) => config);
      const encoded = encode(event, device);
      expect(encoded).toHaveProperty('attrs');
      const attrs = 'attrs' in encoded ? encoded.attrs : [];
      expect(attrs.map(({ config }) => config)).toEqual(numbers);
      expect(attrs[0]?.config1).toBe(event.config1);
      expect(new Set(attrs.map(({ type }) => type))).toEqual(new Set([device.type]));
    },
  );
});

const skip = skips(
  !haveEvents,
  'no shared/pmu/events.json beside the repository: encodings are not compared',
);

describe.skipIf(skip)('the catalogue beside the table it was written from', () => {
  const cpus = cpusOfEvents();

  it('has the same CPUs, matched in the same way', () => {
    const theirs = cpus.map(({ id, match }) => ({ id, match: matchOf(match) }));
    const ours = models.map(({ id, match: { steppings, ...match } }) => ({
      id,
      match: { ...match, steppings: steppings ?? null },
    }));
    expect(ours.toSorted(byId)).toEqual(theirs.toSorted(byId));
  });

  it.each(written)(
    '$id $signal: name, fields, config and counters are those of the table',
    ({ signal, model, event }) => {
      const cpu = cpus.find(({ id }) => id === model.id);
      const entries = cpu ? eventsOf(cpu) : [];
      for (const part of [event, ...event.and]) {
        const found = entries.filter((one) => one.event === part.event && one.config === part.config && (one.config1 ?? 0n) === ('config1' in part ? part.config1 : 0n)); // prettier-ignore
        const entry = found[0] ?? unionOf(entries, part.event);
        expect(entry, part.event).toBeDefined();
        expect(part.fields).toEqual(entry?.fields);
        expect(part.config).toBe(entry?.config);
        expect(event.pmu).toBe(entry?.pmu_prefix ?? entry?.pmu ?? 'cpu');
        expect(event.counters).toEqual(entry && countersOf(entry, event, model));
        if (signal.startsWith('load_') && !signal.startsWith('load_detail') && model.unit !== 'accesses')
          expect(entry?.class).toBe(model.unit === 'retired_loads' ? 'retired_loads' : 'l1d_demand_fills');
        if (part === event && !unverified(entry)) expect(readIn(model, event)).toEqual(entry?.verified_in);
      }
    },
  );
});

/** Zen 2 and 3 have no event for all sources: it is one with the bits of all of them. */
function unionOf(entries: readonly Entry[], name: string): Entry | undefined {
  const parts = entries.filter(({ event }) => event?.startsWith(`${name}.`));
  const bits = parts.reduce((sum, { fields }) => sum | (fields?.['umask'] ?? 0n), 0n);
  const [first] = parts;
  const event = first?.fields?.['event'];
  return event === undefined
    ? undefined
    : { ...first, fields: { event, umask: bits }, config: (bits << 8n) | event };
}

/** The table lists counters even where an event runs on all there are. */
function countersOf({ counters }: Entry, { pmu }: ModelEvent, model: Model): readonly number[] {
  if (!Array.isArray(counters)) return [];
  const all = pmu === 'cpu' ? (model.counters.without_smt ?? model.counters.general) : 4;
  return counters.length === all ? [] : counters;
}

/** Rows of which the table says only that a person read them, or nothing. */
const unverified = (entry: Entry | undefined) =>
  (entry?.verified_in ?? []).every((one) => one.startsWith('read from'));

function matchOf({
  vendor,
  family,
  models: numbers,
  stepping_range,
  midr_implementer,
  midr_part,
}: Cpu['match']) {
  if (midr_implementer !== undefined && midr_part !== undefined)
    return { vendor: `0x${midr_implementer.toString(16)}`, models: [midr_part], steppings: null };
  return { vendor, family, models: numbers, steppings: stepping_range ?? null };
}
