/** What of a plan the limit on open files lets us count. Pure. */
import type { Group, Missing, Plan } from '../plan.ts';
import { without } from './settle.ts';

/** Each event of each group is a file at each of its places. */
export const filesOf = (groups: readonly Group[]) =>
  groups.reduce((sum, { counters, places }) => sum + counters.length * places.length, 0);

/**
 * Whole ranks, the most worth first, each while it fits into what those above it left: a sum over some of the CPUs
 * would be a wrong number, and a rank that is too large for all there is must not cost the small ones below it.
 */
export function within({ groups, missing }: Plan, fds: number): Plan {
  const ranks = [...new Set(groups.map(({ rank }) => rank))].toSorted((a, b) => b - a);
  const dropped = new Map<string, Missing>();
  let left = fds;
  for (const rank of ranks) {
    const own = groups.filter((group) => group.rank === rank);
    const needs = filesOf(own);
    if (needs <= left) left -= needs;
    else
      for (const { signal } of own.flatMap(({ counters }) => counters))
        dropped.set(signal, tooMany(signal, needs, left));
  }
  return {
    groups: without(groups, new Set(dropped.keys())),
    missing: [...missing, ...dropped.values()],
  };
}

const tooMany = (signal: string, needs: number, left: number): Missing => ({
  signal,
  status: 'failed',
  reason: 'fd_limit',
  advice: `its group needs ${needs} files, ${left} left: raise ulimit -n, LimitNOFILE in systemd or docker run --ulimit nofile`,
});
