import { describe, expect, it } from 'vitest';
import { encode } from '../../../src/pmu/catalogue/attr.ts';
import type { Model, ModelEvent } from '../../../src/pmu/catalogue/model.ts';
import { parseModels, readIn } from '../../../src/pmu/catalogue/models.ts';
import { skips } from '../../require.ts';
import { modelFiles } from '../catalogue.ts';
import { cpusOfEvents, eventsOf, haveEvents } from '../events.ts';
import type { Cpu, Entry } from '../events.ts';
import { linux612 } from '../formats.ts';

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
  const inTable = written.filter(({ id }) => cpus.some((cpu) => cpu.id === id));

  it('has all of its CPUs, matched in the same way', () => {
    const theirs = cpus.map(({ id, match }) => ({ id, match: matchOf(match) }));
    const ours = models.map(({ id, match: { steppings, ...match } }) => ({
      id,
      match: { ...match, steppings: steppings ?? null },
    }));
    expect(ours.filter(({ id }) => cpus.some((cpu) => cpu.id === id)).toSorted(byId)).toEqual(
      theirs.toSorted(byId),
    );
  });

  it.each(inTable)('$id $signal: is what the table calls so', ({ signal, model, event }) => {
    const cpu = cpus.find(({ id }) => id === model.id);
    const named = (keys[signal] ?? []).flatMap((key) => {
      const sum = cpu?.uncore[key];
      return sum?.sum_of?.[0] ?? cpu?.signals[key] ?? sum ?? [];
    });
    // Without a row of its own: all sources of Zen 2 and 3.
    if (signal !== 'all_loads' || named.length > 0)
      expect(named.map((entry) => entry.event)).toContain(event.event);
  });

  it.each(inTable)(
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

/** What the table calls our signals: a name with local and remote swapped would still be a good encoding. */
const keys: Readonly<Record<string, readonly string[]>> = {
  all_loads: ['loads_total', 'dmnd_fills_all'],
  load_l1: ['l1_hit'],
  load_l2: ['l2_hit'],
  load_l3: ['l3_hit'],
  load_fill_buffer: ['fb_hit'],
  load_local_cache: ['near_cache', 'l3_hit'],
  load_local_dram: ['local_dram'],
  load_remote_dram: ['remote_dram'],
  load_remote_hitm: ['remote_hitm'],
  load_remote_fwd: ['remote_fwd'],
  load_remote_cache: ['remote_cache'],
  load_remote: ['remote_access'],
  load_cxl: ['alternate_memory', 'local_cxl'],
  load_detail_local_hitm: ['local_xsnp_hitm'],
  load_detail_local_pmm: ['local_pmm'],
  load_detail_remote_pmm: ['remote_pmm'],
  load_detail_llc: ['llc_rd'],
  load_detail_llc_miss: ['llc_miss_rd'],
  stall_l3_miss: ['stalls_l3_miss'],
  stall_l2_miss: ['stalls_l2_miss'],
  stall_load_not_complete: ['stall_load_not_complete'],
  stall_backend: ['stall_backend'],
  stall_backend_memory: ['stall_backend_mem'],
  offcore_local_dram: ['ocr_all_reads_local_dram', 'any_fill_local_dram'],
  offcore_remote_dram: ['ocr_all_reads_remote_dram', 'any_fill_remote_dram'],
  offcore_snc_dram: ['ocr_all_reads_snc_dram'],
  offcore_remote_hitm: ['ocr_all_reads_remote_hitm'],
  offcore_remote_fwd: ['ocr_all_reads_remote_fwd'],
  offcore_local_cache: ['any_fill_near_cache'],
  offcore_remote_cache: ['any_fill_remote_cache'],
  interconnect_tx: ['upi_tx_data_flits', 'xgmi_outbound_data_beats', 'xgmi_remote_outbound_data'],
  interconnect_rx: ['upi_rx_data_flits', 'xgmi_inbound_data_beats'],
  dram_read: ['imc_cas_rd', 'umc_cas_rd'],
  dram_write: ['imc_cas_wr', 'umc_cas_wr'],
  read_latency_local_dram: ['tor_occupancy_drd_local', 'l3_sampled_latency_local_dram'],
  read_latency_remote_dram: ['tor_occupancy_drd_remote', 'l3_sampled_latency_remote_dram'],
  read_latency_all: ['tor_occupancy_drd', 'l3_miss_latency_cycles_div16'],
  read_requests_local_dram: ['tor_inserts_drd_local', 'l3_sampled_requests_local_dram'],
  read_requests_remote_dram: ['tor_inserts_drd_remote', 'l3_sampled_requests_remote_dram'],
  read_requests_all: ['tor_inserts_drd', 'l3_miss_requests'],
  uncore_clock: ['cha_clockticks'],
};

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
