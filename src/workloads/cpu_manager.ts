import { formatCpulist } from '../parse/cpulist.ts';
import type { Qos } from './identify.ts';

/** A container that was given a cpuset: kubelet gives one to every container under the static policy, else to none. */
export interface Given {
  readonly qos: Qos;
  readonly cpus: readonly number[];
}

export interface CpuManagerView {
  readonly exclusive: readonly number[];
  /** Null where no container runs in it. */
  readonly shared: readonly number[] | null;
}

/**
 * What the static CPU manager has given away, as its containers' cpusets show it. Only guaranteed pods get CPUs of their
 * own, so that what any other has is the shared pool; a guaranteed pod that asked for a part of a CPU runs in it, too.
 * Null: nobody was given anything, the policy is none or there is no kubelet.
 */
export function deriveCpuManager(containers: readonly Given[]): CpuManagerView | null {
  const given = containers.filter(({ cpus, qos }) => cpus.length > 0 && qos !== '');
  if (given.length === 0) return null;
  const others = given.filter(({ qos }) => qos !== 'guaranteed');
  const shared = mostCommon(others.length > 0 ? others : overlapping(given));
  const pool = new Set(shared);
  const own = given.filter(({ qos, cpus }) => qos === 'guaranteed' && !cpus.some((cpu) => pool.has(cpu)));
  const exclusive = [...new Set(own.flatMap(({ cpus }) => cpus))].toSorted((a, b) => a - b);
  return { exclusive, shared };
}

/** While kubelet rewrites them one after the other, some still have the pool of before. */
function mostCommon(containers: readonly Given[]): readonly number[] | null {
  const sets = new Map<string, { count: number; cpus: readonly number[] }>();
  for (const { cpus } of containers) {
    const key = formatCpulist(cpus);
    sets.set(key, { count: (sets.get(key)?.count ?? 0) + 1, cpus });
  }
  return [...sets.values()].toSorted((a, b) => b.count - a.count)[0]?.cpus ?? null;
}

/** Nobody's own: the same CPUs are another's, too. */
const overlapping = (containers: readonly Given[]) =>
  containers.filter(({ cpus }, index) =>
    containers.some((other, at) => at !== index && other.cpus.some((cpu) => cpus.includes(cpu))),
  );
