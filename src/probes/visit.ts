import { Absent } from '../errors.ts';
import type { MemoryPlan, Spin, Step, Visit, VisitPlan } from '../host/host.ts';
import type { Context } from '../source.ts';
import { cpuOf, homeNodeOf, type Cpu, type Topology } from '../topology.ts';
import { actOfVisit } from './act.ts';
import type { ProbeName, SkipReason, Totals } from './books.ts';
import { chase, type CleanChase } from './chase.ts';
import { spinOf } from './courtesy.ts';
import { laneKey, type Lane } from './lanes.ts';
import type { HostLoad, Load, Pressure } from './load.ts';
import { createOnDemand, type OnDemand } from './on_demand.ts';
import { choosePair, type Pair } from './pair.ts';
import { createPlanner, expectedRevisitSeconds, type Choice, type Planner } from './planner.ts';
import { createSteward, type Steward, type StewardOptions } from './steward.ts';
import type { Purpose } from './taint.ts';

/** What one probe wants of each of its visits. */
export interface Errand {
  readonly probe: Exclude<ProbeName, 'memory'> & Purpose;
  readonly steps: readonly Step[];
  readonly stepNs: number;
  readonly deadlineNs: number;
  readonly tickSeconds: number;
  /** Turn the pair round from visit to visit: what is measured has a direction. */
  readonly directed?: boolean;
  /** Turn the home of the lines, where writer and reader have different memory. */
  readonly homes?: boolean;
  /** At the start, and when a class comes up later, one visit to each unseen class at once. */
  readonly burst?: boolean;
  readonly floor?: boolean;
}

export type Home = 'writer' | 'reader';

export interface CleanVisit {
  readonly lane: Lane;
  /** Sockets of thread A, which writes first and produces, and of thread B. */
  readonly from: number;
  readonly to: number;
  readonly home: Home;
  readonly hostLoad: HostLoad;
  readonly revisitSeconds: number;
  readonly visit: Visit;
}

/** Makes the visits of all probes and jobs, one at a time, and keeps the books on them. */
export interface Visitor {
  /** Clean visits of this tick: one, none, or at the start one for each class. Throws Absent without any pair. */
  visit(context: Context, errand: Errand): Promise<readonly CleanVisit[]>;
  /** One chase from an idle CPU of `cpuNode`. Undefined: not clean, or not made. */
  memory(context: Context, cpuNode: number, plan: Omit<MemoryPlan, 'cpu'>): Promise<CleanChase | undefined>;
  readonly onDemand: OnDemand;
  spin(topology: Topology): Spin;
  eligible(topology: Topology): readonly Cpu[];
  lanes(topology: Topology): readonly Lane[];
  skipped(reason: SkipReason): void;
  totals(): Totals;
}

export function createVisitor(options: StewardOptions): Visitor {
  const steward = createSteward(options);
  const rounds = createRounds(steward, options);
  return {
    visit: rounds,
    memory: (context, cpuNode, plan) => chase(steward, context, cpuNode, plan),
    onDemand: createOnDemand(steward),
    spin: (topology) => spinOf(options.spin, topology),
    eligible: (topology) => steward.view(topology).eligible,
    lanes: (topology) => steward.view(topology).lanes,
    skipped: (reason) => steward.books.skipped(reason),
    totals: () => steward.books.totals(),
  };
}

const strideBytes = 128;
const offsets = 64;
const attempts = 3; // pairs tried in one turn when the kernel refuses CPUs
const burstAttempts = 5;
const burstPauseSeconds = 0.05;
const shorter = 3; // under pressure a visit takes a third of the time
const calm = 0.5; // a pair busier than this is pressure of its own

