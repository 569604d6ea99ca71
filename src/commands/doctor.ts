import { Absent, Denied } from '../errors.ts';
import type { Host, NativeClock } from '../host/host.ts';
import { ownThreads } from '../collectors/own_threads.ts';
import type { OwnThreads } from '../collectors/own_threads.ts';
import { parseUid } from '../parse/uid.ts';
import type { Calibrated, Counters, Reading } from '../perf/counters.ts';
import { readFacts } from '../perf/facts.ts';
import { tryCounters } from '../perf/room.ts';
import { isCore } from '../pmu/devices.ts';
import type { Facts } from '../pmu/facts.ts';
import { generalCounters, judgeHeld, mostCounters } from '../pmu/held.ts';
import type { Held } from '../pmu/held.ts';
import type { Model } from '../pmu/catalogue/model.ts';
import type { Missing } from '../pmu/plan.ts';
import { hardwareSignalNames } from '../pmu/signals.ts';
import { eligibleCpus, lanesOf } from '../probes/lanes.ts';
import type { Courtesy } from '../probes/lanes.ts';
import { planMemory } from '../probes/plan.ts';
import { run as runSource } from '../run.ts';
import type { Context, Source } from '../source.ts';
import { memoryNodesOf } from '../topology.ts';
import type { CpuIdentity, Distance, Topology } from '../topology.ts';
import { adviceOf, complaintOf, starvedAdvice } from './doctor_advice.ts';
import type { Advice, Complaint, Status } from './doctor_advice.ts';
import { blindBetweenSockets } from './doctor_lanes.ts';

/** What this host offers, signal by signal. JSON of this is what `numacanary doctor --json` prints. */
export interface DoctorReport {
  readonly host: HostReport;
  /** Null where the kernel shows no counters at all. */
  readonly permissions: Permissions | null;
  readonly parts: readonly Part[];
  readonly pmus: readonly PmuReport[];
  readonly signals: readonly SignalReport[];
  /** What counters counted over what was done to make them count. */
  readonly calibrated: readonly Calibrated[];
  readonly held: readonly Held[];
  readonly lanes: readonly LaneReport[];
  readonly advice: readonly Advice[];
  /** All that this hardware can give is counted: exit code 0. */
  readonly healthy: boolean;
}

export interface HostReport {
  readonly cpu: CpuIdentity;
  /** In the catalogue of CPUs; null: not in it. */
  readonly model: { readonly id: string; readonly name: string } | null;
  readonly kernel: string | null;
  readonly sockets: number;
  readonly numaNodes: number;
  readonly cpus: number;
  readonly smt: boolean;
}

export interface Permissions {
  readonly uid: number | null;
  readonly paranoid: number | null;
  readonly perfmon: boolean;
  readonly sysAdmin: boolean;
  /** Each by itself; null where /proc could not be read. */
  readonly threads: OwnThreads | null;
  readonly seccomp: boolean;
  readonly nmiWatchdog: boolean;
  /** Null where the helper could not be asked. */
  readonly fdLimit: number | null;
  readonly fdsOpen: number;
}

/** Something beside the counters that works or does not. */
export interface Part {
  readonly name: string;
  readonly status: Status;
  readonly detail: string;
}

/** PMUs that differ in the number at the end of their names only. */
export interface PmuReport {
  readonly name: string;
  readonly boxes: number;
}

export interface SignalReport {
  readonly signal: string;
  readonly status: Status;
  readonly reason: Missing['reason'];
  /** Counted at the same time: signals of one group; null where it is not counted. */
  readonly group: string | null;
  readonly when: 'always' | 'turn' | null;
  /** Time counted over time passed, of the socket that has least; null while it has not had its turn. */
  readonly coverage: number | null;
}

export interface LaneReport {
  readonly distance: Distance;
  readonly socketA: number;
  readonly socketB: number;
}

export interface DoctorRun {
  readonly host: Host;
  readonly topology: Topology;
  readonly courtesy: Courtesy;
  readonly model: Model | null;
  /** Hardware and kernel events; each turn takes a second, one after the other. */
  readonly counters: readonly Counters[];
  /** Further sources to be looked at: resctrl. */
  readonly sources: readonly Source[];
  readonly onProgress: (done: number, total: number, what: string) => void;
  readonly signal: AbortSignal;
}

/** After that a signal that is still without coverage has none to show. */
const mostSeconds = 15;
const leastSeconds = 2;

