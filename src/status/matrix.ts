import type { Matrix } from '../probes/sweep.ts';
import { cpuOf, type Cpu, type Topology } from '../topology.ts';

/** Rows and columns that one picture shows cell by cell; above that caches, nodes or sockets stand for their cores. */
export const mostCells = 128;

/** Square, in the order of the machine. Seconds; null where nothing was measured. */
export interface Grid {
  readonly unit: 'core' | 'LLC' | 'node' | 'socket';
  /** What each row and column is: `CPU 12`, `LLC of CPU 0`. */
  readonly labels: readonly string[];
  /** The socket of each, in runs: where lines are drawn. */
  readonly sockets: readonly number[];
  readonly seconds: readonly (readonly (number | null)[])[];
}

/** The matrix of the sweep job, if that is what it is: results outlive a version of us. */
export function matrixOf(result: unknown): Matrix | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const { cpus, handOffNs, done, total } = result as Partial<Matrix>;
  const sound =
    Array.isArray(cpus) &&
    Array.isArray(handOffNs) &&
    typeof done === 'number' &&
    typeof total === 'number' &&
    handOffNs.length === cpus.length &&
    handOffNs.every((row) => Array.isArray(row) && row.length === cpus.length);
  return sound && done > 0 ? (result as Matrix) : undefined;
}

export interface Grids {
  /** Core by core where that is a picture, else by the finest group of which there are few enough. */
  readonly fine: Grid;
  /** The same, socket by socket: the table beside the picture. */
  readonly sockets: Grid;
}

export function gridsOf(topology: Topology, matrix: Matrix): Grids {
  const order = orderOf(topology, matrix.cpus);
  const units = ['core', 'LLC', 'node', 'socket'] as const;
  const unit =
    units.find((one) => new Set(order.map(({ cpu }) => keyOf(one, cpu))).size <= mostCells) ?? 'socket';
  const fine = sumsOf(unit, order, matrix);
  return { fine: means(fine), sockets: means(bySocket(fine)) };
}

export interface Cells {
  readonly cpus: readonly number[];
  readonly sockets: readonly number[];
  readonly leastNs: number;
  readonly mostNs: number;
  /** Row by row, a byte each: 0 for leastNs to 254 for mostNs and above, 255 for not measured. */
  readonly base64: string;
}

/** Every core with every core, for a canvas. */
export function cellsOf(topology: Topology, matrix: Matrix): Cells {
  const order = orderOf(topology, matrix.cpus);
  const cells = new Float64Array(order.length ** 2).fill(NaN);
  let at = 0;
  for (const { place: row } of order) {
    const from = matrix.handOffNs[row] ?? [];
    for (const { place: column } of order) cells[at++] = from[column] ?? NaN;
  }
  const { least, most } = scaleOf(cells);
  const bytes = Uint8Array.from(cells, (ns) =>
    Number.isNaN(ns) ? 255 : Math.round(Math.min(1, Math.max(0, (ns - least) / (most - least || 1))) * 254),
  );
  return {
    cpus: order.map(({ cpu }) => cpu.id),
    sockets: order.map(({ cpu }) => cpu.socket),
    leastNs: least,
    mostNs: most,
    base64: Buffer.from(bytes).toString('base64'),
  };
}

/** What was measured. By hand: flat() takes longer than all the rest of a picture. */
export function measuredOf(rows: readonly (readonly (number | null)[])[]): number[] {
  const measured: number[] = [];
  for (const row of rows) for (const value of row) if (value !== null) measured.push(value);
  return measured;
}

/** Of so many values a percentile is known well enough: a million are not sorted for it. */
const mostSorted = 50_000;

/**
 * From the least to a little above nearly all: one cell that an interrupt fell into must not turn all others into one
 * colour. What lies above has the last colour, and the legend says "and more". NaN is no value.
 */
export function scaleOf(values: readonly number[] | Float64Array): {
  least: number;
  most: number;
  capped: boolean;
} {
  const stride = Math.ceil(values.length / mostSorted);
  const some: number[] = [];
  let [least, top] = [Infinity, -Infinity];
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? NaN;
    if (Number.isNaN(value)) continue;
    if (value < least) least = value;
    if (value > top) top = value;
    if (at % stride === 0) some.push(value);
  }
  if (top < least) return { least: 0, most: 0, capped: false };
  const sorted = Float64Array.from(some).toSorted();
  const usual = sorted[Math.ceil((sorted.length - 1) * 0.98)] ?? top;
  const capped = top > usual * 1.5;
  return { least, most: capped ? usual : top, capped };
}