/** The planned visits: which lane, which pair of it, which way round and where its lines live. */
function createRounds(steward: Steward, options: StewardOptions): Visitor['visit'] {
  const { books } = steward;
  const planners = new Map<string, Planner>();
  const placed = new Map<string, number>(); // probe, lane and place -> order number of the last visit
  const rounds = new Map<string, number>(); // probe and lane -> visits so far: turns home and direction
  let order = 0;

  const plannerOf = ({ probe, burst = false, floor = false, tickSeconds }: Errand) => {
    const known = planners.get(probe);
    if (known) return known;
    // A pair is due one tick early, or it would be late by up to one.
    const floorSeconds = floor ? Math.max(0, options.floor_seconds - tickSeconds) : Infinity;
    const planner = createPlanner({ burst, floorSeconds });
    planners.set(probe, planner);
    return planner;
  };

  /** The pair of this lane whose turn it is, and how often the lane has been visited before. */
  const pairOf = (lane: Lane, { probe }: Errand, load: Load) => {
    const laneId = `${probe}/${laneKey(lane)}`;
    const placeId = ({ key }: Pair['place']) => `${laneId}/${key}`;
    const pair = choosePair(lane, {
      busy: (cpu) => load.busy.get(cpu),
      lastUsed: (cpu) => steward.lastUsed(cpu),
      lastPlaced: (place) => placed.get(placeId(place)) ?? 0,
    });
    if (!pair) return undefined;
    const round = rounds.get(laneId) ?? 0;
    rounds.set(laneId, round + 1);
    order += 1;
    placed.set(placeId(pair.place), order);
    return { pair, round };
  };

  /** One visit to this lane. */
  const visitLane = async (
    context: Context,
    errand: Errand,
    { lane, due }: Choice,
    load: Load,
  ): Promise<CleanVisit | 'refused' | undefined> => {
    const { topology, host } = context;
    const chosen = pairOf(lane, errand, load);
    if (!chosen) return 'refused';
    const { pair, round } = chosen;
    const pressures: readonly Pressure[] = [
      ...load.pressures,
      ...(pair.busy > calm ? (['cpu_busy'] as const) : []),
    ];
    books.shortened(pressures);
    const { plan, home } = planOf(topology, errand, pair, round, spinOf(options.spin, topology), {
      offset: order % offsets,
      short: pressures.length > 0,
    });
    const visiting = {
      ...actOfVisit(host.native, plan, errand.probe),
      probe: errand.probe,
      sockets: [lane.socketA, lane.socketB],
      free: due === 'burst',
    } as const;
    const measured = await steward.measure(context, visiting, load);
    if (measured.outcome === 'refused') return 'refused';
    if (measured.outcome !== 'clean') return undefined;
    const visit = measured.result;
    const socketOf = (cpu: number) => cpuOf(topology, cpu)?.socket ?? lane.socketA;
    const [from, to] = [socketOf(plan.cpuA), socketOf(plan.cpuB)];
    const now = host.clock.now();
    if (visit.a.hertzAfter > 0) books.clocked(from, visit.a.hertzAfter, now);
    if (visit.b.hertzAfter > 0) books.clocked(to, visit.b.hertzAfter, now);
    const { lanes } = steward.view(topology);
    const revisitSeconds = expectedRevisitSeconds(lane, lanes, topology.sockets.length, errand.tickSeconds);
    return { lane, from, to, home, hostLoad: load.host, revisitSeconds, visit };
  };

  /** The lane, and where it is the first sight of its class and was disturbed, the same again a moment later. */
  const insist = async (context: Context, errand: Errand, choice: Choice, before: Load) => {
    let load: Load | undefined = before;
    for (let again = 1; ; again += 1) {
      const clean = await visitLane(context, errand, choice, load);
      if (clean || choice.due !== 'burst' || again === burstAttempts) return clean;
      await context.host.clock.sleep(burstPauseSeconds, context.signal);
      if (context.signal.aborted) return undefined;
      load = await steward.load(context);
      if (!load) return 'throttled';
    }
  };

  /** One turn: the planner's choice, and other pairs when the kernel refuses its CPUs. */
  const turn = async (context: Context, errand: Errand): Promise<CleanVisit | SkipReason | undefined> => {
    const { topology, host } = context;
    const load = await steward.load(context);
    if (!load) return 'throttled';
    let refused: Choice | undefined;
    for (let attempt = 0; attempt < attempts && !context.signal.aborted; attempt += 1) {
      const { lanes } = steward.view(topology);
      if (lanes.length === 0) {
        books.skipped('no_eligible_pair');
        throw new Absent('no eligible pair of CPUs: see allowed, isolated and excluded CPUs in the topology');
      }
      const now = host.clock.now();
      // A lane whose CPUs were refused keeps its turn while it has others: the first sight of a class above all.
      const choice =
        still(refused, lanes) ??
        plannerOf(errand).next(lanes, topology.sockets.length, now, ({ socketA, socketB }) =>
          steward.affordable(socketA, socketB, now),
        );
      if (!choice) return 'budget';
      const clean = await insist(context, errand, choice, load);
      if (clean !== 'refused') return clean;
      refused = choice;
    }
    return undefined;
  };

  return async (context, errand) => {
    const clean: CleanVisit[] = [];
    do {
      const one = await steward.inTurn(() => turn(context, errand));
      if (typeof one === 'string') {
        books.skipped(one);
        break;
      }
      if (one) clean.push(one);
    } while (!context.signal.aborted && plannerOf(errand).bursting(steward.view(context.topology).lanes));
    return clean;
  };
}

/** The same choice among the lanes of now, if its lane is still there. */
function still(choice: Choice | undefined, lanes: readonly Lane[]): Choice | undefined {
  const lane = choice && lanes.find((one) => laneKey(one) === laneKey(choice.lane));
  return choice && lane && { ...choice, lane };
}

function planOf(
  topology: Topology,
  errand: Errand,
  pair: Pair,
  round: number,
  spin: Spin,
  { offset, short }: { readonly offset: number; readonly short: boolean },
): { readonly plan: VisitPlan; readonly home: Home } {
  const turned = errand.directed === true && round % 2 === 1;
  const [cpuA, cpuB] = turned ? [pair.cpuB, pair.cpuA] : [pair.cpuA, pair.cpuB];
  const [writerA, writerB] = [homeNodeOf(topology, cpuA)?.id ?? -1, homeNodeOf(topology, cpuB)?.id ?? -1];
  // Two of three for the writer's: the histogram and the first median live on it.
  const home: Home = errand.homes === true && writerA !== writerB && round % 3 === 2 ? 'reader' : 'writer';
  const plan: VisitPlan = {
    cpuA,
    cpuB,
    nodeA: home === 'writer' ? writerA : writerB,
    nodeB: home === 'writer' ? writerB : writerA,
    steps: errand.steps,
    spin,
    pinned: true,
    strideBytes,
    offset,
    stepNs: short ? Math.round(errand.stepNs / shorter) : errand.stepNs,
    deadlineNs: errand.deadlineNs,
  };
  return { plan, home };
}
