import { Absent, UsageError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { courtesyOf, spinOf, type CourtesyOptions } from '../probes/courtesy.ts';
import { eligibleCpus, lanesOf } from '../probes/lanes.ts';
import { planMemory, planVisit } from '../probes/plan.ts';
import { expectedRevisitSeconds, promisedRevisitSeconds } from '../probes/planner.ts';
import { memoryTaintsOf, purposeOf, taintsOf } from '../probes/taint.ts';
import type { Topology } from '../topology.ts';
import { formatTable } from './format.ts';
import type { ProbeRun } from './probe.ts';

export interface Wanted {
  /** As typed: `0:64`, or several with commas between. */
  readonly pairs: readonly string[];
  readonly matrix: boolean;
  readonly onProgress: ProbeRun['onProgress'];
  readonly signal: AbortSignal;
}

/** A run on this host: visits without budget, for a person is waiting, but judged by the same evidence. */
export function probeRun(host: Host, topology: Topology, options: CourtesyOptions, wanted: Wanted): ProbeRun {
  const courtesy = courtesyOf(options);
  const eligible = eligibleCpus(topology, courtesy);
  const spin = spinOf(options.spin, topology);
  const { matrix, onProgress, signal } = wanted;
  return {
    host,
    topology,
    courtesy,
    spin,
    matrix,
    onProgress,
    signal,
    ...(wanted.pairs.length > 0 ? { pairs: wanted.pairs.flatMap(parsePairs) } : {}),
    visitPlan: (cpuA, cpuB, steps) => planVisit(topology, spin, [cpuA, cpuB], steps),
    memoryPlan(cpuNode, memoryNode) {
      const plan = planMemory(topology, eligible, cpuNode, memoryNode);
      if (!plan) throw new Absent(`no CPU of node ${cpuNode} that may be used`);
      return plan;
    },
    async visit(plan) {
      const visit = await host.native.visit(plan);
      return taintsOf(purposeOf(plan.steps), plan, visit, nothingElse).length === 0 ? visit : undefined;
    },
    async memory(plan) {
      const visit = await host.native.memory(plan);
      return memoryTaintsOf(plan, visit, nothingElse).length === 0 ? visit : undefined;
    },
  };
}

/** What `probe --plan` prints: which lanes the daemon visits here, and how often. `tick`: of the latency probe. */
export function planText(topology: Topology, options: CourtesyOptions, tick: number | undefined): string {
  if (tick === undefined) return 'the latency probe is off (probes.latency.enabled): no visit is planned\n';
  const lanes = lanesOf(topology, eligibleCpus(topology, courtesyOf(options)));
  if (lanes.length === 0)
    return 'no pair of CPUs to be had: a hand-off needs two that this process may use\n';
  const sockets = topology.sockets.length;
  const rows = lanes.map((lane) => [
    lane.distance,
    lane.socketA === lane.socketB ? String(lane.socketA) : `${lane.socketA}-${lane.socketB}`,
    String(lane.places.length),
    `${expectedRevisitSeconds(lane, lanes, sockets, tick).toFixed(0)} s`,
  ]);
  return [
    formatTable([['distance', 'sockets', 'places', 'latency visit every'], ...rows]),
    '',
    `one latency visit every ${tick} s; each pair of sockets at least every ${promisedRevisitSeconds(lanes, sockets)} s,`,
    `and every ${options.floor_seconds} s whatever the load; at most ${options.budget_ratio * 100} % of two CPUs for each pair of sockets`,
    '',
  ].join('\n');
}

/** > 0:64,1:65 */
function parsePairs(text: string): (readonly [number, number])[] {
  return text.split(',').map((pair) => {
    const [, a, b] = /^(\d+):(\d+)$/.exec(pair) ?? [];
    if (a === undefined || b === undefined || a === b) {
      throw new UsageError(`--pairs ${JSON.stringify(pair)}: two different CPU ids, as in 0:64,1:65`);
    }
    return [Number(a), Number(b)] as const;
  });
}

/** One visit by hand: what /proc says of its surroundings is left to the daemon. */
const nothingElse = { throttledPeriods: undefined, stealSeconds: undefined, irqSeconds: undefined };
