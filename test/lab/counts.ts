import type { Machine } from './machines.ts';

/** perf_event_attr in the words of the fake PMU; type is a number or the name of an uncore PMU. */
export interface FakeEvent {
  readonly type: number | string;
  readonly config: string;
  readonly config1?: string;
}

/** An event as the vendor's tables have it, and the series that it must come out as. */
export interface Counted {
  readonly signal: string;
  readonly event: FakeEvent;
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What one count adds to the series. */
  readonly scale?: number;
}

export interface Given {
  readonly cpu: number;
  readonly count: number;
}

/** What the daemon said after something was done. */
export interface Told {
  readonly label: string;
  readonly page: string;
  /** On a clock of the guest. */
  readonly seconds: number;
}

export type Page = ReadonlyMap<string, number>;

// > numacanary_pmu_loads_total{socket="0",numa_node="1",source="local_dram",unit="retired_loads"} 14
export function parsePage(page: string): Page {
  return new Map(
    page
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** Sum of the series with these labels; undefined where there is none. */
export function valueOf(
  page: Page,
  metric: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  const found = [...page]
    .filter(([series]) => series === metric || series.startsWith(`${metric}{`))
    .filter(([series]) => wanted.every((label) => series.includes(label)));
  return found.length === 0 ? undefined : found.reduce((total, [, value]) => total + value, 0);
}

/** Series of the family that says so, as `socket="0",…` to value. */
export function family(page: Page, metric: string): Record<string, number> {
  return Object.fromEntries(
    [...page]
      .filter(([series]) => series.startsWith(`${metric}{`))
      .map(([series, value]) => [series.slice(metric.length), value]),
  );
}

/** Why the signal is not counted; nothing where it is. */
// > numacanary_pmu_signal_status{signal="cycles",status="denied",reason="paranoid"} 1
export function statusOf(page: Page, signal: string): string[] {
  return Object.entries(family(page, 'numacanary_pmu_signal_status'))
    .filter(([labels, value]) => value === 1 && labels.includes(`signal="${signal}"`))
    .map(([labels]) => `${/status="(\w+)"/.exec(labels)?.[1]} ${/reason="(\w+)"/.exec(labels)?.[1]}`);
}

/** When a total was seen to have changed, and to what. */
export function changesOf(told: readonly Told[], metric: string, labels: Readonly<Record<string, string>>) {
  const seen = told.flatMap(({ page, seconds }) => {
    const value = valueOf(parsePage(page), metric, labels);
    return value === undefined ? [] : [{ seconds, value }];
  });
  return seen.filter(({ value }, index) => index > 0 && value !== seen[index - 1]?.value);
}

/** Totals that were lower than they had been, in all pages of one daemon; a total may be absent for a while. */
export function fallen(told: readonly Told[]): string[] {
  const highest = new Map<string, { value: number; label: string }>();
  return told.flatMap(({ label, page }) =>
    [...parsePage(page)].flatMap(([series, value]) => {
      if (!/_total(\{|$)/.test(series)) return [];
      const before = highest.get(series);
      highest.set(series, { value, label });
      return before && value < before.value
        ? [`${series}: ${before.value} (${before.label}), ${value} (${label})`]
        : [];
    }),
  );
}

/**
 * By place and series, what its CPUs were given and what the total rose by between two pages. Several events may come
 * out as one series: links of one socket, for one.
 */
export function risen(
  machine: Machine,
  counted: readonly Counted[],
  given: readonly (readonly Given[])[],
  before: Page,
  after: Page,
) {
  const rows = new Map<string, { what: string; expected: number; risen: number | undefined }>();
  counted.forEach((one, index) => {
    for (const { cpus, labels } of placesOf(machine, one)) {
      const all = { ...labels, ...one.labels };
      const counts = (given[index] ?? []).filter(({ cpu }) => cpus.includes(cpu));
      const expected = counts.reduce((total, { count }) => total + count * (one.scale ?? 1), 0);
      const what = `${one.metric} ${JSON.stringify(all)}`;
      const [from, to] = [before, after].map((page) => valueOf(page, one.metric, all));
      rows.set(what, {
        what,
        expected: (rows.get(what)?.expected ?? 0) + expected,
        risen: to === undefined ? undefined : to - (from ?? 0),
      });
    }
  });
  return [...rows.values()];
}

/** An uncore PMU counts where its cpumask says: on the first CPU of each socket. */
function placesOf({ nodes, sockets }: Machine, { event }: Counted) {
  return typeof event.type === 'string'
    ? sockets.map((cpus, socket) => ({ cpus: cpus.slice(0, 1), labels: { socket: String(socket) } }))
    : nodes.flatMap(({ cpus, socket }, node) =>
        cpus.length === 0 ? [] : [{ cpus, labels: { socket: String(socket), numa_node: String(node) } }],
      );
}
