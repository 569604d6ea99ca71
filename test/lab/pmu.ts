import { expect } from 'vitest';
import { parsePage, risen } from './counts.ts';
import type { Counted, Given, Page, Told } from './counts.ts';
import { observe } from './lab.ts';
import { machines, type Machine } from './machines.ts';

/** What guest/pmu.mjs tells; what each act found is known to who asked for it. */
export interface Seen<Found> {
  readonly found: Found;
  readonly pages: readonly Told[];
  readonly stopped: { readonly code: number | null };
  readonly openAfterwards: number;
  readonly others: Readonly<Record<string, { readonly page: string; readonly log: string }>>;
  readonly doctor: Readonly<
    Record<'with' | 'denied' | 'without', { readonly code: number; readonly stdout: string }>
  >;
  readonly log: string;
}

export interface Watch {
  readonly machine: Machine;
  /** QEMU's words for a CPU that the catalogue knows. */
  readonly cpu: string;
  readonly core: readonly Counted[];
  /** What is done, in this order. */
  readonly acts: readonly string[];
  readonly module?: Readonly<Record<string, number | string>>;
  /** The section of the configuration. The fake PMU counts by time: calibration would find it out. */
  readonly pmu?: object;
  /** More that the acts want to know. */
  readonly more?: object;
  readonly timeoutSeconds?: number;
}

/** What `Found` is, is agreed on with guest/pmu.mjs. */
export function watch<Found>(watch: Watch): Promise<Seen<Found>> {
  const { machine, cpu, core, acts, module, pmu, more } = watch;
  const asked = {
    cpus: machine.sockets.flat(),
    core: eventsOf(core),
    acts,
    pmu: { calibration: 'report', turn_period_seconds: 3000, ...pmu },
    module: { ncounters: 8, fixed: 0, ...module },
    ...more,
  };
  return observe<Seen<Found>>({
    topology: machine.name,
    cpu,
    fakepmu: true,
    command: ['node', 'test/lab/guest/pmu.mjs', JSON.stringify(asked)],
    timeoutSeconds: watch.timeoutSeconds ?? 600,
  });
}

export const eventsOf = (counted: readonly Counted[]) => counted.map(({ event }) => event);

export function machineNamed(topology: string): Machine {
  const found = machines.find(({ name }) => name === topology);
  if (!found) throw new Error(`no machine ${topology}`);
  return found;
}

export function pageOf({ pages }: Pick<Seen<unknown>, 'pages'>, label: string): Page {
  const found = pages.find((one) => one.label === label);
  if (!found) throw new Error(`the guest gave no page ${label}`);
  return parsePage(found.page);
}

const rounded = (value: number | undefined) => (value === undefined ? undefined : Math.round(value));

/** Whole counts must come out whole; those with a scale, whole when rounded. */
export function expectExact(
  { machine, core }: Pick<Watch, 'machine' | 'core'>,
  given: readonly (readonly Given[])[],
  before: Page,
  after: Page,
) {
  const rows = risen(machine, core, given, before, after);
  expect(rows.map(({ what, risen }) => ({ what, counts: rounded(risen) }))).toEqual(
    rows.map(({ what, expected }) => ({ what, counts: rounded(expected) })),
  );
}

/** An event of a core: `config` as the vendor's table has it. */
export const core = (
  signal: string,
  config: string,
  metric: string,
  labels: Counted['labels'] = {},
): Counted => ({ signal, event: { type: 4, config }, metric: `numacanary_pmu_${metric}_total`, labels });

/** perf's generic events, PERF_COUNT_HW_*. */
const generic = (signal: string, config: string, metric: string): Counted => ({
  ...core(signal, config, metric),
  event: { type: 0, config },
});
const both = [generic('cycles', '0', 'cycles'), generic('instructions', '1', 'instructions')];
const unit = 'retired_loads';
/** MEM_INST_RETIRED.ALL_LOADS and MEM_LOAD_L3_MISS_RETIRED, Skylake to Granite Rapids. */
export const intel = [
  ...both,
  generic('ref_cycles', '9', 'ref_cycles'),
  core('all_loads', '0x81d0', 'all_loads', { unit }),
  core('load_local_dram', '0x1d3', 'loads', { source: 'local_dram', unit }),
  core('load_remote_dram', '0x2d3', 'loads', { source: 'remote_dram', unit }),
  core('load_remote_hitm', '0x4d3', 'loads', { source: 'remote_hitm', unit }),
];
/** OCR.READS_TO_CORE: two events that differ in the offcore response alone. */
const offcore = (config: string, local: string, remote: string) =>
  [
    { source: 'local_dram', config1: local },
    { source: 'remote_dram', config1: remote },
  ].map(({ source, config1 }) => ({
    ...core(`offcore_${source}`, '', 'offcore_reads', { source }),
    event: { type: 4, config, config1 },
  }));
const stall = (config: string, cause: string) => core(`stall_${cause}`, config, 'stalled_cycles', { cause });
/** What does not fit beside the first group. */
export const sapphireRapidsTurns = [
  core('load_l1', '0x1d1', 'loads', { source: 'l1', unit }),
  stall('0x9000947', 'l3_miss'),
  ...offcore('0x12a', '0x104004477', '0x730004477'),
];
export const iceLakeTurns = [
  core('load_l1', '0x1d1', 'loads', { source: 'l1', unit }),
  stall('0x60006a3', 'l3_miss'),
  ...offcore('0x1b7', '0x104000477', '0x730000477'),
];