export async function doctor(run: DoctorRun): Promise<DoctorReport> {
  const { host, topology, signal } = run;
  const context: Context = { host, topology, signal };
  const helper = await attempt(() => host.native.clock());
  const facts = await attempt(() => readFacts(host.files, topology));
  run.onProgress(0, mostSeconds, 'free counters');
  // Before ours are open: they would be found held.
  const held = await heldCounters(run, helper.value, facts.value);
  const readings: Tried<Reading>[] = [];
  for (const counters of run.counters) readings.push(await countOnce(run, context, counters));
  const counted = readings.flatMap(({ value }) => (value ? [value] : []));
  const missing = counted.flatMap((reading) => reading.missing);
  const parts = [
    helperPart(helper),
    ...readings.flatMap(({ value, error }) => (value ? [] : [partOf('perf', error)])),
    ...(await memoryOnlyPart(run)),
    ...(await Promise.all(run.sources.map((source) => sourcePart(source, context)))),
  ];
  const signals = counted.flatMap(signalsOf).toSorted((a, b) => orderOf(a) - orderOf(b));
  const advice = adviceOf([
    ...parts.flatMap(({ name, status, detail }): Complaint[] =>
      status === 'ok' ? [] : [{ what: name, status, mendable: status !== 'absent', advice: detail }],
    ),
    ...blindBetweenSockets(topology, run.courtesy),
    ...missing.flatMap(complaintOf),
    ...signals.flatMap(({ signal: what, status, group }): Complaint[] =>
      group !== null && status === 'failed' ? [{ what, status, mendable: true, advice: starvedAdvice }] : [],
    ),
  ]);
  run.onProgress(mostSeconds, mostSeconds, 'done');
  return {
    host: await hostReport(run),
    permissions: facts.value ? await permissions(host, facts.value, counted) : null,
    parts,
    pmus: pmusOf(facts.value),
    signals,
    calibrated: counted.flatMap((reading) => reading.calibrated),
    held,
    lanes: lanesOf(topology, eligibleCpus(topology, run.courtesy)).map(({ distance, socketA, socketB }) => ({
      distance,
      socketA,
      socketB,
    })),
    advice,
    healthy: !advice.some(({ mendable }) => mendable),
  };
}

// --- Internal helpers ---

type Tried<T> =
  { readonly value: T; readonly error: null } | { readonly value: null; readonly error: unknown };

/** What does not work is what we are here to tell. */
async function attempt<T>(work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { value: await work(), error: null };
  } catch (error) {
    return { value: null, error };
  }
}

function partOf(name: string, error: unknown): Part {
  const status = error instanceof Absent ? 'absent' : error instanceof Denied ? 'denied' : 'failed';
  return { name, status, detail: error instanceof Error ? error.message : String(error) };
}

function helperPart({ value, error }: Tried<NativeClock>): Part {
  // Without it nothing is measured: that is a fault of the installation, and no property of the machine.
  if (!value) return { ...partOf('helper', error), status: 'failed' };
  return { name: 'helper', status: 'ok', detail: `loaded; times by ${value.source}` };
}

/** The only nodes for which memory has to be asked for by policy, which seccomp profiles like to forbid. */
async function memoryOnlyPart({ host, topology, courtesy }: DoctorRun): Promise<Part[]> {
  const [node] = memoryNodesOf(topology).filter(({ cpus }) => cpus.length === 0);
  const from = topology.numaNodes.find(({ cpus }) => cpus.length > 0);
  const plan = node && from && planMemory(topology, eligibleCpus(topology, courtesy), from.id, node.id);
  if (!plan) return [];
  const { value, error } = await attempt(() => host.native.memory(plan));
  if (!value) return [partOf('memory-only nodes', error)];
  return [{ name: 'memory-only nodes', status: 'ok', detail: 'memory can be had from them (mbind)' }];
}

async function sourcePart(source: Source, context: Context): Promise<Part> {
  const outcome = await runSource(source, context, 5);
  if (outcome.status !== 'ok') return partOf(source.name, outcome.error);
  return { name: source.name, status: 'ok', detail: `${outcome.samples.length} series` };
}

