import type { Context } from '../source.ts';
import type { Cpu, Topology } from '../topology.ts';
import { createBooks, type Books } from './books.ts';
import { createBudget } from './budget.ts';
import { courtesyOf, type CourtesyOptions } from './courtesy.ts';
import { eligibleCpus, lanesOf, type Lane } from './lanes.ts';
import type { Load } from './load.ts';
import { createWatch, type Act, type Measured, type Watch } from './measure.ts';
import type { Cause } from './taint.ts';

export type StewardOptions = CourtesyOptions & {
  /** The kernel refused a CPU or took a pin away: topology, cpuset or both are no longer what was read. */
  readonly onStaleTopology?: () => void;
  /** Begun by a steward before this one, whose counters must not fall. */
  readonly books?: Books;
};

/** Where a visit may be made just now. */
export interface View {
  readonly eligible: readonly Cpu[];
  readonly lanes: readonly Lane[];
}

/** An act with the sockets whose budget it is paid from. */
export type Visiting<T> = Act<T> & {
  readonly sockets: readonly [number, number];
  /** Outside the budget: the burst at the start. */
  readonly free?: boolean;
};

/** What all visits share, whoever asks for them: the CPUs, the turn, the budget and the books. */
export interface Steward {
  readonly books: Books;
  view(topology: Topology): View;
  affordable(socketA: number, socketB: number, now: number, spare?: number): boolean;
  /** One at a time over all probes and jobs: a second visit would time the first. */
  inTurn<T>(work: () => Promise<T>): Promise<T | 'overlap'>;
  /** Undefined: our own cgroup is throttled. Whoever asked books what he skips for it, or waits. */
  load(context: Context): Promise<Load | undefined>;
  /** In turn only. Measures, charges, books; a CPU that the kernel refuses is not offered again. */
  measure<T>(context: Context, visiting: Visiting<T>, load: Load): Promise<Measured<T>>;
  /** Order number of the CPU's last visit; 0 is never. */
  lastUsed(cpu: number): number;
}

const waiting = 4; // visits that may queue behind the one in flight; they are milliseconds long
// Reading a large machine anew costs most of a second: a node that cpuset.mems forbids must not cost it at each visit.
const doubtSeconds = 30;

export function createSteward(options: StewardOptions): Steward {
  const { books = createBooks() } = options;
  const budget = createBudget({ perPair: options.budget_ratio, perSocket: options.cap_ratio });
  const courtesy = courtesyOf(options);
  const used = new Map<number, number>();
  let order = 0;
  let watch: Watch | undefined;
  let seen: (View & { readonly topology: Topology; readonly gone: ReadonlySet<number> }) | undefined;
  let doubtedAt = -Infinity;
  let inLine = 0;
  let line: Promise<unknown> = Promise.resolve();

  const look = (topology: Topology, gone: ReadonlySet<number>) => {
    const eligible = eligibleCpus(topology, courtesy).filter(({ id }) => !gone.has(id));
    return { topology, gone, eligible, lanes: lanesOf(topology, eligible) };
  };
  const view = (topology: Topology) =>
    (seen = seen?.topology === topology ? seen : look(topology, new Set()));

  const doubt = (now: number) => {
    if (now - doubtedAt < doubtSeconds) return;
    doubtedAt = now;
    options.onStaleTopology?.();
  };
  const watchOf = ({ host }: Context) => (watch ??= createWatch(host.files, host.clock, books));

  return {
    books,
    view,
    affordable: (...asked) => budget.affordable(...asked),
    lastUsed: (cpu) => used.get(cpu) ?? 0,

    async inTurn(work) {
      if (inLine >= waiting) return 'overlap';
      inLine += 1;
      const mine = line.then(work);
      line = mine.catch(() => {}).finally(() => (inLine -= 1));
      return mine;
    },

    load: (context) => watchOf(context).load(),

    async measure(context, visiting, load) {
      const { topology, host } = context;
      const { cpus, sockets, free = false } = visiting;
      order += 1;
      for (const cpu of cpus) used.set(cpu, order);
      const measured = await watchOf(context).measure(visiting, load);
      const now = host.clock.now();
      if (measured.outcome === 'overlap') {
        books.skipped('overlap');
      } else if (measured.outcome === 'refused') {
        // EINVAL does not say which of two CPUs is meant: neither is tried again before the topology has been
        // read. A chase is refused for its memory node as well as for its CPU: no reason to give that up.
        if (cpus.length > 1) {
          seen = look(topology, new Set([...(seen?.gone ?? []), ...cpus]));
          doubt(now);
        }
      } else {
        if (!free) budget.charge(...sockets, measured.cpuSeconds, now);
        if (measured.taints.some(saysStale)) doubt(now);
      }
      return measured;
    },
  };
}

const saysStale = (cause: Cause) => cause === 'pin_lost' || cause === 'migrated';
