import { Absent, Denied, NativeError } from '../errors.ts';
import { intervalOf } from '../pmu/counting/interval.ts';
import { ofAlways } from '../pmu/counting/scale.ts';
import type { Facts } from '../pmu/facts.ts';
import type { Attr, Group, Place, Plan } from '../pmu/plan.ts';
import { implausible, isPlausible, judged, moved, ratioOf } from '../pmu/plausible.ts';
import type { Attempt } from '../pmu/plausible.ts';
import { kindOf } from '../pmu/reasons.ts';
import type { Context } from '../source.ts';
import { cpuOf, homeNodeOf, memoryNodesOf } from '../topology.ts';
import type { Topology } from '../topology.ts';
import type { Calibrated, Counters } from './counters.ts';

/** Some hypervisors' counters open, run all the time, and count nonsense. */
export interface Calibrator {
  /** Takes core events out of a plan where instructions are not counted right. Measures once. */
  examine(context: Context, facts: Facts, plan: Plan): Promise<Plan>;
  /** Makes load sources count, one step at each call, until each was seen; never in anybody's way for long. */
  provoke(context: Context, counters: Pick<Counters, 'always' | 'peek'>): Promise<void>;
  results(): readonly Calibrated[];
}

// So few that most attempts meet no interrupt: QEMU counts part of one as if it were the thread's own (1.2 % in 4 ms).
const instructions = 100_000;
const attempts = 3;
const loads = 2048;
/** The helper makes one visit at a time, and a probe may have it. */
const tries = 5;

export function createCalibrator(mode: 'enforce' | 'report' | 'off'): Calibrator {
  let verdict: Attempt | null = null;
  const found = new Map<string, Attempt[]>();
  let steps: Step[] = [];
  let begun = false;

  return {
    async examine(context, facts, plan) {
      const attr = attrOf(plan.groups, 'instructions');
      if (mode === 'off' || !attr) return plan;
      verdict ??= judged(await countInstructions(context, attr));
      if (mode === 'report' || !verdict || isPlausible(verdict)) return plan;
      return disbelieved(plan, facts, verdict);
    },
    async provoke(context, counters) {
      if (mode === 'off') return;
      if (steps.length === 0 && !begun) steps = stepsOf(context.topology, counters);
      const [step] = steps;
      if (!step) return;
      begun = true;
      const attempt = await take(step, context, counters);
      if (attempt === 'busy' && step.tries < tries) {
        step.tries += 1;
        return;
      }
      steps = steps.slice(1);
      if (attempt === 'busy' || attempt === null) return;
      found.set(step.signal, [...(found.get(step.signal) ?? []), attempt]);
      const { socket, cpu, counted, expected } = attempt;
      const say = { signal: step.signal, socket, cpu, counted: Math.round(counted), expected };
      if (!moved(attempt)) context.host.log.warn('a counter does not move when provoked', say);
    },
    results: () => [
      ...(verdict ? [{ signal: 'instructions', ratio: ratioOf(verdict) }] : []),
      // Too much is no fault, so the least is what tells.
      ...[...found].map(([signal, all]) => ({ signal, ratio: Math.min(...all.map(ratioOf)) })),
    ],
  };
}

const attrOf = (groups: readonly Group[], signal: string): Attr | undefined =>
  groups.flatMap(({ counters }) => counters).find((counter) => counter.signal === signal)?.attr;

async function countInstructions({ host, topology }: Context, attr: Attr): Promise<readonly Attempt[]> {
  const { type, config } = attr;
  const taken: Attempt[] = [];
  for (const cpu of onePerSocket(topology)) {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const one = await unlessRefused(host.native.calibrate({ cpu: cpu.id, type, config, instructions }));
      // Why it cannot be opened the opening will say; without time on a counter nothing is known of it.
      if (typeof one === 'string' || one.error !== null || one.runningNs === 0) break;
      const counted = Math.round((one.counted * one.enabledNs) / one.runningNs);
      taken.push({ cpu: cpu.id, socket: cpu.socket, expected: one.expected, counted });
    }
  }
  return taken;
}

function disbelieved({ groups, missing }: Plan, facts: Facts, verdict: Attempt): Plan {
  const isCore = ({ attr }: { attr: Attr }) => ['core', 'offcore'].includes(kindOf(attr, facts));
  const lost = new Set(groups.flatMap(({ counters }) => counters.filter(isCore).map(({ signal }) => signal)));
  return {
    groups: groups.filter(({ counters }) => !counters.some(isCore)),
    missing: [...missing, ...[...lost].map((signal) => implausible(signal, verdict))],
  };
}

