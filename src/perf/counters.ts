/** Open counters and their totals: the seam between perf/ and the sources that publish. Types only. */
import type { Coverage } from '../pmu/counting/coverage.ts';
import type { Facts } from '../pmu/facts.ts';
import type { Group, Missing, Plan, Stand } from '../pmu/plan.ts';
import type { Total } from '../pmu/counting/totals.ts';
import type { Context } from '../source.ts';

/** What a signal was found to count, over what was done to make it count. */
export interface Calibrated {
  readonly signal: string;
  readonly ratio: number;
}

export interface Reading {
  /** As they are open: what the kernel refused is split or gone. */
  readonly groups: readonly Group[];
  /** Of signals that were counted in the last interval; the totals of others are kept, and not told. */
  readonly totals: readonly Total[];
  readonly coverage: readonly Coverage[];
  /** Signals that are counted. */
  readonly counted: readonly string[];
  readonly missing: readonly Missing[];
  readonly calibrated: readonly Calibrated[];
  /** CPUs on which something is counted. */
  readonly cpus: number;
  readonly openFds: number;
  readonly facts: Facts;
}

export interface Counters {
  /** Opens what is not open, reads all, adds up. Never falls from one reading to the next. */
  read(context: Context): Promise<Reading>;
  /** Once a second: gives the groups that take turns their second. */
  tick(context: Context): Promise<void>;
  /** The groups that count this signal all the time, as they are open now; other objects once opened anew. */
  always(signal: string): readonly Group[];
  /**
   * Words of PerfReadings for the counters of such groups at these places, in one native call; null where one is not
   * open or cannot be read. Nothing is added up.
   */
  peek(stands: readonly Stand[]): Promise<readonly (Uint32Array | null)[]>;
  /** Closes everything; the totals stay for whoever comes next. */
  close(): Promise<void>;
}

/** Makes the plan anew whenever the topology or the host's facts have changed. */
export type Planner = (context: Context, facts: Facts, fds: number) => Plan;