// --- Internal helpers ---

interface Seat {
  readonly cpu: Cpu;
  /** Its row in the matrix. */
  readonly place: number;
}

/** As the machine is built, not as the kernel counts; CPUs that have left since have no place in it. */
const orderOf = (topology: Topology, cpus: readonly number[]): readonly Seat[] =>
  cpus
    .flatMap((id, place) => {
      const cpu = cpuOf(topology, id);
      return cpu ? [{ cpu, place }] : [];
    })
    .toSorted(
      ({ cpu: a }, { cpu: b }) =>
        a.socket - b.socket || a.numaNode - b.numaNode || a.llcGroup - b.llcGroup || a.id - b.id,
    );

/** A node may lie over two sockets: those are two groups, or the lines between sockets would cut through one. */
const keyOf = (unit: Grid['unit'], { core, llcGroup, numaNode, socket }: Cpu): string =>
  `${socket}/${{ core, LLC: llcGroup, node: numaNode, socket }[unit]}`;

/** Sums and counts of cells, row by row, one for each two groups. */
interface Sums {
  readonly unit: Grid['unit'];
  readonly first: readonly Cpu[];
  readonly nanoseconds: Float64Array;
  readonly counts: Uint32Array;
}

/** A million cells on the largest machines: one pass, and no object for any of them. */
function sumsOf(unit: Grid['unit'], order: readonly Seat[], { handOffNs }: Matrix): Sums {
  const places = new Map<string, number>();
  const first: Cpu[] = [];
  const group = Uint32Array.from(order, ({ cpu }) => {
    const key = keyOf(unit, cpu);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, first.length);
    return first.push(cpu) - 1;
  });
  const columns = Uint32Array.from(order, ({ place }) => place);
  const size = first.length;
  const nanoseconds = new Float64Array(size * size);
  const counts = new Uint32Array(size * size);
  for (const [row, { place }] of order.entries()) {
    const cells = handOffNs[place] ?? [];
    const base = (group[row] ?? 0) * size;
    for (let column = 0; column < columns.length; column++) {
      const ns = cells[columns[column] ?? 0];
      if (typeof ns !== 'number') continue;
      const at = base + (group[column] ?? 0);
      nanoseconds[at] = (nanoseconds[at] ?? 0) + ns;
      counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  return { unit, first, nanoseconds, counts };
}

function bySocket({ first, nanoseconds, counts }: Sums): Sums {
  const sockets = [...new Set(first.map(({ socket }) => socket))];
  const of = first.map(({ socket }) => sockets.indexOf(socket));
  const size = sockets.length;
  const sums = {
    unit: 'socket' as const,
    first: sockets.flatMap((socket) => first.find((cpu) => cpu.socket === socket) ?? []),
    nanoseconds: new Float64Array(size * size),
    counts: new Uint32Array(size * size),
  };
  for (const [row, a] of of.entries()) {
    for (const [column, b] of of.entries()) {
      const from = row * of.length + column;
      const to = a * size + b;
      sums.nanoseconds[to] = (sums.nanoseconds[to] ?? 0) + (nanoseconds[from] ?? 0);
      sums.counts[to] = (sums.counts[to] ?? 0) + (counts[from] ?? 0);
    }
  }
  return sums;
}

const means = ({ unit, first, nanoseconds, counts }: Sums): Grid => ({
  unit,
  labels: first.map((cpu) => labelOf(unit, cpu)),
  sockets: first.map(({ socket }) => socket),
  seconds: first.map((_, row) =>
    first.map((__, column) => {
      const at = row * first.length + column;
      const count = counts[at] ?? 0;
      return count === 0 ? null : ((nanoseconds[at] ?? 0) / count) * 1e-9;
    }),
  ),
});

const labelOf = (unit: Grid['unit'], cpu: Cpu): string =>
  ({
    core: `CPU ${cpu.id}`,
    LLC: `LLC of CPU ${cpu.llcGroup}`,
    node: `node ${cpu.numaNode}`,
    socket: `socket ${cpu.socket}`,
  })[unit];
