import type { Check } from '../conditions/ladder.ts';
import type { Matrix } from '../probes/sweep.ts';
import type { JobState } from '../schedule.ts';
import type { Topology } from '../topology.ts';
import { readingsOf, type Families } from './families.ts';
import type { Known, Link, SourceRow } from './known.ts';
import { laneRowsOf, socketMatrixOf, type LaneRow, type SocketMatrix } from './lanes.ts';
import { machineOf, type SocketView } from './machine.ts';
import { gridsOf, matrixOf, mostCells, type Grid, type Grids } from './matrix.ts';
import { memoryGridOf, type MemoryGrid } from './memory.ts';
import { pulseOf, type Gauge } from './pulse.ts';
import type { Spike } from './spikes.ts';
import { counted } from './text.ts';
import { tilesOf, type Tiles } from './tiles.ts';
import { verdictOf, type Verdict } from './verdict.ts';

/** What the page shows, part by part. */
export interface View {
  readonly version: string;
  readonly wall: number;
  readonly host: string;
  readonly cpuModel: string;
  /** `2 sockets, 8 NUMA nodes, 128 cores, 256 CPUs`. */
  readonly size: string;
  readonly kind: string;
  readonly verdict: Verdict;
  readonly pulse: readonly Gauge[];
  readonly machine: readonly SocketView[];
  readonly warnings: readonly string[];
  readonly handOffs: HandOffs;
  readonly memory: MemoryGrid;
  readonly memoryJob: Job;
  readonly tiles: Tiles;
  /** The newest first. */
  readonly spikes: readonly Spike[];
  readonly visits: Visits;
  readonly checks: readonly Check[];
  readonly rows: readonly SourceRow[];
  readonly links: readonly Link[];
}

export interface HandOffs {
  readonly lanes: readonly LaneRow[];
  readonly sockets: SocketMatrix;
  readonly sweep: Sweep | null;
  readonly job: Job;
}

export interface Sweep {
  readonly grid: Grid;
  readonly sockets: Grid;
  readonly cores: number;
  /** For the canvas, where cores are too many for a picture of their own: what its cells are known by. */
  readonly cells: string | null;
}

/** A slow job in words that the page needs; `off`: the configuration has it switched off. */
export interface Job {
  readonly state: JobState['state'] | 'off';
  readonly done: number;
  readonly total: number;
  readonly endedAt: number | null;
  readonly error: string | null;
}

export interface Visits {
  readonly byOutcome: readonly Count[];
  /** More than none, the most first. */
  readonly tainted: readonly Count[];
  readonly skipped: readonly Count[];
}

export interface Count {
  readonly name: string;
  readonly count: number;
}

const shownSpikes = 12;

export function viewOf(known: Known): View {
  const { topology, families, conditions, jobs } = known;
  const lanes = laneRowsOf(families);
  const { identity } = topology;
  return {
    version: known.version,
    wall: known.wall,
    host: conditions?.host.name ?? '',
    cpuModel: identity.name,
    size: sizeOf(topology),
    kind: identity.hypervisor ? 'virtual machine' : '',
    verdict: verdictOf(known, lanes),
    pulse: pulseOf(known),
    machine: machineOf(topology),
    warnings: topology.warnings,
    handOffs: {
      lanes,
      sockets: socketMatrixOf(
        topology.sockets.map(({ id }) => id),
        lanes,
      ),
      sweep: sweepOf(topology, jobs.get('sweep')),
      job: jobOf(jobs.get('sweep')),
    },
    memory: memoryGridOf(topology, families, jobs.get('memory_matrix')?.result),
    memoryJob: jobOf(jobs.get('memory_matrix')),
    tiles: tilesOf(known),
    spikes: known.spikes.slice(-shownSpikes).toReversed(),
    visits: {
      byOutcome: countsOf(families, 'visits', 'outcome'),
      tainted: countsOf(families, 'tainted', 'cause'),
      skipped: countsOf(families, 'skipped', 'reason'),
    },
    checks: conditions?.checks ?? [],
    rows: known.rows,
    links: known.links,
  };
}

// --- Internal helpers ---

const sizeOf = ({ sockets, numaNodes, cores, cpus }: Topology): string =>
  sockets.length === 0
    ? ''
    : [
        counted(sockets.length, 'socket'),
        counted(numaNodes.length, 'NUMA node'),
        counted(cores.length, 'core'),
        counted(cpus.length, 'CPU'),
      ].join(', ');

// A matrix never changes once it is told of, and a page is asked for every few seconds.
const known = new WeakMap<Matrix, Grids & { readonly topology: Topology }>();

function sweepOf(topology: Topology, job: JobState | undefined): Sweep | null {
  const matrix = matrixOf(job?.result);
  if (!job || !matrix) return null;
  let made = known.get(matrix);
  if (made?.topology !== topology) {
    made = { topology, ...gridsOf(topology, matrix) };
    known.set(matrix, made);
  }
  const many = matrix.cpus.length > mostCells;
  return {
    grid: made.fine,
    sockets: made.sockets,
    cores: matrix.cpus.length,
    cells: many ? `${job.beganAt ?? 0}-${matrix.done}` : null,
  };
}

const jobOf = (job: JobState | undefined): Job => ({
  state: job?.state ?? 'off',
  done: job?.done ?? 0,
  total: job?.total ?? 0,
  endedAt: job?.endedAt ?? null,
  error: job?.error ?? null,
});

function countsOf(
  families: Families,
  name: 'visits' | 'tainted' | 'skipped',
  label: string,
): readonly Count[] {
  const counts = new Map<string, number>();
  for (const { labels, value } of readingsOf(families, name)) {
    const key = labels[label] ?? '';
    counts.set(key, (counts.get(key) ?? 0) + value);
  }
  return [...counts]
    .map(([key, count]) => ({ name: key, count }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);
}
