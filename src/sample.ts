/**
 * What a source may say (Metric) and what it said (Sample). Plain data: publish.ts alone knows how it is
 * written down, latest.ts alone how one run adds to the next.
 */

export type MetricKind = 'counter' | 'gauge' | 'histogram';

/**
 * What one series of the metric stands for. series.ts counts each on a topology, so that the series budget is
 * computed from the declarations and not from a hand-kept table.
 */
export type Dimension =
  | 'lane' // unordered socket pair x distance class
  | 'directed_lane' // ordered socket pair x distance class
  | 'socket'
  | 'socket_and_host' // sockets, and once more for the whole host
  | 'numa_node'
  | 'place' // NUMA nodes, or above 16 of them sockets: where counts of very many nodes are summed up
  | 'tier_node' // NUMA nodes and one for all of them, where some node is a tier of its own: memory without CPUs
  | 'socket_pair' // ordered
  | 'memory_lane' // CPU node -> memory node, those measured by default
  | 'distance' // distance classes the machine has
  | 'source'
  | 'llc_group'
  | 'device' // network and NVMe controllers that a machine in a brochure has
  | 'workload'; // containers and the like that are shown: their families have a budget of their own

/** How the runs of a scheduled source become the published value. Counters and histograms always add up. */
export type Fold =
  | { readonly kind: 'last' }
  | { readonly kind: 'median'; readonly of: number }
  | { readonly kind: 'max'; readonly windowSeconds: number }
  | { readonly kind: 'min'; readonly windowSeconds: number };

export interface Metric {
  readonly name: `${'numacanary' | 'process'}_${string}`;
  readonly kind: MetricKind;
  /** What it is; names the kernel file, event or method. */
  readonly help: string;
  /** What it tells the person who looks at it: the third column of docs/metrics.md. */
  readonly tells: string;
  readonly labels: readonly string[];
  /** Every value of a closed label. A counter whose labels are all closed starts at 0 for each of them. */
  readonly closed?: Readonly<Record<string, readonly string[]>>;
  /** One series for each of these, times the closed labels. Left out: one. */
  readonly per?: readonly Dimension[];
  readonly fold?: Fold;
  /**
   * A label of which only the newest value is published, the others being history: the host's load at the time
   * of a gauge, the page size that was to be had. Two values side by side would make every join many-to-many.
   */
  readonly newestOnly?: string;
  /**
   * Of the closed labels one combination holds at a time, as in an info metric or a state: counted as one series.
   */
  readonly oneAtATime?: true;
  /** Tells why a series is missing: never beside that series, it takes no room that was not its own. */
  readonly inPlaceOfAnother?: true;
  /** Of the combinations of closed labels no machine has more than this: vendors name different sources. */
  readonly atMost?: number;
  /** Values that its labels which are neither closed nor in `per` take at most, together. Left out: one. */
  readonly open?: number;
  /** Upper bounds in ascending order, without +Inf. Histograms only. */
  readonly bounds?: readonly number[];
  /** A bucket costs a series for each lane: on a machine larger than that only every so manyth bound is kept. */
  readonly thinned?: readonly Thinning[];
}

export interface Thinning {
  readonly aboveSockets?: number;
  readonly aboveNodes?: number;
  readonly every: number;
}

/** Counts of one run, not cumulative: counts[i] lies in (bounds[i-1], bounds[i]], the last one above them all. */
export interface HistogramValue {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

/**
 * From a collector: the value now. From a probe: what this run adds to a counter or histogram, and the newest
 * value of a gauge.
 */
export interface Sample {
  readonly metric: Metric;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | HistogramValue;
  /** A gauge older than this is no longer published; 3x the expected period, at least two minutes. */
  readonly goodForSeconds?: number;
}
