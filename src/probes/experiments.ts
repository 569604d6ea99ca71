import type { PingPong, Ring, Spin, Step, Visit, VisitPlan } from '../host/host.ts';
import { median, quantile } from '../quantile.ts';

export const experimentNames = ['padding', 'home', 'pinning', 'spin', 'batch'] as const;

/**
 * A/B questions that an owner of a NUMA service asks, answered by the machine itself. A and B run in turn on
 * the same CPUs, A B B A, and each answer is the median of the ratios of neighbours, so that a drift of the
 * machine hits both.
 */
export interface Experiment {
  readonly name: (typeof experimentNames)[number];
  readonly question: string;
  readonly a: Variant;
  readonly b: Variant;
  readonly measures: 'hand_off_seconds' | 'items_per_second';
  /** What to do when B is clearly better, when A is, and when it makes no difference here. */
  readonly advice: { readonly b: string; readonly a: string; readonly none: string };
}

interface Variant {
  readonly label: string;
  readonly steps: readonly Step[];
  readonly change: (plan: VisitPlan) => Partial<VisitPlan>;
  readonly read: (visit: Visit) => number | undefined;
}

export type Verdict = 'a' | 'b' | 'none' | 'not_applicable' | 'unknown';

export interface Answer {
  readonly name: Experiment['name'];
  readonly question: string;
  readonly measures: Experiment['measures'];
  readonly a: { readonly label: string; readonly median: number | null };
  readonly b: { readonly label: string; readonly median: number | null };
  /** B over A, median over the pairs of neighbours; null when too few were sound. */
  readonly ratio: number | null;
  readonly pairs: number;
  readonly verdict: Verdict;
  readonly advice: string;
}

/** Mean hand-off of the clean groups, seconds: half a round trip. */
export function handOffSeconds(pingPong: PingPong): number | undefined {
  const clean = pingPong.roundTripNs.filter((_, group) => pingPong.gapNs[group] === 0);
  const roundTripNs = median(clean);
  return roundTripNs === undefined ? undefined : roundTripNs / 2 / 1e9;
}

export function itemsPerSecond(ring: Ring): number | undefined {
  return ring.items > 0 && ring.elapsedNs > 0 ? (ring.items / ring.elapsedNs) * 1e9 : undefined;
}

const asIs = (): Partial<VisitPlan> => ({});
const handOff = (visit: Visit): number | undefined => handOffSeconds(visit.store2);
const oneItem = (visit: Visit): number | undefined => itemsPerSecond(visit.ring1Item);
const bulk = (visit: Visit): number | undefined => itemsPerSecond(visit.ring512);
const words = { bare: 'bare spin', pause: 'PAUSE in the spin' };
const otherSpin = (spin: Spin): Spin => (spin === 'bare' ? 'pause' : 'bare');

/** The questions for one machine: `spin` is the method its probes use. */
export function experiments(spin: Spin): readonly Experiment[] {
  return [
    {
      name: 'padding',
      question: 'Do indices 128 bytes apart hand over faster than 64?',
      measures: 'items_per_second',
      a: { label: '64 bytes', steps: ['ring_1'], change: () => ({ strideBytes: 64 }), read: oneItem },
      b: { label: '128 bytes', steps: ['ring_1'], change: () => ({ strideBytes: 128 }), read: oneItem },
      advice: {
        b: 'Pad shared indices to 128 bytes: the adjacent-line prefetcher couples neighbours here.',
        a: 'Padding to 64 bytes is enough, and 128 costs cache here.',
        none: 'Padding to 64 bytes is enough here; 128 does no harm where the code must also run elsewhere.',
      },
    },
    {
      name: 'home',
      question: 'Where should the memory of a queue live: at its producer or at its consumer?',
      measures: 'items_per_second',
      a: { label: 'at the producer', steps: ['ring_512'], change: asIs, read: bulk },
      b: {
        label: 'at the consumer',
        steps: ['ring_512'],
        change: ({ nodeA, nodeB }) => ({ nodeA: nodeB, nodeB: nodeA }),
        read: bulk,
      },
      advice: {
        b: 'Allocate queues on the consumer’s node.',
        a: 'Allocate queues on the producer’s node.',
        none: 'The node a queue lives on makes no difference to its throughput here.',
      },
    },
    {
      name: 'pinning',
      question: 'What does it cost to leave both threads unpinned?',
      measures: 'hand_off_seconds',
      a: { label: 'pinned to this pair', steps: ['store2'], change: asIs, read: handOff },
      b: { label: 'unpinned', steps: ['store2'], change: () => ({ pinned: false }), read: handOff },
      advice: {
        b: 'The scheduler found a nearer pair than this one: keep talkers close, or let it.',
        a: 'Pin threads that talk to each other: the scheduler placed them further apart.',
        none: 'For a burst this short the scheduler does no worse than this pair.',
      },
    },
    {
      name: 'spin',
      question: 'Which way of waiting sees the line sooner?',
      measures: 'hand_off_seconds',
      a: { label: words[spin], steps: ['store2'], change: asIs, read: handOff },
      b: {
        label: words[otherSpin(spin)],
        steps: ['store2'],
        change: () => ({ spin: otherSpin(spin) }),
        read: handOff,
      },
      advice: {
        b: `Spin loops do better with ${words[otherSpin(spin)]} here.`,
        a: `Spin loops do better with ${words[spin]} here.`,
        none: 'Both ways of waiting are alike here: use PAUSE, it leaves the core to its other thread.',
      },
    },
    {
      name: 'batch',
      question: 'How much does publishing 512 items at once gain over one at a time?',
      measures: 'items_per_second',
      a: { label: 'one item', steps: ['ring_1'], change: asIs, read: oneItem },
      b: { label: '512 items', steps: ['ring_512'], change: asIs, read: bulk },
      advice: {
        b: 'Batch what crosses: publish the index once for many items.',
        a: 'Batching does not pay on this pair.',
        none: 'Batching does not pay on this pair.',
      },
    },
  ];
}

