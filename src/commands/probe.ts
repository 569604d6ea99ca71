import { Absent, Denied } from '../errors.ts';
import type {
  Host,
  MemoryPlan,
  MemoryVisit,
  NativeClock,
  Spin,
  Step,
  Visit,
  VisitPlan,
} from '../host/host.ts';
import { answer, experiments, handOffSeconds, itemsPerSecond, type Answer } from '../probes/experiments.ts';
import { choosePair, type Knowledge } from '../probes/pair.ts';
import { eligibleCpus, lanesOf, type Courtesy, type Place } from '../probes/lanes.ts';
import { coresOf } from '../probes/plan.ts';
import { emptyMatrix, measureMemory, sweep, type Matrix, type MemoryMatrix } from '../probes/sweep.ts';
import { cleanGroups } from '../probes/taint.ts';
import { median, quantile } from '../quantile.ts';
import { cpuOf, distanceOf, memoryNodesOf, distances, type Distance, type Topology } from '../topology.ts';

/** What one run for a person found. JSON of this is what `numacanary probe --json` prints; seconds throughout. */
export interface ProbeReport {
  readonly conditions: Conditions;
  readonly lanes: readonly LaneReport[];
  readonly memory: MemoryMatrix | null;
  readonly matrix: Matrix | null;
  readonly penalties: readonly string[];
  readonly answers: readonly Answer[];
  /** The pair of CPUs that the answers were measured on; null where no pair could be had. */
  readonly answeredOn: { readonly distance: Distance; readonly cpuA: number; readonly cpuB: number } | null;
}

/** A number means little without the state of the machine that it was taken in. */
export interface Conditions {
  readonly cpu: string;
  readonly kernel: string | null;
  readonly hypervisor: boolean;
  readonly sockets: number;
  readonly numaNodes: number;
  readonly cpus: number;
  readonly smt: boolean;
  readonly loadAverage: string | null;
  readonly governor: string | null;
  readonly numaBalancing: string | null;
  readonly transparentHugePages: string | null;
  readonly clock: NativeClock['source'];
  readonly clockStepSeconds: number;
  readonly spin: Spin;
  readonly warnings: readonly string[];
}

export interface LaneReport {
  readonly distance: Distance;
  readonly socketA: number;
  readonly socketB: number;
  /** Pairs visited, as [initiator, answerer]. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Two-line store pattern, half a round trip, means of 16. */
  readonly medianSeconds: number | null;
  readonly p90Seconds: number | null;
  readonly floorSeconds: number | null;
  /** One-line compare-and-swap, for comparison with other tools; about half of the store pattern. */
  readonly cas1MedianSeconds: number | null;
  /** One item through a ring and one back, half a round trip: what a queue of single items adds to the line. */
  readonly ring1MedianSeconds: number | null;
  /** Single hand-offs on a schedule, stalls kept; p99 only from 10,000 of them. */
  readonly singleHandOffs: number;
  readonly p99Seconds: number | null;
  readonly itemsPerSecond: {
    readonly '1': number | null;
    readonly '512': number | null;
    readonly line: number | null;
  };
  /** Cache lines under way at once in the batch-512 ring: its items/s times the round trip of the CAS ruler, over 8. */
  readonly linesInFlight: number | null;
  readonly visits: number;
  readonly soundVisits: number;
}

export interface ProbeRun {
  readonly host: Host;
  readonly topology: Topology;
  readonly courtesy: Courtesy;
  readonly spin: Spin;
  /** CPU pairs by hand; left out: two of each lane. */
  readonly pairs?: readonly (readonly [number, number])[];
  /** Every core against every core as well. */
  readonly matrix: boolean;
  readonly visitPlan: (cpuA: number, cpuB: number, steps: readonly Step[]) => VisitPlan;
  readonly memoryPlan: (cpuNode: number, memoryNode: number) => MemoryPlan;
  /** Undefined where the evidence of the visit forbids to use it. */
  readonly visit: (plan: VisitPlan) => Promise<Visit | undefined>;
  readonly memory: (plan: MemoryPlan) => Promise<MemoryVisit | undefined>;
  readonly onProgress: (done: number, total: number, what: string) => void;
  readonly signal: AbortSignal;
}

const pairsPerLane = 2;
const latencyVisits = 12;
const throughputVisits = 6;
/** 100 single hand-offs or so fit in a visit; 10,000 in all make a p99 worth printing. */
const singleVisits = 120;
const handOffsForP99 = 10_000;
const experimentRounds = 20;
const itemsPerLine = 8;