const fills = 'l1d_fills';
/** ls_dmnd_fills_from_sys, Zen3 to Zen5. */
export const amd = [
  ...both,
  core('load_local_dram', '0x843', 'loads', { source: 'local_dram', unit: fills }),
  core('load_remote_dram', '0x4043', 'loads', { source: 'remote_dram', unit: fills }),
  core('load_remote_cache', '0x1043', 'loads', { source: 'remote_cache', unit: fills }),
];
/** ls_any_fills_from_sys. */
export const zen3Turns = [
  core('load_l2', '0x143', 'loads', { source: 'l2', unit: fills }),
  core('offcore_local_dram', '0x844', 'offcore_reads', { source: 'local_dram' }),
  core('offcore_remote_dram', '0x4044', 'offcore_reads', { source: 'remote_dram' }),
];
export const zen4Turns = [
  ...zen3Turns,
  core('all_loads', '0xff43', 'all_loads', { unit: fills }),
  stall('0xa2d6', 'load_not_complete'),
];

/** An event of one box of an uncore PMU; the boxes of a socket add up. */
const box = (
  signal: string,
  type: string,
  config: string,
  metric: string,
  labels: Counted['labels'],
  scale = 1,
): Counted => ({ signal, event: { type, config }, metric: `numacanary_${metric}_total`, labels, scale });

const upi = ['uncore_upi_0', 'uncore_upi_1'].flatMap((type) => [
  box('interconnect_tx', type, '0xf02', 'interconnect_bytes', { direction: 'tx' }, 64 / 9),
  box('interconnect_rx', type, '0xf03', 'interconnect_bytes', { direction: 'rx' }, 64 / 9),
]);
const imc = (read: string, write: string) =>
  ['uncore_imc_0', 'uncore_imc_1'].flatMap((type) => [
    box('dram_read', type, read, 'dram_bytes', { op: 'read' }, 64),
    box('dram_write', type, write, 'dram_bytes', { op: 'write' }, 64),
  ]);
const latency = 'uncore_read_latency';
/** TOR occupancy has one counter in each box: even boxes count local reads, odd ones remote. */
const cha = (type: string, source: string, umask: string, clock: string) => [
  // One box of two, and so each count stands for two.
  box(`read_latency_${source}`, type, `0x${umask}00000136`, `${latency}_cycles`, { source }, 2),
  box(`read_requests_${source}`, type, `0x${umask}00000135`, `${latency}_requests`, { source }, 2),
  // The mean over the two boxes.
  box('uncore_clock', type, clock, 'uncore_clock_cycles', {}, 1 / 2),
];
const chas = (clock: string) => [
  ...cha('uncore_cha_0', 'local_dram', 'c816fe', clock),
  ...cha('uncore_cha_1', 'remote_dram', 'c8177e', clock),
];
export const sapphireRapidsUncore = [...upi, ...imc('0xcf05', '0xf005'), ...chas('0x1')];
export const iceLakeUncore = [...upi, ...imc('0xf04', '0x3004'), ...chas('0x0')];

/** Outbound data of the links of a socket. */
const links = (configs: readonly string[], bytes: number) =>
  configs.map((config) =>
    box('interconnect_tx', 'amd_df', config, 'interconnect_bytes', { direction: 'tx' }, bytes),
  );
export const zen3Uncore = [
  ...links(['0x7000002c7', '0x800000207', '0x800000247', '0x800000287'], 32),
  box('read_latency_all', 'amd_l3', '0x90', `${latency}_cycles`, { source: 'all' }, 16),
  box('read_requests_all', 'amd_l3', '0xff9a', `${latency}_requests`, { source: 'all' }),
];
/** local_socket_outbound_data_beats of eight links, l3_xi_sampled_latency, umc_cas_cmd. */
const sampled = (source: string, umask: string) => [
  box(`read_latency_${source}`, 'amd_l3', `0x303c00000000${umask}ac`, `${latency}_cycles`, { source }, 10),
  box(`read_requests_${source}`, 'amd_l3', `0x303c00000000${umask}ad`, `${latency}_requests`, { source }),
];
export const zen4Uncore = [
  ...links(
    [
      'b0f003e5f',
      'b0f003e9f',
      'b0f003edf',
      'c0f003e1f',
      'c0f003e5f',
      'c0f003e9f',
      'c0f003edf',
      'd0f003e1f',
    ].map((config) => `0x${config}`),
    64,
  ),
  ...sampled('local_dram', '1'),
  ...sampled('remote_dram', '2'),
  ...['amd_umc_0', 'amd_umc_1'].flatMap((type) => [
    box('dram_read', type, '0x10a', 'dram_bytes', { op: 'read' }, 64),
    box('dram_write', type, '0x20a', 'dram_bytes', { op: 'write' }, 64),
  ]),
];

export const sapphireRapids = 'max,vendor=GenuineIntel,family=6,model=143,stepping=8';
