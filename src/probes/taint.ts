import type {
  MemoryPlan,
  MemoryVisit,
  PingPong,
  Ring,
  Step,
  ThreadEvidence,
  Visit,
  VisitPlan,
} from '../host/host.ts';
import { median } from '../quantile.ts';

/**
 * Why a visit is thrown away. Each is evidence that something else than the interconnect was timed, and none is
 * the value itself: a link that is slow and steady passes, for it is what we are here to show.
 */
export const causes = [
  'not_coscheduled', // the partner never came
  'deadline', // a step did not end: the placement after it is unknown
  'migrated', // not on the CPU it was pinned to
  'pin_lost', // on it, but no longer held there
  'throttled', // our own cgroup ran out of quota
  'blocked', // slept in the kernel
  'page_fault',
  'page_moved', // the lines lay on another node than the labels say
  'unverified', // the kernel would not say where the pages lay
  'placement_flip', // the rulers before and after differ: a hypervisor moved us
  'preempted', // too little was left without another task in between
  'gap', // the same without a task: interrupt, SMI, hypervisor
  'frequency', // the core clock changed; throughput only
  'implausible', // below a nanosecond, or longer than the visit
  'corrupt', // words arrived different from what was sent
] as const;
export type Cause = (typeof causes)[number];

export const stallCauses = ['preempted', 'steal', 'irq', 'unattributed'] as const;
export type StallCause = (typeof stallCauses)[number];

/** What other files said about the time of the visit. Undefined: the file is not there, or was not read again. */
export interface Surroundings {
  readonly throttledPeriods: number | undefined;
  readonly stealSeconds: number | undefined;
  readonly irqSeconds: number | undefined;
}

export type Purpose = 'latency' | 'throughput' | 'experienced';

/** What a visit of these steps is judged as: the rulers alone are latency, too. */
export function purposeOf(steps: readonly Step[]): Purpose {
  if (steps.some((step) => step.startsWith('ring_'))) return 'throughput';
  return steps.includes('experienced') ? 'experienced' : 'latency';
}

const flipRatio = 1.25;
const frequencyRatio = 1.05;
// A median stands as long as most of what it was taken from is clean.
const cleanShare = 0.5;

/** All causes that hold, in the order of the list; none: clean. */
export function taintsOf(
  purpose: Purpose,
  plan: VisitPlan,
  visit: Visit,
  around: Surroundings,
): readonly Cause[] {
  // Of a thread that never came there is no evidence to look at.
  if (visit.outcome === 'not_coscheduled') return order([...throttled(around), 'not_coscheduled']);
  const found: Cause[] = [...throttled(around)];
  // A stall that outlasts the visit is what "as experienced" is about: what stands of it stays.
  const cut = visit.outcome === 'deadline' && purpose !== 'experienced';
  found.push(...placementOf(plan, visit));
  // Steps that were never reached have no readings to judge.
  if (cut) found.push('deadline');
  else found.push(...readingsOf(purpose, plan, visit));
  if (purpose !== 'experienced') {
    for (const thread of [visit.a, visit.b]) {
      if (thread.voluntarySwitches > 0) found.push('blocked');
      if (thread.minorFaults + thread.majorFaults > 0) found.push('page_fault');
    }
  }
  return order(found);
}

function placementOf(plan: VisitPlan, visit: Visit): Cause[] {
  const found: Cause[] = [];
  if (plan.pinned) {
    for (const [thread, cpu] of [
      [visit.a, plan.cpuA],
      [visit.b, plan.cpuB],
    ] as const) {
      // Abandoned at the deadline before it could say anything about itself.
      if (visit.outcome === 'deadline' && thread.maskCpus === 0) continue;
      if (thread.cpuBefore !== cpu || thread.cpuAfter !== cpu) found.push('migrated');
      if (thread.maskCpus !== 1) found.push('pin_lost');
    }
  }
  if (movedFrom(plan.nodeA, visit.pageNodeA) || movedFrom(plan.nodeB, visit.pageNodeB))
    found.push('page_moved');
  const before = median(cleanGroups(visit.rulerBefore));
  const after = median(cleanGroups(visit.rulerAfter));
  if (before !== undefined && after !== undefined && apart(before, after, flipRatio))
    found.push('placement_flip');
  return found;
}

/**
 * Preemption is where the three purposes differ. Latency is the median of groups of 16 round trips, and a group
 * in which a thread was away shows it as a gap in its polling: those groups go, and the median of the others is
 * what it would have been (a switch that fits below the gap threshold can bend one group of 25, which a median
 * does not feel). Were one involuntary switch to cost the visit, a busy host would have no clean visit at all,
 * and the canary would be silent just when it is asked. Throughput has no such refuge: the queue runs empty or
 * full around a switch, so the laps beside the gap are wrong too. Experienced latency is there to show stalls.
 */