export async function probe(run: ProbeRun): Promise<ProbeReport> {
  const targets = targetsOf(run);
  const lanes: LaneReport[] = [];
  const total = targets.length + 2 + (run.matrix ? 1 : 0);
  for (const [index, target] of targets.entries()) {
    run.onProgress(index, total, `${target.distance} ${target.socketA}-${target.socketB}`);
    lanes.push(await measureLane(run, target));
  }
  run.onProgress(targets.length, total, 'memory');
  const memory = await measureNodes(run);
  run.onProgress(targets.length + 1, total, 'questions');
  const furthest = targets.at(-1);
  const [pair] = furthest?.pairs ?? [];
  const answers: Answer[] = [];
  if (pair) {
    const plan = run.visitPlan(pair[0], pair[1], []);
    for (const experiment of experiments(run.spin)) {
      answers.push(await answer(experiment, { ...run, plan, rounds: experimentRounds }));
    }
  }
  const matrix = run.matrix ? await measureMatrix(run) : null;
  run.onProgress(total, total, 'done');
  return {
    conditions: await conditionsOf(run),
    lanes,
    memory,
    matrix,
    penalties: penaltiesOf(lanes, memory),
    answers,
    answeredOn: furthest && pair ? { distance: furthest.distance, cpuA: pair[0], cpuB: pair[1] } : null,
  };
}

/** What a far hand-off costs beside the nearest, in words. Classes are compared where both were measured. */
export function penaltiesOf(lanes: readonly LaneReport[], memory: MemoryMatrix | null): readonly string[] {
  const classes = distances.flatMap((distance) => {
    const own = lanes.filter((lane) => lane.distance === distance);
    const seconds = median(own.flatMap(({ medianSeconds }) => medianSeconds ?? []));
    const items = median(own.flatMap(({ itemsPerSecond }) => itemsPerSecond['512'] ?? []));
    return seconds === undefined ? [] : [{ distance, seconds, items }];
  });
  // Two threads of one core share its L1: nobody chooses between that and another socket.
  const [near, ...far] = classes.filter(({ distance }) => distance !== 'smt');
  const words = far.map(({ distance, seconds, items }) => {
    const latency = `${(seconds / (near?.seconds ?? seconds)).toFixed(1)}x latency`;
    const throughput =
      items === undefined || near?.items === undefined
        ? ''
        : `, ${percent(items / near.items - 1)} throughput`;
    return `${distance}: ${latency}${throughput}, beside ${near?.distance}`;
  });
  const cells = memory?.loadNs.flatMap((row, at) =>
    row.flatMap((ns, to) =>
      ns === null ? [] : [{ ns, local: memory.cpuNodes[at] === memory.memoryNodes[to] }],
    ),
  );
  const local = median((cells ?? []).filter((cell) => cell.local).map(({ ns }) => ns));
  const remote = quantile(
    (cells ?? []).filter((cell) => !cell.local).map(({ ns }) => ns),
    1,
  );
  if (local !== undefined && remote !== undefined) {
    words.push(`memory: the furthest node costs ${(remote / local).toFixed(1)}x the local one`);
  }
  return words;
}

// --- Internal helpers ---

interface Target {
  readonly distance: Distance;
  readonly socketA: number;
  readonly socketB: number;
  readonly pairs: readonly (readonly [number, number])[];
}

/** Two pairs of each lane, on different CPUs where there are any; or the pairs asked for, each a target. */
function targetsOf({ topology, courtesy, pairs }: ProbeRun): readonly Target[] {
  if (pairs) {
    return pairs.map(([cpuA, cpuB]) => {
      const distance = distanceOf(topology, cpuA, cpuB);
      const [a, b] = [cpuOf(topology, cpuA), cpuOf(topology, cpuB)];
      if (!distance || !a || !b) throw new Absent(`--pairs ${cpuA}:${cpuB}: not two CPUs that are online`);
      return { distance, socketA: a.socket, socketB: b.socket, pairs: [[cpuA, cpuB]] };
    });
  }
  const used = new Map<number, number>();
  const placed = new Map<Place, number>();
  let turn = 0;
  const known: Knowledge = {
    busy: () => undefined,
    lastUsed: (cpu) => used.get(cpu) ?? 0,
    lastPlaced: (place) => placed.get(place) ?? 0,
  };
  return lanesOf(topology, eligibleCpus(topology, courtesy)).map((lane) => {
    const chosen = new Map<string, readonly [number, number]>();
    for (let n = 0; n < pairsPerLane; n++) {
      const pair = choosePair(lane, known);
      if (!pair) continue;
      turn++;
      placed.set(pair.place, turn);
      used.set(pair.cpuA, turn).set(pair.cpuB, turn);
      chosen.set([pair.cpuA, pair.cpuB].toSorted((a, b) => a - b).join(':'), [pair.cpuA, pair.cpuB]);
    }
    return { ...lane, pairs: [...chosen.values()] };
  });
}

