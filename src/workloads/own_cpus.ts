import { formatCpulist } from '../parse/cpulist.ts';
import type { Found } from './walk.ts';

/**
 * Those with CPUs that no other workload was given: somebody decided where they run. Under the static CPU manager every
 * container has a cpuset, most of them the same shared pool.
 */
export function haveOwnCpus(found: readonly Pick<Found, 'path' | 'given'>[]): ReadonlySet<string> {
  const holders = new Map<number, Set<string>>();
  for (const { given } of found) {
    const key = formatCpulist(given ?? []);
    for (const cpu of given ?? []) holders.set(cpu, (holders.get(cpu) ?? new Set()).add(key));
  }
  const times = new Map<string, number>();
  for (const { given } of found) {
    const key = formatCpulist(given ?? []);
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return new Set(
    found
      .filter(({ given }) => {
        if (!given) return false;
        return times.get(formatCpulist(given)) === 1 && given.every((cpu) => holders.get(cpu)?.size === 1);
      })
      .map(({ path }) => path),
  );
}