export interface ExperimentRun {
  readonly plan: VisitPlan;
  /** One visit when the budget allows it; undefined where its evidence forbids to use it. */
  readonly visit: (plan: VisitPlan) => Promise<Visit | undefined>;
  /** Pairs of neighbours wanted. */
  readonly rounds: number;
  readonly signal?: AbortSignal;
}

/** Runs one experiment; never fewer than `rounds` visits of each variant, unless aborted. */
export async function answer(experiment: Experiment, run: ExperimentRun): Promise<Answer> {
  const { a, b, name } = experiment;
  if (name === 'home' && run.plan.nodeA === run.plan.nodeB) {
    return conclude(experiment, [], 'not_applicable', 'Both CPUs have the same memory node.');
  }
  const measure = async (variant: Variant): Promise<Measured | undefined> => {
    const visit = await run.visit({ ...run.plan, steps: variant.steps, ...variant.change(run.plan) });
    const value = visit && variant.read(visit);
    const ruler = visit && handOffSeconds(visit.rulerBefore);
    return value === undefined || ruler === undefined ? undefined : { value, ruler };
  };
  const pairs: Neighbours[] = [];
  for (let round = 0; round < run.rounds && run.signal?.aborted !== true; round++) {
    const first = await measure(round % 2 === 0 ? a : b);
    const second = await measure(round % 2 === 0 ? b : a);
    if (first === undefined || second === undefined) continue;
    const pair = round % 2 === 0 ? { a: first, b: second } : { a: second, b: first };
    // A virtual machine's host may move its CPUs between two visits; then A and B saw two machines. Unpinned
    // threads choose their own CPUs, so there a different ruler is the very effect.
    if (name === 'pinning' || Math.abs(pair.a.ruler / pair.b.ruler - 1) < 0.25) pairs.push(pair);
  }
  return conclude(experiment, pairs);
}

// --- Internal helpers ---

interface Measured {
  readonly value: number;
  readonly ruler: number;
}
interface Neighbours {
  readonly a: Measured;
  readonly b: Measured;
}

const minimumPairs = 5;

function conclude(
  experiment: Experiment,
  pairs: readonly Neighbours[],
  verdict?: Verdict,
  advice?: string,
): Answer {
  const ratios = pairs.map(({ a, b }) => b.value / a.value);
  const ratio = pairs.length < minimumPairs ? undefined : median(ratios);
  const found = verdict ?? judge(experiment, ratios);
  const known = found === 'a' || found === 'b' || found === 'none';
  return {
    name: experiment.name,
    question: experiment.question,
    measures: experiment.measures,
    a: { label: experiment.a.label, median: median(pairs.map(({ a }) => a.value)) ?? null },
    b: { label: experiment.b.label, median: median(pairs.map(({ b }) => b.value)) ?? null },
    ratio: ratio ?? null,
    pairs: pairs.length,
    verdict: found,
    advice:
      advice ??
      (known
        ? experiment.advice[found]
        : 'Too few undisturbed pairs of runs: ask again on a calmer machine.'),
  };
}

/** Clear means: the middle half of the ratios lies on one side of 1, and their median at least 5 % away. */
function judge({ measures }: Experiment, ratios: readonly number[]): Verdict {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q));
  if (ratios.length < minimumPairs || low === undefined || middle === undefined || high === undefined) {
    return 'unknown';
  }
  const higher = low > 1 && middle >= 1.05;
  const lower = high < 1 && middle <= 1 / 1.05;
  if (!higher && !lower) return 'none';
  return (measures === 'items_per_second') === higher ? 'b' : 'a';
}
