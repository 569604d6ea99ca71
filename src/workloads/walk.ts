import { nullIfAbsent } from '../errors.ts';
import type { Clock, Files } from '../host/host.ts';
import { parseCpulist } from '../parse/cpulist.ts';
import { parseInteger } from '../parse/integer.ts';
import { inherited } from './hierarchy.ts';
import type { Hierarchy } from './hierarchy.ts';
import { configured, identify } from './identify.ts';
import type { Identity } from './identify.ts';

export interface Cpuset {
  /** CPUs and nodes in force. */
  readonly cpus: readonly number[];
  readonly mems: readonly number[];
  /** When they were read, by the monotonic clock. */
  readonly at: number;
}

export interface Found {
  /** Below the root of cgroups, with a slash in front. */
  readonly path: string;
  readonly identity: Identity;
  readonly cpuset: Cpuset;
  /** CPUs that were written into it; null: it takes what those above it have. */
  readonly given: readonly number[] | null;
  readonly memoryBytes: number;
}

export interface Walk {
  readonly found: readonly Found[];
  /** Folders looked into. */
  readonly folders: number;
  /** There are more than we look into. */
  readonly cut: boolean;
}

export interface WalkPlan {
  readonly files: Files;
  readonly clock: Pick<Clock, 'now'>;
  readonly hierarchy: Hierarchy;
  readonly services: 'auto' | 'always' | 'never';
  readonly cgroups: readonly string[];
}

/** Who has more has them for another reason than work; the same for their depth. */
const mostFolders = 20_000;
const mostDepth = 16;

interface Folder {
  readonly path: string;
  /** The nearest workload that it lies in. */
  readonly within: string | null;
}

/** Looks for workloads in the whole tree, level by level. */
export async function walk(plan: WalkPlan): Promise<Walk> {
  const { files, hierarchy } = plan;
  const named = new Map<string, Identity>();
  const holders = new Set<string>();
  let folders = 0;
  let level: readonly Folder[] = [{ path: '', within: null }];
  for (let depth = 0; level.length > 0 && depth <= mostDepth && folders < mostFolders; depth += 1) {
    folders += level.length;
    const below = await Promise.all(
      level.map(async ({ path, within }) => {
        const names = await files.folders(hierarchy.folder('memory', path)).catch(nullIfAbsent);
        return (names ?? []).map((name) => ({ path: `${path}/${name}`, within }));
      }),
    );
    level = below.flat().map(({ path, within }) => {
      const identity = identify(path);
      if (!identity || (within !== null && identity.kind === 'service')) return { path, within };
      named.set(path, identity);
      // A pod with its containers, a container that is a whole node of kind: what lies in it is the workload.
      if (within !== null) holders.add(within);
      return { path, within: path };
    });
  }
  const pods = [...named.values()].some(({ podUid }) => podUid !== '');
  const wanted = [...named].filter(
    ([path, { kind }]) => !holders.has(path) && (kind !== 'service' || wantsServices(plan.services, pods)),
  );
  const all = new Map([...wanted, ...plan.cgroups.map((path) => [path, configured(path)] as const)]);
  // In version 1 every cgroup has CPUs written into it, if only those of the whole machine: that is nobody's decision.
  const most = hierarchy.version === 1 ? ((await readCpuset(plan, ''))?.cpus.length ?? Infinity) : Infinity;
  const found = await Promise.all([...all].map(([path, identity]) => lookAt(plan, path, identity, most)));
  return { found: found.flatMap((one) => one ?? []), folders, cut: level.length > 0 };
}

/** Services are what a host without Kubernetes is made of; beside pods they are its plumbing. */
const wantsServices = (services: WalkPlan['services'], pods: boolean) =>
  services === 'always' || (services === 'auto' && !pods);

/** Null for what has gone meanwhile. Who was given `most` CPUs or more was given none. */
async function lookAt(plan: WalkPlan, path: string, identity: Identity, most: number): Promise<Found | null> {
  const { files, hierarchy } = plan;
  const { folder, names } = hierarchy;
  const memory = await files.read(`${folder('memory', path)}/${names.memory}`).catch(nullIfAbsent);
  const cpuset = await readCpuset(plan, path);
  if (memory === null || !cpuset) return null;
  const given = await files.read(`${folder('cpuset', path)}/${names.ownCpus}`).catch(nullIfAbsent);
  const cpus = given === null ? [] : parseCpulist(given);
  return {
    path,
    identity,
    cpuset,
    given: cpus.length > 0 && cpus.length < most ? cpus : null,
    memoryBytes: parseInteger(memory),
  };
}

/** Null where no cgroup from here up has a cpuset. */
export async function readCpuset(
  { files, clock, hierarchy }: Pick<WalkPlan, 'files' | 'clock' | 'hierarchy'>,
  path: string,
): Promise<Cpuset | null> {
  const at = clock.now();
  const [cpus, mems] = await Promise.all(
    [hierarchy.names.cpus, hierarchy.names.mems].map((name) =>
      inherited(files, hierarchy, 'cpuset', path, name),
    ),
  );
  return cpus && mems ? { cpus: parseCpulist(cpus), mems: parseCpulist(mems), at } : null;
}
