/** How a reading of counters is told, hardware and kernel events alike. */
import type { Reading } from '../perf/counters.ts';
import type { Metric, Sample } from '../sample.ts';

export const signalStates = ['ok', 'absent', 'denied', 'failed'] as const;

/** One series for each signal, always 1, that changes its other labels. */
export function statusOf(metric: Metric, { counted, missing }: Reading): Sample[] {
  const lost = new Set(missing.map(({ signal }) => signal));
  const all = [
    ...counted
      .filter((signal) => !lost.has(signal))
      .map((signal) => ({ signal, status: 'ok', reason: 'none' })),
    ...missing.map(({ signal, status, reason }) => ({ signal, status, reason })),
  ];
  return all.map((labels) => ({ metric, labels, value: 1 }));
}

/** Those of totals that the source declared; the signals of a plan are all declared by one. */
export const totalsOf = ({ totals }: Reading): Sample[] =>
  totals.map(({ metric, labels, value }) => ({ metric, labels, value }));
