import type { ConditionsDocument } from '../conditions/document.ts';
import type { JobState } from '../schedule.ts';
import type { Topology } from '../topology.ts';
import type { Families } from './families.ts';
import type { Past } from './history.ts';
import type { Spike } from './spikes.ts';

/** A source as the status page and /api/v1/status show it. */
export interface SourceRow {
  readonly name: string;
  readonly kind: 'collector' | 'sampler' | 'probe' | 'job';
  readonly status: string;
  readonly seconds: number | null;
  readonly message: string;
}

export interface Link {
  readonly path: string;
  readonly what: string;
}

/** All that the page is made of. Plain data: the same of it is the same page. */
export interface Known {
  readonly version: string;
  /** Seconds since 1970. */
  readonly wall: number;
  readonly topology: Topology;
  readonly families: Families;
  readonly rows: readonly SourceRow[];
  readonly jobs: ReadonlyMap<string, JobState>;
  readonly conditions: ConditionsDocument | null;
  readonly past: Past;
  readonly spikes: readonly Spike[];
  readonly links: readonly Link[];
  /** Null when ready, else what is still to come. */
  readonly unready: string | null;
}
