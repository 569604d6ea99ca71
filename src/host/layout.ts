/**
 * The structs of native/numacanary.h, field by field, and what becomes of them on our side. native.ts checks the
 * sizes against the library's own.
 */
import { getSystemErrorName } from 'node:util';
import type {
  Calibration,
  CalibrationPlan,
  DriftPlan,
  MemoryPlan,
  MemoryVisit,
  NativeClock,
  PingPong,
  Ring,
  Step,
  ThreadEvidence,
  Visit,
  VisitOutcome,
  VisitPlan,
} from './host.ts';

export const abi = 3;

/** In the order in which one names another. */
export const layouts = {
  nc_clock: { source: 'uint32', reserved: 'uint32', hertz: 'double', step_ns: 'double' },
  nc_thread: {
    cpu_before: 'int32',
    cpu_after: 'int32',
    mask_cpus: 'uint32',
    nvcsw: 'uint32',
    nivcsw: 'uint32',
    minflt: 'uint32',
    majflt: 'uint32',
    gaps: 'uint32',
    gap_ns: 'uint64',
    cpu_ns: 'uint64',
    hertz_before: 'double',
    hertz_after: 'double',
  },
  nc_pingpong: { groups: 'uint32', reserved: 'uint32', round_trip_ns: 'double[64]', gap_ns: 'double[64]' },
  nc_ring: { items: 'uint64', elapsed_ns: 'double', laps: 'uint32', clean_laps: 'uint32', corrupt: 'uint64' },
  nc_visit_plan: {
    cpu_a: 'int32',
    cpu_b: 'int32',
    node_a: 'int32',
    node_b: 'int32',
    steps: 'uint32',
    spin: 'uint32',
    pinned: 'uint32',
    stride_bytes: 'uint32',
    offset: 'uint32',
    reserved: 'uint32',
    step_ns: 'uint64',
    deadline_ns: 'uint64',
  },
  nc_visit: {
    outcome: 'uint32',
    experienced: 'uint32',
    page_node_a: 'int32',
    page_node_b: 'int32',
    elapsed_ns: 'double',
    a: 'nc_thread',
    b: 'nc_thread',
    ruler_before: 'nc_pingpong',
    ruler_after: 'nc_pingpong',
    store2: 'nc_pingpong',
    ring1: 'nc_pingpong',
    ring_batch512: 'nc_ring',
    ring_batch1: 'nc_ring',
    ring_line: 'nc_ring',
    experienced_ns: 'double[128]',
  },
  nc_memory_plan: {
    cpu: 'int32',
    node: 'int32',
    bytes: 'uint64',
    loads: 'uint32',
    huge_pages: 'uint32',
    deadline_ns: 'uint64',
  },
  nc_memory: {
    outcome: 'uint32',
    groups: 'uint32',
    pages_checked: 'uint32',
    pages_on_node: 'uint32',
    loads: 'uint64',
    page_bytes: 'uint64',
    thread: 'nc_thread',
    load_ns: 'double[64]',
    gap_ns: 'double[64]',
  },
  nc_perf_event: {
    type: 'uint32',
    flags: 'uint32',
    config: 'uint64',
    config1: 'uint64',
    config2: 'uint64',
    cpu: 'int32',
    leader: 'int32',
    filter: 'int32',
    fd: 'int32',
    error: 'int32',
    reserved: 'uint32',
  },
  nc_perf_reading: {
    value: 'uint64',
    enabled_ns: 'uint64',
    running_ns: 'uint64',
    error: 'int32',
    reserved: 'uint32',
  },
  nc_calibration_plan: { cpu: 'int32', type: 'uint32', config: 'uint64', instructions: 'uint64' },
  nc_calibration: {
    expected: 'uint64',
    counted: 'uint64',
    enabled_ns: 'uint64',
    running_ns: 'uint64',
    cpu: 'int32',
    error: 'int32',
  },
  nc_drift_plan: {
    buffer_node: 'int32',
    reader_cpu: 'int32',
    bytes: 'uint64',
    seconds: 'uint32',
    huge_pages: 'uint32',
  },
  nc_drift_row: {
    elapsed_ns: 'uint64',
    passes: 'uint64',
    reader_cpu: 'int32',
    pages_unknown: 'uint32',
    pages: 'uint32[64]',
  },
  nc_drift: {
    stop: 'uint32',
    row_count: 'uint32',
    address: 'uint64',
    page_bytes: 'uint64',
    backing_bytes: 'uint64',
    rows: 'nc_drift_row[601]',
  },
} as const;

type Layouts = typeof layouts;
/** A uint64 beyond 2^53 comes as a bigint. */
type Field<T> = T extends keyof Layouts
  ? Raw<T>
  : T extends 'uint64'
    ? number | bigint
    : T extends `${string}[${number}]`
      ? Float64Array
      : number;
export type Raw<K extends keyof Layouts> = { readonly [F in keyof Layouts[K]]: Field<Layouts[K][F]> };

const stepBits: Readonly<Record<Step, number>> = {
  store2: 1,
  ring1: 2,
  experienced: 4,
  ring_512: 8,
  ring_1: 16,
  ring_line: 32,
};
const clocks = ['tsc', 'cntvct', 'monotonic_raw'] as const satisfies readonly NativeClock['source'][];
const outcomes = ['done', 'not_coscheduled', 'deadline'] as const satisfies readonly VisitOutcome[];

