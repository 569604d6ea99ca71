/** How much of the time the counters of a group saw. Pure. */
import type { Stand } from '../plan.ts';
import type { Share } from './scale.ts';

/** Of one group on one socket, over the last interval in which it was on. */
export interface Coverage {
  readonly group: string;
  readonly socket: number;
  /** Time counted over time that passed, all CPUs of the socket together: 0 to 1. */
  readonly ratio: number;
}

interface Sum extends Pick<Share, 'runningNs' | 'ofNs'> {
  readonly group: string;
  readonly socket: number;
  readonly read: number;
  readonly failed: number;
}

export function createCoverages() {
  const last = new Map<string, Coverage>();
  return {
    /** Sums up one step; what it says takes the place of what was said of the same groups before. */
    tally() {
      const sums = new Map<string, Sum>();
      return {
        /** Null: it could not be read, and nobody knows of how much time nothing was seen: of as much as elsewhere. */
        add(group: string, socket: number, share: Pick<Share, 'runningNs' | 'ofNs'> | null): void {
          const key = keyOf(group, socket);
          const before = sums.get(key) ?? { runningNs: 0, ofNs: 0, read: 0, failed: 0 };
          sums.set(key, {
            group,
            socket,
            runningNs: before.runningNs + (share?.runningNs ?? 0),
            ofNs: before.ofNs + (share?.ofNs ?? 0),
            read: before.read + Number(share !== null),
            failed: before.failed + Number(share === null),
          });
        },
        close(): void {
          for (const [key, { group, socket, runningNs, ofNs, read, failed }] of sums) {
            const seen = read === 0 ? 0 : runningNs / ofNs;
            last.set(key, { group, socket, ratio: seen * (read / (read + failed)) });
          }
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
