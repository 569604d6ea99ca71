/** How much of the time the counters of a group saw. Pure. */
import type { Stand } from './plan.ts';
import type { Share } from './scale.ts';

/** Of one group on one socket, over the last interval in which it was on. */
export interface Coverage {
  readonly group: string;
  readonly socket: number;
  /** Time counted over time that passed, all CPUs of the socket together: 0 to 1. */
  readonly ratio: number;
}

type Part = Pick<Share, 'runningNs' | 'ofNs'>;

export function createCoverages() {
  const last = new Map<string, Coverage>();
  return {
    /** Sums up one step; what it says takes the place of what was said of the same groups before. */
    tally() {
      const sums = new Map<string, { readonly group: string; readonly socket: number; sum: Part }>();
      return {
        add(group: string, socket: number, { runningNs, ofNs }: Part): void {
          const key = keyOf(group, socket);
          const { sum } = sums.get(key) ?? { sum: { runningNs: 0, ofNs: 0 } };
          const sumNow = { runningNs: sum.runningNs + runningNs, ofNs: sum.ofNs + ofNs };
          sums.set(key, { group, socket, sum: sumNow });
        },
        close(): void {
          for (const [key, { group, socket, sum }] of sums)
            last.set(key, { group, socket, ratio: sum.runningNs / sum.ofNs });
        },
      };
    },
    /** Forgets all but these. */
    retain(stands: readonly Stand[]): void {
      const on = new Set(stands.map(({ group, place }) => keyOf(group.name, place.socket)));
      for (const key of last.keys()) if (!on.has(key)) last.delete(key);
    },
    list: (): readonly Coverage[] => [...last.values()],
  };
}

const keyOf = (group: string, socket: number) => `${group} ${socket}`;
