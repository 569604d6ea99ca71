import type { Facts, PmuDevice } from '../../src/pmu/facts.ts';
import { modelSchema } from '../../src/pmu/catalogue/model.ts';
import type { Model } from '../../src/pmu/catalogue/model.ts';
import type { Counter } from '../../src/pmu/plan.ts';
import { cycles } from '../../src/pmu/signals.ts';

/** Facts of a bare-metal host where everything may be counted. */
export const factsOf = (changes: Partial<Facts> = {}): Facts => ({
  pmus: [deviceOf('cpu', 4)],
  paranoid: 2,
  nmiWatchdog: false,
  capabilities: { perfmon: true, sysAdmin: false },
  seccomp: false,
  smt: true,
  tracepoints: {},
  tracefs: 'read',
  ...changes,
});

export const deviceOf = (name: string, type: number, cpus: readonly number[] | null = null): PmuDevice => ({
  name,
  type,
  cpus,
  format: {},
  events: {},
});

/** Whatever it counts. */
export const counterOf = (signal: string): Counter => ({
  signal,
  attr: { type: 4, config: 0x2d3n, config1: 0n, config2: 0n },
  metric: cycles,
  labels: {},
  scale: 1,
});

type EventSpec = readonly [
  config: number,
  changes?: Readonly<Record<string, unknown>> & { readonly counters?: readonly number[] },
];

interface ModelSpec {
  readonly vendor?: string;
  readonly unit?: string;
  readonly counters: Readonly<Record<string, unknown>>;
  readonly signals: Readonly<Record<string, EventSpec>>;
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** A model as its file would be read. */
export const modelOf = ({ vendor, unit, counters, signals, groups }: ModelSpec): Model =>
  modelSchema.parse({
    id: 'test',
    name: 'Test',
    match: { vendor: vendor ?? 'GenuineIntel', family: 6, models: [143] },
    unit: unit ?? 'retired_loads',
    counters,
    signals: Object.fromEntries(
      Object.entries(signals).map(([signal, [config, changes]]) => [
        signal,
        { event: signal.toUpperCase(), config, read_in: ['test'], ...changes },
      ]),
    ),
    groups,
  });

const low = { counters: [0, 1, 2, 3] };
const cha = (changes: object) => ({ pmu: 'uncore_cha', ...changes });

/** Shaped as Sapphire Rapids is: loads on counters 0 to 3 of eight, occupancy on counter 0 of a box. */
export const intel = modelOf({
  counters: { general: 8, fixed: ['instructions', 'cycles', 'ref_cycles'], offcore: 2 },
  signals: {
    cycles: [0, { generic: true }],
    instructions: [1, { generic: true }],
    ref_cycles: [9, { generic: true }],
    all_loads: [0x81d0, low],
    load_local_dram: [0x1d3, low],
    load_remote_dram: [0x2d3, low],
    load_remote_hitm: [0x4d3, low],
    load_l1: [0x1d1, low],
    load_l2: [0x2d1, low],
    stall_l3_miss: [0x90000947, low],
    offcore_local_dram: [0x12a, { config1: 0x104004477, ...low }],
    offcore_remote_dram: [0x12a, { config1: 0x730004477, ...low }],
    read_latency_local_dram: [0x36, cha({ counters: [0], boxes: 'even', unit: 'uncore_cycles' })],
    read_requests_local_dram: [0x35, cha({ boxes: 'even' })],
    read_latency_remote_dram: [0x136, cha({ counters: [0], boxes: 'odd', unit: 'uncore_cycles' })],
    read_requests_remote_dram: [0x135, cha({ boxes: 'odd' })],
    uncore_clock: [0x1, cha({})],
    interconnect_tx: [0xf02, { pmu: 'uncore_upi', scale: 64 / 9 }],
  },
  groups: {
    loads: [
      'cycles',
      'instructions',
      'ref_cycles',
      'all_loads',
      'load_local_dram',
      'load_remote_dram',
      'load_remote_hitm',
    ],
    levels: ['load_l1', 'load_l2', 'stall_l3_miss'],
    offcore: ['offcore_local_dram', 'offcore_remote_dram'],
    read_latency: [
      'read_latency_local_dram',
      'read_requests_local_dram',
      'read_latency_remote_dram',
      'read_requests_remote_dram',
      'uncore_clock',
    ],
    interconnect: ['interconnect_tx'],
  },
});

/** Shaped as Zen 4 is: six general counters, nothing fixed, links summed up in the data fabric. */
export const amd = modelOf({
  vendor: 'AuthenticAMD',
  unit: 'l1d_fills',
  counters: { general: 6, uncore: { amd_l3: 6 } },
  signals: {
    cycles: [0, { generic: true }],
    instructions: [1, { generic: true }],
    load_local_dram: [0x843],
    load_remote_dram: [0x4043],
    load_remote_cache: [0x1043],
    load_l2: [0x143],
    offcore_local_dram: [0x844],
    offcore_remote_dram: [0x4044],
    interconnect_tx: [
      0x1f1,
      { pmu: 'amd_df', scale: 64, and: [2, 3, 4].map((n) => ({ event: `link ${n}`, config: 0x1f1 + n })) },
    ],
    read_latency_local_dram: [0x1ac, { pmu: 'amd_l3', scale: 10, unit: 'unconfirmed' }],
    read_requests_local_dram: [0x1ad, { pmu: 'amd_l3' }],
    read_latency_remote_dram: [0x2ac, { pmu: 'amd_l3', scale: 10, unit: 'unconfirmed' }],
    read_requests_remote_dram: [0x2ad, { pmu: 'amd_l3' }],
  },
  groups: {
    loads: ['cycles', 'instructions', 'load_local_dram', 'load_remote_dram', 'load_remote_cache'],
    fills: ['offcore_local_dram', 'offcore_remote_dram', 'load_l2'],
    interconnect: ['interconnect_tx'],
    read_latency: [
      'read_latency_local_dram',
      'read_requests_local_dram',
      'read_latency_remote_dram',
      'read_requests_remote_dram',
    ],
  },
});
