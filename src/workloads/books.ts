import { formatCpulist } from '../parse/cpulist.ts';
import type { CpuManagerView } from './cpu_manager.ts';
import type { Cpuset, Walk } from './walk.ts';

export interface Changes {
  readonly cpus: number;
  readonly mems: number;
}

/**
 * What outlives a reload: how often each workload's cpuset was seen to change, and what the walks cost. A workload that a
 * walk does not find has no place here any more.
 */
export interface WorkloadBooks {
  /** Takes a reading of one workload's cpuset; one that was begun before the last is old news. */
  note(path: string, cpuset: Cpuset): void;
  changesOf(path: string): Changes;
  /** Forgets whom the walk did not find. */
  walked(walk: Walk, seconds: number): void;
  forget(path: string): void;
  /** Counts a shared pool that differs from the one before. */
  pool(view: CpuManagerView | null): void;
  readonly poolChanges: () => number;
  readonly walks: () => { readonly count: number; readonly seconds: number };
  /** Workloads that it knows. */
  readonly size: () => number;
}

interface Known {
  readonly at: number;
  readonly cpus: string;
  readonly mems: string;
  readonly changes: Changes;
}

export function createWorkloadBooks(): WorkloadBooks {
  const known = new Map<string, Known>();
  let lastPool: string | undefined;
  let poolChanges = 0;
  let walks = { count: 0, seconds: 0 };
  return {
    note(path, { cpus, mems, at }) {
      const before = known.get(path);
      if (before && before.at > at) return;
      const now = { at, cpus: formatCpulist(cpus), mems: formatCpulist(mems) };
      const changes = {
        cpus: (before?.changes.cpus ?? 0) + Number(before !== undefined && before.cpus !== now.cpus),
        mems: (before?.changes.mems ?? 0) + Number(before !== undefined && before.mems !== now.mems),
      };
      known.set(path, { ...now, changes });
    },
    changesOf: (path) => known.get(path)?.changes ?? { cpus: 0, mems: 0 },
    walked({ found }, seconds) {
      walks = { count: walks.count + 1, seconds: walks.seconds + seconds };
      const paths = new Set(found.map(({ path }) => path));
      for (const path of known.keys()) if (!paths.has(path)) known.delete(path);
    },
    forget: (path) => void known.delete(path),
    pool(view) {
      const now = view?.shared ? formatCpulist(view.shared) : undefined;
      if (now !== undefined && lastPool !== undefined && now !== lastPool) poolChanges += 1;
      lastPool = now ?? lastPool;
    },
    poolChanges: () => poolChanges,
    walks: () => walks,
    size: () => known.size,
  };
}
