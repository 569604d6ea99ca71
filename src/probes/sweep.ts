import { Denied, NativeError } from '../errors.ts';
import type { MemoryPlan, MemoryVisit, Visit, VisitPlan } from '../host/host.ts';
import { median } from '../quantile.ts';
import { handOffSeconds } from './experiments.ts';

/** Every CPU against every CPU, one cell at a time: the picture of a machine, and what it costs is N^2 / 2. */
export interface Matrix {
  readonly cpus: readonly number[];
  /** Row by row, cpus x cpus, symmetric; null where no sound visit came back. Nanoseconds, CAS, half a round trip. */
  readonly handOffNs: readonly (readonly (number | null)[])[];
  readonly done: number;
  readonly total: number;
}

export function emptyMatrix(cpus: readonly number[]): Matrix {
  return {
    cpus,
    handOffNs: cpus.map(() => cpus.map(() => null)),
    done: 0,
    total: (cpus.length * (cpus.length - 1)) / 2,
  };
}

/**
 * The pairs as a round-robin tournament: within a round no CPU is met twice, so that a sweep which is stopped,
 * paced or resumed has disturbed all CPUs alike, and shows the whole machine coarsely before it is complete.
 */
export function tournament(cpus: readonly number[]): (readonly [number, number])[] {
  const seats: (number | undefined)[] = [...cpus];
  if (seats.length % 2 === 1) seats.push(undefined); // whoever meets the empty seat rests
  const pairs: (readonly [number, number])[] = [];
  for (let round = 1; round < seats.length; round++) {
    for (let seat = 0; seat < seats.length / 2; seat++) {
      const left = seats[seat];
      const right = seats[seats.length - 1 - seat];
      if (left !== undefined && right !== undefined) pairs.push([left, right]);
    }
    seats.splice(1, 0, seats.pop()); // the first seat stays, all others move on by one
  }
  return pairs;
}

export interface SweepRun {
  readonly plan: (cpuA: number, cpuB: number) => VisitPlan;
  /** One visit when the budget allows it; undefined where its evidence forbids to use it. */
  readonly visit: (plan: VisitPlan) => Promise<Visit | undefined>;
  readonly onProgress: (matrix: Matrix) => void;
  readonly signal: AbortSignal;
}

/** Measures what `from` lacks. A cell without a sound visit in three tries stays null: absent, not wrong. */
export async function sweep(from: Matrix, run: SweepRun): Promise<Matrix> {
  const place = new Map(from.cpus.map((cpu, index) => [cpu, index]));
  const cells = from.handOffNs.map((row) => [...row]);
  let done = from.done;
  for (const [cpuA, cpuB] of tournament(from.cpus).slice(from.done)) {
    if (run.signal.aborted) break;
    const nanoseconds = await measure(run, cpuA, cpuB);
    // A visit broken off is no answer: this cell is the first of the next run.
    if (run.signal.aborted) break;
    const [a, b] = [place.get(cpuA) ?? -1, place.get(cpuB) ?? -1];
    cells[a]?.splice(b, 1, nanoseconds);
    cells[b]?.splice(a, 1, nanoseconds);
    done++;
    run.onProgress({ ...from, handOffNs: cells, done });
  }
  return { ...from, handOffNs: cells, done };
}

/** DRAM latency from every node with CPUs to every node with memory. */
export interface MemoryMatrix {
  readonly cpuNodes: readonly number[];
  readonly memoryNodes: readonly number[];
  /** One row for each CPU node; null where no sound visit came back. Nanoseconds for a dependent load. */
  readonly loadNs: readonly (readonly (number | null)[])[];
  readonly pageBytes: number | null;
  /** Why a cell is empty, one sentence for each cause. */
  readonly notes: readonly string[];
}

export interface MemoryRun {
  readonly plan: (cpuNode: number, memoryNode: number) => MemoryPlan;
  readonly visit: (plan: MemoryPlan) => Promise<MemoryVisit | undefined>;
  readonly onProgress?: (partial: MemoryMatrix, done: number, total: number) => void;
  readonly signal: AbortSignal;
}

export async function measureMemory(
  cpuNodes: readonly number[],
  memoryNodes: readonly number[],
  run: MemoryRun,
): Promise<MemoryMatrix> {
  const loadNs: (number | null)[][] = cpuNodes.map(() => memoryNodes.map(() => null));
  const pages = new Set<number>();
  const notes = new Set<string>();
  const result = (): MemoryMatrix => {
    const [pageBytes = null] = pages;
    return {
      cpuNodes,
      memoryNodes,
      loadNs,
      pageBytes: pages.size === 1 ? pageBytes : null,
      notes: [...notes],
    };
  };
  let done = 0;
  for (const [row, cpuNode] of cpuNodes.entries()) {
    for (const [column, memoryNode] of memoryNodes.entries()) {
      if (run.signal.aborted) return result();
      const cell = await measureLoad(run, cpuNode, memoryNode);
      if ('note' in cell) notes.add(cell.note);
      else pages.add(cell.pageBytes);
      loadNs[row]?.splice(column, 1, 'note' in cell ? null : cell.loadNs);
      done++;
      run.onProgress?.(result(), done, cpuNodes.length * memoryNodes.length);
    }
  }
  return result();
}

// --- Internal helpers ---

const tries = 3;

async function measure(run: SweepRun, cpuA: number, cpuB: number): Promise<number | null> {
  const plan = run.plan(cpuA, cpuB);
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      const visit = await run.visit(plan);
      const seconds = visit && handOffSeconds(visit.rulerBefore);
      if (seconds !== undefined) return seconds * 1e9;
    } catch (thrown) {
      if (!(thrown instanceof NativeError)) throw thrown;
      return null; // the CPU went offline or left the cpuset in the middle of the sweep
    }
  }
  return null;
}

async function measureLoad(
  run: MemoryRun,
  cpuNode: number,
  memoryNode: number,
): Promise<{ readonly loadNs: number; readonly pageBytes: number } | { readonly note: string }> {
  const plan = run.plan(cpuNode, memoryNode);
  const cell = `node ${cpuNode} to node ${memoryNode}`;
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      const visit = await run.visit(plan);
      const loadNs = visit && median(visit.loadNs.filter((_, group) => visit.gapNs[group] === 0));
      if (visit && loadNs !== undefined) return { loadNs, pageBytes: visit.pageBytes };
    } catch (thrown) {
      if (!(thrown instanceof NativeError || thrown instanceof Denied)) throw thrown;
      return { note: `${cell}: ${thrown.message}` };
    }
  }
  return { note: `${cell}: every visit was disturbed` };
}
