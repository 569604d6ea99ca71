/** Whether a counter counts what was done to make it count. Pure. */
import type { Missing } from './plan.ts';

/** One attempt: so much was done, so much was counted. */
export interface Attempt {
  readonly cpu: number;
  readonly socket: number;
  readonly expected: number;
  readonly counted: number;
}

/** A known loop is counted to within this, or the counter is none. */
const tolerance = 0.01;

export const ratioOf = ({ counted, expected }: Attempt) => counted / expected;

const away = (attempt: Attempt) => Math.abs(ratioOf(attempt) - 1);

/**
 * The best attempt of each socket, since an interrupt may spoil one; of these the worst, since one bad socket is
 * enough. Null without attempts.
 */
export function judged(attempts: readonly Attempt[]): Attempt | null {
  const sockets = [...new Set(attempts.map(({ socket }) => socket))];
  const best = sockets.flatMap(
    (socket) =>
      attempts.filter((one) => one.socket === socket).toSorted((a, b) => away(a) - away(b))[0] ?? [],
  );
  return best.toSorted((a, b) => away(b) - away(a))[0] ?? null;
}

export const isPlausible = (attempt: Attempt) => away(attempt) <= tolerance;

/** A source that other work moves as well: too much is no fault, and of one thing done half may be hidden. */
export const moved = (attempt: Attempt) => ratioOf(attempt) >= 0.5;

export const implausible = (signal: string, { cpu, socket, counted, expected }: Attempt): Missing => ({
  signal,
  status: 'failed',
  reason: 'implausible',
  advice:
    `on CPU ${cpu} of socket ${socket} ${counted} instructions were counted where ${expected} were executed, so no core counter ` +
    'is believed: have the hypervisor pass the PMU through properly, or set collectors.pmu.calibration to report',
});