/** CPUs that we may use and that are nobody's own. */
const onePerSocket = ({ sockets, cpus }: Topology) =>
  sockets.flatMap(
    ({ id }) =>
      cpus.find(
        ({ socket, allowed, isolated, nohzFull }) => socket === id && allowed && !isolated && !nohzFull,
      ) ?? [],
  );

interface Step {
  readonly signal: string;
  readonly group: Group;
  readonly place: Place;
  /** Makes the CPU of the place load that many times from there. */
  readonly act: (context: Context) => Promise<number>;
  tries: number;
}

/** One for each source and socket that can be provoked on this machine. */
function stepsOf(topology: Topology, counters: Pick<Counters, 'always'>): Step[] {
  if (provoked.every((signal) => counters.always(signal).length === 0)) return [];
  const memory = memoryNodesOf(topology);
  return onePerSocket(topology).flatMap((cpu) => {
    const home = homeNodeOf(topology, cpu.id);
    const far = memory.find(({ socket }) => socket !== cpu.socket);
    const other = onePerSocket(topology).find(({ socket }) => socket !== cpu.socket);
    const acts: (readonly [signal: string, act: Step['act']])[] = [];
    if (home) acts.push(['load_local_dram', chase(cpu.id, home.id)]);
    if (far) acts.push(['load_remote_dram', chase(cpu.id, far.id)]);
    if (other)
      for (const signal of ['load_remote_hitm', 'load_remote_cache'])
        acts.push([signal, handOffs(cpu.id, other.id)]);
    return acts.flatMap(([signal, act]) => {
      const group = counters.always(signal)[0];
      const place = group?.places.find((one) => one.cpu === cpu.id);
      return group && place ? [{ signal, group, place, act, tries: 0 }] : [];
    });
  });
}

const chase =
  (cpu: number, node: number): Step['act'] =>
  async ({ host }) => {
    const plan = { cpu, node, bytes: 8 * 1024 ** 2, loads, hugePages: true, deadlineNs: 5e7 };
    return (await host.native.memory(plan)).loads;
  };

const provoked = ['load_local_dram', 'load_remote_dram', 'load_remote_hitm', 'load_remote_cache'];

const roundsPerGroup = 16;

const handOffs =
  (cpuA: number, cpuB: number): Step['act'] =>
  async ({ host, topology }) => {
    const plan = {
      cpuA,
      cpuB,
      nodeA: cpuOf(topology, cpuA)?.numaNode ?? -1,
      nodeB: cpuOf(topology, cpuB)?.numaNode ?? -1,
      steps: ['store2'] as const,
      spin: 'pause' as const,
      pinned: true,
      strideBytes: 128,
      offset: 0,
      stepNs: 3e5,
      deadlineNs: 5e6,
    };
    return (await host.native.visit(plan)).store2.roundTripNs.length * roundsPerGroup;
  };

async function take(
  { signal, group, place, act }: Step,
  context: Context,
  counters: Pick<Counters, 'peek'>,
): Promise<Attempt | 'busy' | null> {
  const stands = [{ group, place }];
  const [before] = await counters.peek(stands);
  if (!before) return null;
  const expected = await unlessRefused(act(context));
  if (expected === 'busy' || expected === 'refused' || expected === 0)
    return expected === 'busy' ? 'busy' : null;
  const [after] = await counters.peek(stands);
  if (!after) return null;
  let counted = 0;
  for (const [index, counter] of group.counters.entries()) {
    const interval = counter.signal === signal ? intervalOf(before, after, index) : null;
    if (!interval) continue;
    // On all the while and never given a counter: nothing is known.
    if (interval.enabledNs > 0 && interval.runningNs === 0) return null;
    counted += ofAlways(interval)?.counts ?? interval.value;
  }
  return { cpu: place.cpu, socket: place.socket, expected, counted };
}

/** What the helper would not do here is no fault of a counter. */
async function unlessRefused<T>(work: Promise<T>): Promise<T | 'busy' | 'refused'> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof NativeError && thrown.code === 'EBUSY') return 'busy';
    if (thrown instanceof NativeError || thrown instanceof Absent || thrown instanceof Denied)
      return 'refused';
    throw thrown;
  }
}
