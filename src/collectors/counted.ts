/** How a reading of counters is told, hardware and kernel events alike. */
import type { Reading } from '../perf/counters.ts';
import type { Metric, Sample } from '../sample.ts';

export const missingStates = ['absent', 'denied', 'failed'] as const;

/** One series for each signal that is not counted, always 1: it stands where the signal's own series would. */
export function statusOf(metric: Metric, { missing }: Reading): Sample[] {
  return missing.map(({ signal, status, reason }) => ({
    metric,
    labels: { signal, status, reason },
    value: 1,
  }));
}

/** Those of totals that the source declared; the signals of a plan are all declared by one. */
export const totalsOf = ({ totals }: Reading): Sample[] =>
  totals.map(({ metric, labels, value }) => ({ metric, labels, value }));
