import { causes, stallCauses, type Cause, type StallCause } from './taint.ts';
import { hostLoads, pressures, type HostLoad, type Pressure } from './load.ts';

/** `on_demand`: what the slow jobs ask for. */
export const probeNames = ['latency', 'throughput', 'experienced', 'memory', 'on_demand'] as const;
export type ProbeName = (typeof probeNames)[number];

/** `refused`: the kernel would not let us on that CPU; another pair was tried at once. */
export const outcomes = ['clean', 'tainted', 'refused'] as const;
export type VisitResult = (typeof outcomes)[number];

/** Why there was no visit: load is not among them. */
export const skipReasons = ['throttled', 'no_eligible_pair', 'budget', 'overlap', 'denied'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** What the probes did since the daemon began, cumulative: kept whether or not a visit came to anything. */
export interface Books {
  visit(probe: ProbeName, outcome: VisitResult, load: HostLoad): void;
  tainted(found: readonly Cause[]): void;
  skipped(reason: SkipReason): void;
  shortened(reasons: readonly Pressure[]): void;
  stalled(cause: StallCause, seconds: number): void;
  spent(cpuSeconds: number): void;
  clocked(socket: number, hertz: number, now: number): void;
  totals(): Totals;
}

export interface Totals {
  readonly visits: readonly { probe: ProbeName; outcome: VisitResult; load: HostLoad; count: number }[];
  readonly tainted: ReadonlyMap<Cause, number>;
  readonly skipped: ReadonlyMap<SkipReason, number>;
  readonly shortened: ReadonlyMap<Pressure, number>;
  readonly stallSeconds: ReadonlyMap<StallCause, number>;
  readonly cpuSeconds: number;
  readonly hertz: ReadonlyMap<number, { readonly hertz: number; readonly at: number }>;
}

export function createBooks(): Books {
  const visits = probeNames.flatMap((probe) =>
    outcomes.flatMap((outcome) => hostLoads.map((load) => ({ probe, outcome, load, count: 0 }))),
  );
  const tainted = zeros(causes);
  const skipped = zeros(skipReasons);
  const shortened = zeros(pressures);
  const stallSeconds = zeros(stallCauses);
  const hertz = new Map<number, { hertz: number; at: number }>();
  let cpuSeconds = 0;
  return {
    visit(probe, outcome, load) {
      for (const row of visits)
        if (row.probe === probe && row.outcome === outcome && row.load === load) row.count += 1;
    },
    tainted: (found) => found.forEach((cause) => add(tainted, cause, 1)),
    skipped: (reason) => add(skipped, reason, 1),
    shortened: (reasons) => reasons.forEach((reason) => add(shortened, reason, 1)),
    stalled: (cause, seconds) => add(stallSeconds, cause, seconds),
    spent: (seconds) => {
      cpuSeconds += seconds;
    },
    clocked: (socket, value, now) => void hertz.set(socket, { hertz: value, at: now }),
    totals: () => ({ visits, tainted, skipped, shortened, stallSeconds, cpuSeconds, hertz }),
  };
}

const zeros = <Key>(keys: readonly Key[]) => new Map(keys.map((key) => [key, 0]));
const add = <Key>(map: Map<Key, number>, key: Key, by: number) => void map.set(key, (map.get(key) ?? 0) + by);
