import type { Missing } from '../pmu/plan.ts';

export type Status = 'ok' | 'absent' | 'denied' | 'failed';

/** Something that does not work, and the sentence that says what to do. */
export interface Complaint {
  readonly what: string;
  readonly status: Exclude<Status, 'ok'>;
  readonly advice: string;
}

/** One thing to do, and all that it would bring. */
export interface Advice {
  /** denied and failed are the operator's to mend; absent is what this host is like. */
  readonly status: Exclude<Status, 'ok'>;
  readonly advice: string;
  readonly brings: readonly string[];
}

const order = ['denied', 'failed', 'absent'] as const;

/** Each once; what can be mended before what cannot, and what brings most first. */
export function adviceOf(complaints: readonly Complaint[]): readonly Advice[] {
  const byText = new Map<string, Complaint[]>();
  for (const complaint of complaints) {
    byText.set(complaint.advice, [...(byText.get(complaint.advice) ?? []), complaint]);
  }
  return [...byText]
    .map(([advice, all]): Advice => ({
      advice,
      status: order.find((status) => all.some((one) => one.status === status)) ?? 'absent',
      brings: [...new Set(all.map(({ what }) => what))],
    }))
    .toSorted(
      (a, b) => order.indexOf(a.status) - order.indexOf(b.status) || b.brings.length - a.brings.length,
    );
}

/** Nothing is wrong with a signal that the operator switched off; a PMU that counts nonsense nobody can mend. */
export function complaintOf({ signal, status, reason, advice }: Missing): readonly Complaint[] {
  if (reason === 'off') return [];
  return [{ what: signal, status: reason === 'implausible' ? 'absent' : status, advice }];
}

/** Of a signal that is open and never ran in its turn: the engine gives up only what should be on all the time. */
export const starvedAdvice =
  'others hold the counters that it needs: stop perf, profilers and other agents one by one and look again; guests with ' +
  'PMU passthrough take them as well';