export const fromClock = (raw: Raw<'nc_clock'>): NativeClock => ({
  source: name(clocks, raw.source),
  stepNs: raw.step_ns,
  hertz: raw.hertz,
});

export const toVisitPlan = (plan: VisitPlan): Raw<'nc_visit_plan'> => ({
  cpu_a: plan.cpuA,
  cpu_b: plan.cpuB,
  node_a: plan.nodeA,
  node_b: plan.nodeB,
  steps: plan.steps.reduce((bits, step) => bits | stepBits[step], 0),
  spin: plan.spin === 'pause' ? 1 : 0,
  pinned: plan.pinned ? 1 : 0,
  stride_bytes: plan.strideBytes,
  offset: plan.offset,
  reserved: 0,
  step_ns: Math.round(plan.stepNs),
  deadline_ns: Math.round(plan.deadlineNs),
});

export const fromVisit = (raw: Raw<'nc_visit'>): Visit => ({
  outcome: name(outcomes, raw.outcome),
  a: fromThread(raw.a),
  b: fromThread(raw.b),
  rulerBefore: fromPingPong(raw.ruler_before),
  rulerAfter: fromPingPong(raw.ruler_after),
  store2: fromPingPong(raw.store2),
  ring1: fromPingPong(raw.ring1),
  ring512: fromRing(raw.ring_batch512),
  ring1Item: fromRing(raw.ring_batch1),
  ringLine: fromRing(raw.ring_line),
  experiencedNs: [...raw.experienced_ns.subarray(0, raw.experienced)],
  pageNodeA: raw.page_node_a,
  pageNodeB: raw.page_node_b,
  elapsedNs: raw.elapsed_ns,
});

export const toMemoryPlan = (plan: MemoryPlan): Raw<'nc_memory_plan'> => ({
  cpu: plan.cpu,
  node: plan.node,
  bytes: plan.bytes,
  loads: plan.loads,
  huge_pages: plan.hugePages ? 1 : 0,
  deadline_ns: Math.round(plan.deadlineNs),
});

export const fromMemory = (raw: Raw<'nc_memory'>): MemoryVisit => ({
  outcome: name(outcomes, raw.outcome),
  thread: fromThread(raw.thread),
  loads: Number(raw.loads),
  loadNs: [...raw.load_ns.subarray(0, raw.groups)],
  gapNs: [...raw.gap_ns.subarray(0, raw.groups)],
  pagesChecked: raw.pages_checked,
  pagesOnNode: raw.pages_on_node,
  pageBytes: Number(raw.page_bytes),
});

export const toCalibrationPlan = (plan: CalibrationPlan): Raw<'nc_calibration_plan'> => ({
  cpu: plan.cpu,
  type: plan.type,
  config: plan.config,
  instructions: Math.round(plan.instructions),
});

export const fromCalibration = (raw: Raw<'nc_calibration'>): Calibration => ({
  expected: Number(raw.expected),
  counted: Number(raw.counted),
  enabledNs: Number(raw.enabled_ns),
  runningNs: Number(raw.running_ns),
  cpu: raw.cpu,
  error: raw.error === 0 ? null : errnoName(raw.error),
});

export const toDriftPlan = (plan: DriftPlan): Raw<'nc_drift_plan'> => ({
  buffer_node: plan.bufferNode,
  reader_cpu: plan.readerCpu,
  bytes: plan.bytes,
  seconds: plan.seconds,
  huge_pages: plan.hugePages ? 1 : 0,
});

/** 13 -> EACCES. Of the two names of 95 Linux has, Node knows ENOTSUP; what it does not know is E and the number. */
export function errnoName(errno: number): string {
  const name = getSystemErrorName(-errno);
  return /^E[A-Z0-9]+$/.test(name) ? name : `E${errno}`;
}

function fromThread(raw: Raw<'nc_thread'>): ThreadEvidence {
  return {
    cpuBefore: raw.cpu_before,
    cpuAfter: raw.cpu_after,
    maskCpus: raw.mask_cpus,
    voluntarySwitches: raw.nvcsw,
    involuntarySwitches: raw.nivcsw,
    minorFaults: raw.minflt,
    majorFaults: raw.majflt,
    gapNs: Number(raw.gap_ns),
    gaps: raw.gaps,
    hertzBefore: raw.hertz_before,
    hertzAfter: raw.hertz_after,
    cpuNs: Number(raw.cpu_ns),
  };
}

function fromPingPong(raw: Raw<'nc_pingpong'>): PingPong {
  return {
    roundTripNs: [...raw.round_trip_ns.subarray(0, raw.groups)],
    gapNs: [...raw.gap_ns.subarray(0, raw.groups)],
  };
}

function fromRing(raw: Raw<'nc_ring'>): Ring {
  return {
    items: Number(raw.items),
    elapsedNs: raw.elapsed_ns,
    laps: raw.laps,
    cleanLaps: raw.clean_laps,
    corrupt: Number(raw.corrupt),
  };
}

function name<T>(names: readonly T[], index: number): T {
  const found = names[index];
  if (found === undefined) throw new RangeError(`the helper said ${index}, and knows ${names.join(' ')}`);
  return found;
}
