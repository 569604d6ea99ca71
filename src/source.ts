import type { z } from 'zod';
import type { Host } from './host/host.ts';
import type { Metric, Sample } from './sample.ts';
import type { Topology } from './topology.ts';

export interface Context {
  readonly host: Host;
  readonly topology: Topology;
  readonly signal: AbortSignal;
}

/**
 * The one interface. A collector reads what the kernel already counted, when /metrics is asked for; a probe
 * acts and times the act, on a schedule. Only the caller differs.
 */
export interface Source {
  /** File name = config key = `source` label. */
  readonly name: string;
  /** All it may emit: docs, series budget and the contract test read this. */
  readonly metrics: readonly Metric[];
  /** Throws Absent or Denied where the machine or the operator says no; anything else thrown is a failure. */
  read(context: Context): Promise<readonly Sample[]>;
}

export interface Ticker {
  readonly name: string;
  /** Every second by the monotonic clock; a tick that falls into the one before is left out. */
  tick(context: Context): Promise<void>;
}

/**
 * A source that looks once a second, so that what a slow scrape would miss is kept: a window's maximum, seconds above
 * a line. `read` tells what was kept, at the scrape, as a collector's does. A collector of much, which looks every half
 * minute and beside the scrapes, is one too.
 */
export interface Sampler extends Source, Ticker {}

export const ticks = (source: Source): source is Sampler => 'tick' in source;

/** A source that runs on a clock. */
export interface Probe extends Source {
  /** Seconds from the start of one run to the start of the next on this machine. */
  periodSeconds(topology: Topology): number;
}

/**
 * A section of the configuration and what it makes. Options live with their source; each has a default, so that
 * `make({})` is the source as shipped, which docs and the contract test read. `enabled` is not among the
 * options: every section has it.
 */
export interface Kind<S = Source> {
  /** File name = config key = name of the source. */
  readonly name: string;
  readonly options: z.ZodObject;
  make(options: unknown): S;
}

export function kind<Options extends z.ZodObject, S extends Source | Job>(
  name: string,
  options: Options,
  make: (options: z.output<Options>) => S,
): Kind<S> {
  return { name, options, make: (given) => make(options.parse(given)) };
}

/**
 * Slow work that cron or a person starts: a whole matrix, a daily A/B. Its result is JSON for /api/v1/matrix
 * and the samples go where a probe's go.
 */
export interface Job {
  readonly name: string;
  readonly metrics: readonly Metric[];
  /** Five fields of cron; null: only on demand. */
  readonly cron: string | null;
  /** Resumable: `before` is what the last run left, finished or not. */
  run(context: Context, progress: Progress, before: unknown): Promise<JobResult>;
}

/** Called after each step; `partial` is what stands so far, and what a later run may resume from. */
export type Progress = (done: number, total: number, partial: unknown) => void;

export interface JobResult {
  readonly result: unknown;
  readonly samples: readonly Sample[];
}
