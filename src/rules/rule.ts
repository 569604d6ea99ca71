/** What Prometheus evaluates: series that are recorded, and alerts. */

export interface Recording {
  /** `level:metric:operations`, as Prometheus' own practices name them. */
  readonly record: string;
  readonly expr: string;
  /** Of one part of what has this name. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Why it is kept: docs/alerts.md prints it. */
  readonly tells: string;
}

export type Severity = 'critical' | 'warning' | 'info';

/** The boards that an alert may send its reader to. */
export type Board = 'fleet' | 'host' | 'workload' | 'canary-health';

export interface Alert {
  /** CamelCase, and the name of its runbook. */
  readonly alert: `Numacanary${string}`;
  readonly severity: Severity;
  readonly expr: string;
  /** Beside the severity: what tells it from an alert of the same name. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Seconds that it must hold; unscaled. */
  readonly forSeconds: number;
  /** One line without a value, so that equal alerts read equally. */
  readonly summary: string;
  /** With the value, and what it is compared with. */
  readonly description: string;
  readonly board: Board;
}

export interface Group {
  readonly name: string;
  readonly intervalSeconds: number;
  readonly rules: readonly (Recording | Alert)[];
}

/** Write the times that rules are made with: `5m`, `1d`; scaled where somebody cannot wait for days. */
export interface Times {
  /** What stands in brackets: never less than four scrapes. */
  readonly range: (seconds: number) => string;
  /** What is waited for, or looked back over. */
  readonly pause: (seconds: number) => string;
}

export const minute = 60;
export const hour = 60 * minute;
export const day = 24 * hour;
export const week = 7 * day;

const units = [
  ['w', week],
  ['d', day],
  ['h', hour],
  ['m', minute],
  ['s', 1],
] as const;

/** `90s`, `5m`, `1d`: the largest unit that it is a multiple of. */
export function duration(seconds: number): string {
  const [unit, size] = (seconds > 0 && units.find(([, one]) => seconds % one === 0)) || ['s', 1];
  return `${seconds / size}${unit}`;
}

/**
 * A range must hold four scrapes: on Prometheus 3 ranges are left-open, so that one of two scrapes may hold a single
 * sample, and one that is missed leaves a rate without a value.
 */
export function timesOf(scale: number, scrapeSeconds: number): Times {
  const scaled = (seconds: number) => Math.ceil(seconds * scale);
  return {
    range: (seconds) => duration(Math.max(scaled(seconds), 4 * scrapeSeconds)),
    pause: (seconds) => duration(seconds === 0 ? 0 : Math.max(scaled(seconds), 1)),
  };
}

export const isAlert = (rule: Recording | Alert): rule is Alert => 'alert' in rule;
