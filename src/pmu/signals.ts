/**
 * What can be counted, by our own word for it, and the series it adds up to. A model (models/*.yml) says which event
 * of a CPU family is which signal; the words here are the closed sets of labels and of the models.
 */
import type { Metric } from '../sample.ts';

/** What a vendor counts when it says load: never to be compared with each other. */
export const units = ['retired_loads', 'l1d_fills', 'accesses'] as const;
export type Unit = (typeof units)[number];

/** Disjoint parts of all loads, each vendor its own. */
export const loadSources = [
  'l1',
  'l2',
  'l3',
  'fill_buffer',
  'local_cache',
  'remote_cache',
  'local_dram',
  'remote_dram',
  'remote_hitm',
  'remote_fwd',
  'remote',
  'cxl',
] as const;

/** Subsets of the parts above: a family of their own, so that no sum counts a load twice. */
export const loadDetails = ['local_hitm', 'llc', 'llc_miss', 'local_pmm', 'remote_pmm'] as const;

export const offcoreSources = [
  'local_dram',
  'remote_dram',
  'snc_dram',
  'local_cache',
  'remote_cache',
  'remote_hitm',
  'remote_fwd',
] as const;

export const stallCauses = ['l3_miss', 'l2_miss', 'load_not_complete', 'backend', 'backend_memory'] as const;

/** `uncore_cycles`: of pmu_uncore_clock; `core_cycles`; `unconfirmed`: core clocks or nanoseconds, the tables disagree. */
export const latencyUnits = ['uncore_cycles', 'core_cycles', 'unconfirmed'] as const;

const place = ['socket', 'numa_node'] as const;

export const allLoads = {
  name: 'numacanary_pmu_all_loads_total',
  kind: 'counter',
  labels: [...place, 'unit'],
  closed: { unit: units },
  atMost: 1,
  per: ['place'],
  help:
    'All loads of the CPUs of a socket and NUMA node, as the vendor counts them (unit); but for l1d_fills from the same group of counters ' +
    'as the remote sources of pmu_loads_total. Core PMU through perf_event_open. Above 16 nodes numa_node is empty.',
  tells: 'The whole of which rate(pmu_loads_total{source=~`remote.*`}) is the part that crossed a socket.',
} as const satisfies Metric;

export const loads = {
  name: 'numacanary_pmu_loads_total',
  kind: 'counter',
  labels: [...place, 'source', 'unit'],
  closed: { source: loadSources, unit: units },
  atMost: 9,
  per: ['place'],
  help:
    'Loads by where the data came from, in disjoint parts, as the vendor defines them: Intel retired loads, AMD demand fills of L1D ' +
    '(far means another NUMA node, not another socket, where NPS > 1), Arm accesses. Prefetches are not in it.',
  tells:
    'How much of what the cores waited for came over the interconnect: remote_dram / (local_dram + remote_dram) is the share with a threshold.',
} as const satisfies Metric;

export const loadsDetail = {
  name: 'numacanary_pmu_loads_detail_total',
  kind: 'counter',
  labels: [...place, 'source', 'unit'],
  closed: { source: loadDetails, unit: units },
  atMost: 3,
  per: ['place'],
  help: 'Subsets of the loads of pmu_loads_total: local_hitm lies inside l3. Never to be added to the whole.',
  tells: 'Cache lines that cores of one socket fight over; on Arm what went past the last cache.',
} as const satisfies Metric;

export const cycles = counter(
  'numacanary_pmu_cycles_total',
  'Core cycles while not halted, all CPUs of a socket and NUMA node. PERF_COUNT_HW_CPU_CYCLES.',
  'With ref cycles the clock; with instructions IPC; with stalled cycles their share.',
);
export const refCycles = counter(
  'numacanary_pmu_ref_cycles_total',
  'Reference cycles while not halted: they tick at one rate whatever the core clock. PERF_COUNT_HW_REF_CPU_CYCLES.',
  'rate(cycles) / rate(ref cycles) is the core clock as a multiple of the nominal one.',
);
export const instructions = counter(
  'numacanary_pmu_instructions_total',
  'Instructions retired. PERF_COUNT_HW_INSTRUCTIONS.',
  'rate(instructions) / rate(cycles): work done for each cycle, socket by socket.',
);

export const stalledCycles = {
  name: 'numacanary_pmu_stalled_cycles_total',
  kind: 'counter',
  labels: [...place, 'cause'],
  closed: { cause: stallCauses },
  atMost: 2,
  per: ['place'],
  help: 'Cycles in which nothing was executed or retired while the cause held; what is counted is the vendor’s definition.',
  tells:
    'rate / rate(pmu_cycles_total): the share of time that memory cost, which a remote ratio alone does not show.',
} as const satisfies Metric;

/** By the unit of a model's loads. Arm's cores count nothing of the kind; the mesh between them does. */
export const offcoreUnits = {
  retired_loads: 'offcore_reads',
  l1d_fills: 'l1d_fills',
  accesses: 'memory_requests',
} as const satisfies Record<Unit, string>;

