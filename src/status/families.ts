import type { Family } from '../latest.ts';

/**
 * What the status page reads of what is published. A name that nobody declares would leave a part of the page empty
 * for ever without a word: a test holds each of these against the declared metrics.
 */
export const names = {
  handOffMedian: 'numacanary_probe_latency_median_seconds',
  handOffFloor: 'numacanary_probe_latency_floor_seconds',
  handOffMax: 'numacanary_probe_latency_max_seconds',
  lastClean: 'numacanary_probe_last_clean_timestamp_seconds',
  classMismatch: 'numacanary_probe_class_mismatch',
  memoryLatency: 'numacanary_memory_latency_seconds',
  visits: 'numacanary_probe_visits_total',
  tainted: 'numacanary_probe_tainted_total',
  skipped: 'numacanary_probe_skipped_total',
  loads: 'numacanary_pmu_loads_total',
  allLoads: 'numacanary_pmu_all_loads_total',
  cycles: 'numacanary_pmu_cycles_total',
  instructions: 'numacanary_pmu_instructions_total',
  stalledCycles: 'numacanary_pmu_stalled_cycles_total',
  signalStatus: 'numacanary_pmu_signal_status',
  pageMigrations: 'numacanary_page_migrations_pages_total',
  taskMigrations: 'numacanary_sched_task_migrations_total',
} as const;

export interface Reading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export type Families = ReadonlyMap<string, readonly Reading[]>;

/** Plain numbers by name; later families take the place of earlier ones of the same name. Histograms are left out. */
export function familiesOf(families: readonly Family[]): Families {
  const wanted = new Set<string>(Object.values(names));
  const found = new Map<string, Reading[]>();
  for (const { metric, values } of families) {
    if (!wanted.has(metric.name)) continue;
    found.set(
      metric.name,
      values.flatMap(({ labels, value }) => (typeof value === 'number' ? [{ labels, value }] : [])),
    );
  }
  return found;
}

export const readingsOf = (families: Families, name: keyof typeof names): readonly Reading[] =>
  families.get(names[name]) ?? [];

/** Sums by one label, or over all; undefined where nothing matches: 0 is an answer, and this is none. */
export function totalOf(
  families: Families,
  name: keyof typeof names,
  where: Readonly<Record<string, string>> = {},
): number | undefined {
  const matching = readingsOf(families, name).filter(({ labels }) =>
    Object.entries(where).every(([label, value]) => labels[label] === value),
  );
  return matching.length === 0 ? undefined : matching.reduce((sum, { value }) => sum + value, 0);
}