async function measureLane(run: ProbeRun, target: Target): Promise<LaneReport> {
  const found = {
    handOffs: [] as number[],
    cas: [] as number[],
    hop: [] as number[],
    flight: [] as number[],
    single: [] as number[],
    visits: 0,
    sound: 0,
  };
  const rates = { '1': [] as number[], '512': [] as number[], line: [] as number[] };
  const visit = async (times: number, steps: readonly Step[], take: (visit: Visit) => void) => {
    for (let turn = 0; turn < times && !run.signal.aborted; turn++) {
      const [cpuA, cpuB] = target.pairs[turn % target.pairs.length] ?? [-1, -1];
      const result = await run.visit(run.visitPlan(cpuA, cpuB, steps));
      found.visits++;
      if (!result) continue;
      found.sound++;
      take(result);
    }
  };
  await visit(latencyVisits, ['store2'], ({ store2, rulerBefore }) => {
    found.handOffs.push(...cleanGroups(store2).map((ns) => ns / 2e9));
    found.cas.push(...cleanGroups(rulerBefore).map((ns) => ns / 2e9));
  });
  await visit(throughputVisits, ['ring1', 'ring_512', 'ring_1', 'ring_line'], (result) => {
    found.hop.push(...cleanGroups(result.ring1).map((ns) => ns / 2e9));
    const [items, ruler] = [itemsPerSecond(result.ring512), handOffSeconds(result.rulerBefore)];
    if (items !== undefined && ruler !== undefined) found.flight.push((items * 2 * ruler) / itemsPerLine);
    rates['1'].push(...some(itemsPerSecond(result.ring1Item)));
    rates['512'].push(...some(itemsPerSecond(result.ring512)));
    rates.line.push(...some(itemsPerSecond(result.ringLine)));
  });
  await visit(singleVisits, ['experienced'], ({ experiencedNs }) => {
    found.single.push(...experiencedNs.map((ns) => ns / 1e9));
  });
  const enough = found.single.length >= handOffsForP99;
  return {
    distance: target.distance,
    socketA: target.socketA,
    socketB: target.socketB,
    pairs: target.pairs,
    medianSeconds: median(found.handOffs) ?? null,
    p90Seconds: quantile(found.handOffs, 0.9) ?? null,
    floorSeconds: quantile(found.handOffs, 0) ?? null,
    cas1MedianSeconds: median(found.cas) ?? null,
    ring1MedianSeconds: median(found.hop) ?? null,
    linesInFlight: median(found.flight) ?? null,
    singleHandOffs: found.single.length,
    p99Seconds: enough ? (quantile(found.single, 0.99) ?? null) : null,
    itemsPerSecond: {
      '1': median(rates['1']) ?? null,
      '512': median(rates['512']) ?? null,
      line: median(rates.line) ?? null,
    },
    visits: found.visits,
    soundVisits: found.sound,
  };
}

/** One CPU of each node that has any, to each node that has memory. */
async function measureNodes(run: ProbeRun): Promise<MemoryMatrix | null> {
  const eligible = new Set(eligibleCpus(run.topology, run.courtesy).map(({ id }) => id));
  const { numaNodes } = run.topology;
  const from = numaNodes.filter(({ cpus }) => cpus.some((cpu) => eligible.has(cpu)));
  const to = memoryNodesOf(run.topology);
  const ids = (nodes: typeof numaNodes) => nodes.map(({ id }) => id);
  return measureMemory(ids(from), ids(to), {
    plan: run.memoryPlan,
    visit: run.memory,
    signal: run.signal,
  });
}

/** One thread of each core: the other one would only show the same cache again. */
function measureMatrix(run: ProbeRun): Promise<Matrix> {
  const cores = coresOf(eligibleCpus(run.topology, run.courtesy));
  return sweep(emptyMatrix(cores), {
    plan: (cpuA, cpuB) => run.visitPlan(cpuA, cpuB, []),
    visit: run.visit,
    onProgress: ({ done, total }) => run.onProgress(done, total, 'matrix'),
    signal: run.signal,
  });
}

async function conditionsOf({ host, topology, spin }: ProbeRun): Promise<Conditions> {
  const word = async (path: string) => {
    try {
      return (await host.files.read(path)).trim();
    } catch (thrown) {
      if (thrown instanceof Absent || thrown instanceof Denied) return null;
      throw thrown;
    }
  };
  const clock = await host.native.clock();
  const thp = await word('/sys/kernel/mm/transparent_hugepage/enabled');
  return {
    cpu: topology.identity.name,
    kernel: await word('/proc/sys/kernel/osrelease'),
    hypervisor: topology.identity.hypervisor,
    sockets: topology.sockets.length,
    numaNodes: topology.numaNodes.length,
    cpus: topology.cpus.length,
    smt: topology.cores.some(({ cpus }) => cpus.length > 1),
    loadAverage: (await word('/proc/loadavg'))?.split(' ').slice(0, 3).join(' ') ?? null,
    governor: await word('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    numaBalancing: await word('/proc/sys/kernel/numa_balancing'),
    // > always [madvise] never
    transparentHugePages: thp?.match(/\[(\w+)\]/)?.[1] ?? thp,
    clock: clock.source,
    clockStepSeconds: clock.stepNs / 1e9,
    spin,
    warnings: topology.warnings,
  };
}

const some = (value: number | undefined): readonly number[] => (value === undefined ? [] : [value]);

const percent = (change: number): string => `${change < 0 ? '-' : '+'}${Math.abs(change * 100).toFixed(0)} %`;
