import { Absent, NativeError } from '../src/errors.ts';
import type {
  MemoryPlan,
  MemoryVisit,
  Native,
  PingPong,
  Ring,
  ThreadEvidence,
  Visit,
  VisitPlan,
} from '../src/host/host.ts';

/** A plan that asks for nothing but the rulers. */
export const visitPlan = (cpuA: number, cpuB: number): VisitPlan => ({
  cpuA,
  cpuB,
  nodeA: 0,
  nodeB: 0,
  steps: [],
  spin: 'bare',
  pinned: true,
  strideBytes: 128,
  offset: 0,
  stepNs: 1e5,
  deadlineNs: 5e6,
});

export const cleanThread = (cpu: number): ThreadEvidence => ({
  cpuBefore: cpu,
  cpuAfter: cpu,
  maskCpus: 1,
  voluntarySwitches: 0,
  involuntarySwitches: 0,
  minorFaults: 0,
  majorFaults: 0,
  gapNs: 0,
  gaps: 0,
  hertzBefore: 3e9,
  hertzAfter: 3e9,
  cpuNs: 300_000,
});

export const pingPong = (roundTripNs: number, groups: number): PingPong => ({
  roundTripNs: Array.from({ length: groups }, () => roundTripNs),
  gapNs: Array.from({ length: groups }, () => 0),
});

const noPingPong = pingPong(0, 0);
const ring = (items: number, elapsedNs: number): Ring => ({
  items,
  elapsedNs,
  laps: 16,
  cleanLaps: 16,
  corrupt: 0,
});
const noRing: Ring = { items: 0, elapsedNs: 0, laps: 0, cleanLaps: 0, corrupt: 0 };

/** What the helper says of a visit that nothing disturbed, over a link with this CAS round trip. */
export function cleanVisit(plan: VisitPlan, roundTripNs = 100): Visit {
  const does = (step: VisitPlan['steps'][number]) => plan.steps.includes(step);
  const twoLines = 1.5 * roundTripNs;
  return {
    outcome: 'done',
    a: cleanThread(plan.cpuA),
    b: cleanThread(plan.cpuB),
    rulerBefore: pingPong(roundTripNs, 6),
    rulerAfter: pingPong(roundTripNs, 6),
    store2: does('store2') ? pingPong(twoLines, 25) : noPingPong,
    ring1: does('ring1') ? pingPong(2 * roundTripNs, 6) : noPingPong,
    ring512: does('ring_512') ? ring(65_536, 650 * roundTripNs) : noRing,
    ring1Item: does('ring_1') ? ring(4096, 300 * roundTripNs) : noRing,
    ringLine: does('ring_line') ? ring(65_536, 500 * roundTripNs) : noRing,
    experiencedNs: does('experienced') ? Array.from({ length: 64 }, () => twoLines / 2) : [],
    pageNodeA: plan.nodeA,
    pageNodeB: plan.nodeB,
    elapsedNs: 400_000,
  };
}

export function cleanMemory(plan: MemoryPlan, loadNs = 90): MemoryVisit {
  const groups = pingPong(loadNs, plan.loads / 64);
  return {
    outcome: 'done',
    thread: cleanThread(plan.cpu),
    loads: plan.loads,
    loadNs: groups.roundTripNs,
    gapNs: groups.gapNs,
    pagesChecked: 8,
    pagesOnNode: 8,
    pageBytes: 2_097_152,
  };
}

export interface FakeNative extends Native {
  readonly visits: readonly VisitPlan[];
  readonly chases: readonly MemoryPlan[];
}

export interface FakeNativeOptions {
  readonly visit?: (plan: VisitPlan) => Visit | Promise<Visit>;
  readonly memory?: (plan: MemoryPlan) => MemoryVisit | Promise<MemoryVisit>;
  /** fakePerf(…), for instance; left out: Absent, as without the library. */
  readonly perf?: Pick<Native, 'perfOpen' | 'calibrate' | 'fdLimit'>;
  readonly drift?: Native['drift'];
}

const noPerf: Pick<Native, 'perfOpen' | 'calibrate' | 'fdLimit'> = {
  perfOpen: () => Promise.reject(new Absent('no counters in this test')),
  calibrate: () => Promise.reject(new Absent('no counters in this test')),
  fdLimit: async () => 20_000,
};

const noDrift: Native['drift'] = () => Promise.reject(new Absent('no drift in this test'));

/** Refuses what the real one refuses: one CPU for both threads, and a second visit while one runs. */
export function fakeNative(options: FakeNativeOptions = {}): FakeNative {
  const { visit = cleanVisit, memory = cleanMemory, perf = noPerf, drift = noDrift } = options;
  const visits: VisitPlan[] = [];
  const chases: MemoryPlan[] = [];
  let running = false;
  const alone = async <T>(call: string, work: () => T | Promise<T>): Promise<T> => {
    if (running) throw new NativeError(call, 'EBUSY');
    running = true;
    try {
      return await work();
    } finally {
      running = false;
    }
  };
  return {
    visits,
    chases,
    clock: async () => ({ source: 'tsc', stepNs: 10, hertz: 2.6e9 }),
    visit: (plan) =>
      alone('nc_visit', () => {
        if (plan.cpuA === plan.cpuB) throw new NativeError('nc_visit', 'EINVAL');
        visits.push(plan);
        return visit(plan);
      }),
    memory: (plan) =>
      alone('nc_memory', () => {
        chases.push(plan);
        return memory(plan);
      }),
    perfOpen: perf.perfOpen,
    calibrate: perf.calibrate,
    fdLimit: perf.fdLimit,
    drift,
  };
}