/** One CPU of each socket that has one to spare. */
async function heldCounters(
  { host, topology, courtesy, model }: DoctorRun,
  helper: NativeClock | null,
  facts: Facts | null,
): Promise<readonly Held[]> {
  if (!helper || !facts?.pmus.some(isCore)) return [];
  const eligible = eligibleCpus(topology, courtesy);
  const most = generalCounters(model, facts) ?? mostCounters;
  const trials = await Promise.all(
    topology.sockets.flatMap(({ id: socket }) => {
      const cpu = eligible.find((one) => one.socket === socket)?.id;
      return cpu === undefined ? [] : [attempt(() => tryCounters(host, { cpu, socket, most }))];
    }),
  );
  return trials.flatMap(({ value }) =>
    value ? [judgeHeld(value, model, facts, topology.identity.hypervisor)] : [],
  );
}

/** Opens, lets every group have its turn, reads and closes. */
async function countOnce(run: DoctorRun, context: Context, counters: Counters): Promise<Tried<Reading>> {
  const { clock } = run.host;
  const tried = await attempt(async () => {
    let reading = await counters.read(context);
    for (let second = 0; second < mostSeconds && !run.signal.aborted; second += 1) {
      const waiting = reading.groups.filter(({ name }) => coverageOf(reading, name) === null);
      const enough = reading.groups.length > 0 ? leastSeconds : 0;
      if (second >= enough && waiting.length === 0) break;
      run.onProgress(second, mostSeconds, waiting[0]?.name ?? 'counting');
      await counters.tick(context);
      await clock.sleep(1, run.signal);
      reading = await counters.read(context);
    }
    return reading;
  });
  await counters.close();
  return tried;
}

function coverageOf({ coverage }: Reading, group: string): number | null {
  const ratios = coverage.filter((one) => one.group === group).map(({ ratio }) => ratio);
  return ratios.length === 0 ? null : Math.min(...ratios);
}

function signalsOf(reading: Reading): SignalReport[] {
  const lost = new Set(reading.missing.map(({ signal }) => signal));
  const kept = reading.counted.filter((signal) => !lost.has(signal));
  const counted = kept.map((signal): SignalReport => {
    const group = reading.groups.find(({ counters }) => counters.some((one) => one.signal === signal));
    const coverage = group ? coverageOf(reading, group.name) : null;
    const starved = coverage === 0;
    return {
      signal,
      status: starved ? 'failed' : 'ok',
      reason: starved ? 'starved' : 'none',
      group: group?.name ?? null,
      when: group?.when ?? null,
      coverage,
    };
  });
  const missing = reading.missing.map(({ signal, status, reason }): SignalReport => ({
    signal,
    status,
    reason,
    group: null,
    when: null,
    coverage: null,
  }));
  return [...counted, ...missing];
}

/** As the words are declared, kernel events after them. */
function orderOf({ signal }: SignalReport): number {
  const at = hardwareSignalNames.findIndex((name) => name === signal);
  return at < 0 ? hardwareSignalNames.length : at;
}

async function hostReport({ host, topology, model }: DoctorRun): Promise<HostReport> {
  const kernel = await attempt(() => host.files.read('/proc/sys/kernel/osrelease'));
  return {
    cpu: topology.identity,
    model: model && { id: model.id, name: model.name },
    kernel: kernel.value?.trim() ?? null,
    sockets: topology.sockets.length,
    numaNodes: topology.numaNodes.length,
    cpus: topology.cpus.length,
    smt: topology.cores.some(({ cpus }) => cpus.length > 1),
  };
}

async function permissions(
  host: Host,
  { paranoid, capabilities, seccomp, nmiWatchdog }: Facts,
  readings: readonly Reading[],
): Promise<Permissions> {
  const uid = await attempt(async () => parseUid(await host.files.read('/proc/self/status')));
  const fds = await attempt(() => host.native.fdLimit());
  const threads = await attempt(() => ownThreads(host.files));
  return {
    uid: uid.value,
    paranoid,
    ...capabilities,
    threads: threads.value,
    seccomp,
    nmiWatchdog,
    fdLimit: fds.value,
    fdsOpen: readings.reduce((sum, { openFds }) => sum + openFds, 0),
  };
}

function pmusOf(facts: Facts | null): PmuReport[] {
  const boxes = new Map<string, number>();
  for (const { name } of facts?.pmus ?? []) {
    const kind = name.replace(/_\d+$/, '');
    boxes.set(kind, (boxes.get(kind) ?? 0) + 1);
  }
  return [...boxes].map(([name, count]) => ({ name, boxes: count }));
}
