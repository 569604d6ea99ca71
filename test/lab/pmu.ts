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
  readonly doctor: Readonly<Record<'with' | 'without', { readonly code: number; readonly stdout: string }>>;
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
  readonly config?: string;
  /** More that the acts want to know. */
  readonly more?: object;
  readonly timeoutSeconds?: number;
}

/** What `Found` is, is agreed on with guest/pmu.mjs. */
export function watch<Found>(watch: Watch): Promise<Seen<Found>> {
  const { machine, cpu, core, acts, module, config = 'test/lab/guest/pmu.yml', more } = watch;
  const asked = {
    cpus: machine.sockets.flat(),
    core: eventsOf(core),
    acts,
    config,
    module: { ncounters: 8, fixed: 0, ...module },
    ...more,
  };
  return observe<Seen<Found>>({
    topology: machine.name,
    cpu,
    fakepmu: true,
    command: ['node', 'test/lab/guest/pmu.mjs', JSON.stringify(asked)],
    timeoutSeconds: watch.timeoutSeconds ?? 300,
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

/** Whole counts must come out whole; those with a scale, whole when rounded. */
export function expectExact(
  { machine, core }: Pick<Watch, 'machine' | 'core'>,
  given: readonly (readonly Given[])[],
  before: Page,
  after: Page,
) {
  const rows = risen(machine, core, given, before, after);
  const rounded = (value: number | undefined) => (value === undefined ? undefined : Math.round(value));
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

/** perf's generic events: PERF_COUNT_HW_CPU_CYCLES and PERF_COUNT_HW_INSTRUCTIONS. */
const generic = [
  { ...core('cycles', '', 'cycles'), event: { type: 0, config: '0' } },
  { ...core('instructions', '', 'instructions'), event: { type: 0, config: '1' } },
];
const unit = 'retired_loads';
/** MEM_INST_RETIRED.ALL_LOADS and MEM_LOAD_L3_MISS_RETIRED, Skylake to Granite Rapids. */
export const intel = [
  ...generic,
  core('all_loads', '0x81d0', 'all_loads', { unit }),
  core('load_local_dram', '0x1d3', 'loads', { source: 'local_dram', unit }),
  core('load_remote_dram', '0x2d3', 'loads', { source: 'remote_dram', unit }),
  core('load_remote_hitm', '0x4d3', 'loads', { source: 'remote_hitm', unit }),
];
const fills = 'l1d_fills';
/** ls_dmnd_fills_from_sys, Zen3 to Zen5. */
export const amd = [
  ...generic,
  core('load_local_dram', '0x843', 'loads', { source: 'local_dram', unit: fills }),
  core('load_remote_dram', '0x4043', 'loads', { source: 'remote_dram', unit: fills }),
  core('load_remote_cache', '0x1043', 'loads', { source: 'remote_cache', unit: fills }),
];

export const sapphireRapids = 'max,vendor=GenuineIntel,family=6,model=143,stepping=8';