function readingsOf(purpose: Purpose, plan: VisitPlan, visit: Visit): Cause[] {
  const preempted = visit.a.involuntarySwitches + visit.b.involuntarySwitches > 0;
  const interrupted: Cause = preempted ? 'preempted' : 'gap';
  const found: Cause[] = [];
  if (purpose === 'latency') {
    const steps = plan.steps.includes('store2') ? [visit.store2] : [];
    const groups = [visit.rulerBefore, ...steps, visit.rulerAfter];
    if (!groups.every(enough)) found.push(interrupted);
    if (!groups.flatMap(cleanGroups).every((ns) => plausible(ns / 2, plan.deadlineNs)))
      found.push('implausible');
  }
  if (purpose === 'throughput') {
    const rings = ringsOf(plan, visit);
    if (preempted) found.push('preempted');
    else if (!rings.some(usable)) found.push('gap');
    if ([visit.a, visit.b].some(clockMoved)) found.push('frequency');
    if (rings.some((ring) => ring.corrupt > 0)) found.push('corrupt');
    if (rings.some((ring) => ring.cleanLaps > 0 && !plausibleRing(ring, plan.deadlineNs)))
      found.push('implausible');
  }
  if (purpose === 'experienced') {
    if (visit.experiencedNs.length === 0) found.push(interrupted);
    if (!visit.experiencedNs.every((ns) => plausible(ns, plan.deadlineNs))) found.push('implausible');
  }
  return found;
}

/** One thread that loads: the same rules, and every page must have been seen where it was asked for. */
export function memoryTaintsOf(plan: MemoryPlan, visit: MemoryVisit, around: Surroundings): readonly Cause[] {
  const { thread } = visit;
  const found: Cause[] = [...throttled(around)];
  if (visit.outcome !== 'done') {
    found.push(visit.outcome);
    // Given up on, or never sent for: there is no evidence to look at.
    if (thread.maskCpus === 0) return order(found);
  }
  if (thread.cpuBefore !== plan.cpu || thread.cpuAfter !== plan.cpu) found.push('migrated');
  if (thread.maskCpus !== 1) found.push('pin_lost');
  if (thread.voluntarySwitches > 0) found.push('blocked');
  if (thread.minorFaults + thread.majorFaults > 0) found.push('page_fault');
  if (visit.pagesChecked === 0) found.push('unverified');
  if (visit.pagesOnNode < visit.pagesChecked) found.push('page_moved');
  const groups = { roundTripNs: visit.loadNs, gapNs: visit.gapNs };
  if (!enough(groups)) found.push(thread.involuntarySwitches > 0 ? 'preempted' : 'gap');
  if (!cleanGroups(groups).every((ns) => plausible(ns, plan.deadlineNs))) found.push('implausible');
  return order(found);
}

/** Means of the groups in which no thread was away. */
export function cleanGroups({ roundTripNs, gapNs }: PingPong): readonly number[] {
  return roundTripNs.filter((_, group) => gapNs[group] === 0);
}

/** The rings of the plan of which enough laps are clean to say anything. */
export const usable = (ring: Ring) => ring.cleanLaps > 0 && ring.cleanLaps >= ring.laps * cleanShare;

/** Whose fault the time was that fell out; /proc/stat counts in 10 ms, so a short interrupt often stays unnamed. */
export function stallOf(
  threads: readonly ThreadEvidence[],
  around: Surroundings,
): { cause: StallCause; seconds: number } {
  const seconds = threads.reduce((sum, { gapNs }) => sum + gapNs, 0) / 1e9;
  if (threads.some(({ involuntarySwitches }) => involuntarySwitches > 0))
    return { cause: 'preempted', seconds };
  if ((around.stealSeconds ?? 0) > 0) return { cause: 'steal', seconds };
  return { cause: (around.irqSeconds ?? 0) > 0 ? 'irq' : 'unattributed', seconds };
}

function ringsOf(plan: VisitPlan, visit: Visit): readonly Ring[] {
  return [
    ...(plan.steps.includes('ring_512') ? [visit.ring512] : []),
    ...(plan.steps.includes('ring_1') ? [visit.ring1Item] : []),
    ...(plan.steps.includes('ring_line') ? [visit.ringLine] : []),
  ];
}

const throttled = (around: Surroundings): Cause[] =>
  (around.throttledPeriods ?? 0) > 0 ? ['throttled'] : [];
const movedFrom = (asked: number, found: number) => asked >= 0 && found >= 0 && asked !== found;
const apart = (a: number, b: number, ratio: number) => Math.max(a, b) > Math.min(a, b) * ratio;
const enough = (groups: PingPong) =>
  groups.roundTripNs.length > 0 && cleanGroups(groups).length >= groups.roundTripNs.length * cleanShare;
const plausible = (ns: number, deadlineNs: number) => ns >= 1 && ns <= deadlineNs;
const clockMoved = ({ hertzBefore, hertzAfter }: ThreadEvidence) =>
  hertzBefore > 0 && hertzAfter > 0 && apart(hertzBefore, hertzAfter, frequencyRatio);
const plausibleRing = ({ items, elapsedNs }: Ring, deadlineNs: number) =>
  items > 0 && elapsedNs > 0 && elapsedNs <= deadlineNs;
const order = (found: readonly Cause[]) => causes.filter((cause) => found.includes(cause));
