import type { Missing } from '../pmu/plan.ts';

export type Status = 'ok' | 'absent' | 'denied' | 'failed';

/** Something that does not work, and the sentence that says what to do. */
export interface Complaint {
  readonly what: string;
  readonly status: Exclude<Status, 'ok'>;
  /** The operator can have it on this very hardware. */
  readonly mendable: boolean;
  readonly advice: string;
}

/** One thing to do, and all that it would bring. */
export interface Advice {
  readonly advice: string;
  readonly mendable: boolean;
  readonly statuses: readonly Status[];
  readonly brings: readonly string[];
}

/** Each once; what can be mended before what cannot, and what brings most first. */
export function adviceOf(complaints: readonly Complaint[]): readonly Advice[] {
  const byText = new Map<string, Complaint[]>();
  for (const complaint of complaints) {
    byText.set(complaint.advice, [...(byText.get(complaint.advice) ?? []), complaint]);
  }
  return [...byText]
    .map(([advice, all]): Advice => ({
      advice,
      mendable: all.some(({ mendable }) => mendable),
      statuses: [...new Set(all.map(({ status }) => status))],
      brings: [...new Set(all.map(({ what }) => what))],
    }))
    .toSorted((a, b) => Number(b.mendable) - Number(a.mendable) || b.brings.length - a.brings.length);
}

/** Absent, and not because of the hardware: a mount, a file of the catalogue. */
const withinReach = new Set<Missing['reason']>(['no_tracefs', 'unknown_cpu', 'old_kernel']);

/** Nothing is wrong with a signal that the operator switched off; a PMU that counts nonsense nobody here can mend. */
export function complaintOf({ signal, status, reason, advice }: Missing): readonly Complaint[] {
  if (reason === 'off') return [];
  const mendable = status === 'absent' ? withinReach.has(reason) : reason !== 'implausible';
  return [{ what: signal, status, mendable, advice }];
}

/** Of a signal that is open and never ran in its turn: the engine gives up only what should be on all the time. */
export const starvedAdvice =
  'others hold the counters that it needs: stop perf, profilers and other agents one by one and look again; guests with ' +
  'PMU passthrough take them as well';
