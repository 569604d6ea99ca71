import { Absent, Denied, NativeError } from '../errors.ts';
import type { NativeClock } from '../host/host.ts';
import type { Metric, Sample } from '../sample.ts';
import type { Source } from '../source.ts';
import { distances } from '../topology.ts';
import { outcomes, skipReasons } from './books.ts';
import { spinOf, type CourtesyOptions } from './courtesy.ts';
import { hostLoads, pressures } from './load.ts';
import { causes, stallCauses } from './taint.ts';
import type { Visitor } from './visit.ts';

const visitsTotal = {
  name: 'numacanary_probe_visits_total',
  kind: 'counter',
  labels: ['outcome', 'host_load'],
  closed: { outcome: outcomes, host_load: hostLoads },
  help:
    'Visits of all probes to a CPU pair, or CPU and memory node. host_load: CPU use of the host from /proc/stat before the visit, ' +
    'idle below 20 %, busy above 70 %.',
  tells: 'Whether clean visits are made when the host is busy: the canary must not go blind then.',
} as const satisfies Metric;

const taintedTotal = {
  name: 'numacanary_probe_tainted_total',
  kind: 'counter',
  labels: ['cause'],
  closed: { cause: causes },
  help: 'Visits thrown away, by the evidence against them, never by their value. One visit may have several causes.',
  tells: 'What disturbs the measurement on this host.',
} as const satisfies Metric;

const skippedTotal = {
  name: 'numacanary_probe_skipped_total',
  kind: 'counter',
  labels: ['reason'],
  closed: { reason: skipReasons },
  help: 'Visits not made at all. Load is not among the reasons: it makes visits short (short_visits_total).',
  tells: 'Why there is less data than expected.',
} as const satisfies Metric;

const shortVisitsTotal = {
  name: 'numacanary_probe_short_visits_total',
  kind: 'counter',
  labels: ['reason'],
  closed: { reason: pressures },
  help:
    'Visits made a third as long because the host was busy (/proc/stat), tasks waited for CPUs (/proc/pressure/cpu, ' +
    'cpu.pressure of our cgroup), or no calmer core was left. One visit may have several reasons.',
  tells: 'That the probes step back under pressure, and why.',
} as const satisfies Metric;

const stallSecondsTotal = {
  name: 'numacanary_probe_stall_seconds_total',
  kind: 'counter',
  labels: ['cause'],
  closed: { cause: stallCauses },
  help:
    'Time in which a spinning probe thread was away: by getrusage (preempted), else by the steal and irq columns of ' +
    '/proc/stat, which count in 10 ms, else unattributed (SMI, hypervisor, short interrupts).',
  tells: 'How much a busy-polling thread loses on this host, and to whom.',
} as const satisfies Metric;

const placementFlipsTotal = {
  name: 'numacanary_probe_placement_flips_total',
  kind: 'counter',
  labels: [],
  closed: {},
  help: 'Visits whose compare-and-swap round trip before and after differed by more than 25 %.',
  tells: 'That a hypervisor moves virtual CPUs between cores, caches or sockets.',
} as const satisfies Metric;

const pairsAvailable = {
  name: 'numacanary_probe_pairs_available',
  kind: 'gauge',
  labels: ['distance'],
  closed: { distance: distances },
  help: 'Pairs of sockets (or single sockets) in which an eligible CPU pair of this distance exists.',
  tells: 'What can be probed here; a fall means a cpuset, hotplug or isolation took CPUs away.',
} as const satisfies Metric;

const coreHertz = {
  name: 'numacanary_probe_core_hertz',
  kind: 'gauge',
  labels: ['socket'],
  per: ['socket'],
  help: 'Core clock during the last clean visit, by a chain of dependent adds.',
  tells: 'Whether a change of latency is a change of clock.',
} as const satisfies Metric;

const cpuSecondsTotal = {
  name: 'numacanary_probe_cpu_seconds_total',
  kind: 'counter',
  labels: [],
  closed: {},
  help: 'CPU time of the probe threads, both of a pair, and of placing and verifying their memory; CLOCK_THREAD_CPUTIME_ID.',
  tells: 'What the probes cost; compare its rate with probe_budget_cpus.',
} as const satisfies Metric;