export const offcoreReads = {
  name: 'numacanary_pmu_offcore_reads_total',
  kind: 'counter',
  labels: ['socket', 'source', 'unit'],
  closed: { source: offcoreSources, unit: Object.values(offcoreUnits) },
  atMost: 5,
  per: ['socket'],
  help:
    'Reads that left the cores by who answered, prefetches and stores’ reads included (Intel OCR READS_TO_CORE, AMD any fills); on Arm ' +
    'requests of the mesh to memory, writes too (CMN HN-S).',
  tells: 'Remote traffic that prefetchers hide from pmu_loads_total.',
} as const satisfies Metric;

export const interconnectBytes = {
  name: 'numacanary_interconnect_bytes_total',
  kind: 'counter',
  labels: ['socket', 'direction'],
  closed: { direction: ['tx', 'rx'] },
  per: ['socket'],
  help: 'Data that a socket sent to (tx) or received from (rx) other sockets: Intel UPI data flits x 64/9, AMD xGMI beats. AMD: approximate.',
  tells: 'How full the links between sockets are. tx of all sockets is all traffic; do not add rx to it.',
} as const satisfies Metric;

export const dramBytes = {
  name: 'numacanary_dram_bytes_total',
  kind: 'counter',
  labels: ['socket', 'op'],
  closed: { op: ['read', 'write'] },
  per: ['socket'],
  help: 'Data read from and written to the DRAM of a socket, counted at its memory controllers (Intel iMC, AMD UMC), 64 bytes a CAS.',
  tells: 'Whether a socket’s memory is saturated, whoever asks.',
} as const satisfies Metric;

export const readLatencyCycles = {
  name: 'numacanary_uncore_read_latency_cycles_total',
  kind: 'counter',
  labels: ['socket', 'source', 'unit'],
  closed: { source: ['local_dram', 'remote_dram', 'all'], unit: latencyUnits },
  atMost: 2,
  per: ['socket'],
  help: 'Time that demand reads which missed the last cache were waited for, summed over the reads, in the unit given (Intel TOR occupancy, AMD L3 sampled latency).',
  tells:
    'Divided by uncore_read_latency_requests_total and the clock: what a local and a remote read really took, by hardware.',
} as const satisfies Metric;

export const readLatencyRequests = {
  name: 'numacanary_uncore_read_latency_requests_total',
  kind: 'counter',
  labels: ['socket', 'source'],
  closed: { source: ['local_dram', 'remote_dram', 'all'] },
  atMost: 2,
  per: ['socket'],
  help: 'Reads whose time is in uncore_read_latency_cycles_total, counted by the same boxes at the same time.',
  tells: 'The denominator of the hardware’s own read latency.',
} as const satisfies Metric;

export const uncoreClock = {
  name: 'numacanary_uncore_clock_cycles_total',
  kind: 'counter',
  labels: ['socket'],
  per: ['socket'],
  help: 'Cycles of the clock that uncore_read_latency_cycles_total with unit uncore_cycles counts in, mean over the boxes of a socket.',
  tells:
    'rate() is the mesh clock in hertz: it turns uncore cycles into seconds, and falls when the uncore is throttled.',
} as const satisfies Metric;

function counter(name: Metric['name'], help: string, tells: string): Metric {
  return { name, kind: 'counter', labels: place, per: ['place'], help, tells };
}

export interface SignalMeaning {
  readonly metric: Metric;
  /** Labels that the signal itself gives; place and unit come from where and on what it was counted. */
  readonly labels: Readonly<Record<string, string>>;
}

/** `load_local_dram`, … : one signal for each value of the label. */
function sourced<Prefix extends string, Source extends string>(
  prefix: Prefix,
  metric: Metric,
  label: string,
  values: readonly Source[],
) {
  const made: Readonly<Record<string, SignalMeaning>> = Object.fromEntries(
    values.map((value) => [`${prefix}_${value}`, { metric, labels: { [label]: value } }]),
  );
  // fromEntries forgets the keys that it was given.
  return made as { readonly [Signal in `${Prefix}_${Source}`]: SignalMeaning };
}

/** Signals of a CPU model. `load_*` and `load_detail_*` and so on take their source from the name. */
export const hardwareSignals = {
  cycles: { metric: cycles, labels: {} },
  instructions: { metric: instructions, labels: {} },
  ref_cycles: { metric: refCycles, labels: {} },
  all_loads: { metric: allLoads, labels: {} },
  ...sourced('load', loads, 'source', loadSources),
  ...sourced('load_detail', loadsDetail, 'source', loadDetails),
  ...sourced('stall', stalledCycles, 'cause', stallCauses),
  ...sourced('offcore', offcoreReads, 'source', offcoreSources),
  ...sourced('interconnect', interconnectBytes, 'direction', ['tx', 'rx']),
  ...sourced('dram', dramBytes, 'op', ['read', 'write']),
  ...sourced('read_latency', readLatencyCycles, 'source', ['local_dram', 'remote_dram', 'all']),
  ...sourced('read_requests', readLatencyRequests, 'source', ['local_dram', 'remote_dram', 'all']),
  uncore_clock: { metric: uncoreClock, labels: {} },
} as const satisfies Readonly<Record<string, SignalMeaning>>;

export type HardwareSignal = keyof typeof hardwareSignals;
// The keys of an object literal are what its type says they are.
export const hardwareSignalNames = Object.keys(hardwareSignals) as readonly HardwareSignal[];