const budgetCpus = {
  name: 'numacanary_probe_budget_cpus',
  kind: 'gauge',
  labels: [],
  help: 'CPUs that the probes may use on average: the budget of every socket pair with an eligible CPU pair, added up.',
  tells: 'The promise that cpu_seconds_total is held to.',
} as const satisfies Metric;

const clockStepSeconds = {
  name: 'numacanary_probe_clock_step_seconds',
  kind: 'gauge',
  labels: ['clock'],
  closed: { clock: ['tsc', 'cntvct', 'monotonic_raw'] satisfies NativeClock['source'][] },
  oneAtATime: true,
  help: 'Least difference between two readings of the clock that times the probes.',
  tells: 'The resolution of every time beside it.',
} as const satisfies Metric;

const spinInfo = {
  name: 'numacanary_probe_spin_info',
  kind: 'gauge',
  labels: ['spin'],
  closed: { spin: ['bare', 'pause'] },
  oneAtATime: true,
  help: 'How probe threads wait: a bare loop, or with the CPU’s pause or yield instruction.',
  tells: 'Under which method the latencies were taken: compare only like with like.',
} as const satisfies Metric;

/** The probes' own books, read at scrape: they stand also when no visit comes to anything. */
export const visits = (
  courtesy: Pick<CourtesyOptions, 'spin' | 'budget_ratio'>,
  visitor: Visitor,
): Source => ({
  name: 'visits',
  metrics: [
    visitsTotal,
    taintedTotal,
    skippedTotal,
    shortVisitsTotal,
    stallSecondsTotal,
    placementFlipsTotal,
    pairsAvailable,
    coreHertz,
    cpuSecondsTotal,
    budgetCpus,
    clockStepSeconds,
    spinInfo,
  ],
  async read({ host, topology }) {
    const totals = visitor.totals();
    const lanes = visitor.lanes(topology);
    const clock = await host.native.clock().catch((error: unknown) => {
      // Without the helper, or without a clock of its own, the books stand all the same.
      if (error instanceof Absent || error instanceof Denied || error instanceof NativeError)
        return undefined;
      throw error;
    });
    const now = host.clock.now();
    const pairs = new Set(lanes.map(({ socketA, socketB }) => `${socketA}/${socketB}`));
    return [
      ...outcomes.flatMap((outcome) =>
        hostLoads.map((load) => ({
          metric: visitsTotal,
          labels: { outcome, host_load: load },
          value: totals.visits
            .filter((one) => one.outcome === outcome && one.load === load)
            .reduce((sum, { count }) => sum + count, 0),
        })),
      ),
      ...counted(taintedTotal, 'cause', totals.tainted),
      ...counted(skippedTotal, 'reason', totals.skipped),
      ...counted(shortVisitsTotal, 'reason', totals.shortened),
      ...counted(stallSecondsTotal, 'cause', totals.stallSeconds),
      { metric: placementFlipsTotal, labels: {}, value: totals.tainted.get('placement_flip') ?? 0 },
      ...distances.map((distance) => ({
        metric: pairsAvailable,
        labels: { distance },
        value: lanes.filter((lane) => lane.distance === distance).length,
      })),
      ...[...totals.hertz].flatMap(([socket, { hertz, at }]) =>
        now - at > hertzGoodForSeconds
          ? []
          : [{ metric: coreHertz, labels: { socket: String(socket) }, value: hertz }],
      ),
      { metric: cpuSecondsTotal, labels: {}, value: totals.cpuSeconds },
      { metric: budgetCpus, labels: {}, value: pairs.size * courtesy.budget_ratio * 2 },
      ...(clock
        ? [{ metric: clockStepSeconds, labels: { clock: clock.source }, value: clock.stepNs / 1e9 }]
        : []),
      { metric: spinInfo, labels: { spin: spinOf(courtesy.spin, topology) }, value: 1 },
    ];
  },
});

// Every socket is visited far oftener than this.
const hertzGoodForSeconds = 120;

const counted = (metric: Metric, label: string, counts: ReadonlyMap<string, number>): Sample[] =>
  [...counts].map(([key, value]) => ({ metric, labels: { [label]: key }, value }));
