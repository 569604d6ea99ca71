import { z } from 'zod';
import { Absent, Denied, ParseError } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseCpuManagerState } from '../parse/cpu_manager_state.ts';
import { kind } from '../source.ts';
import type { Context, Sampler } from '../source.ts';
import type { WorkloadBooks } from '../workloads/books.ts';
import { deriveCpuManager } from '../workloads/cpu_manager.ts';
import { hierarchyOf } from '../workloads/hierarchy.ts';
import { haveOwnCpus } from '../workloads/own_cpus.ts';
import { choose } from '../workloads/rank.ts';
import type { View } from '../workloads/view.ts';
import { walk } from '../workloads/walk.ts';
import type { Walk } from '../workloads/walk.ts';
import { createPageBytes } from './page_bytes.ts';
import * as metrics from './workload_metrics.ts';
import { hostSamples, readOne } from './workload_samples.ts';

export const shownByDefault = 30;

const cgroupPath = z
  .string()
  .regex(/^\/?[^/\s][^\s]*[^/\s]$|^\/?[^/\s]$/)
  .refine((path) => !path.split('/').includes('..'))
  .meta({ allowed: 'the path of a cgroup below /sys/fs/cgroup, as in system.slice/postgresql.service' });

export const workloadsOptions = z.strictObject({
  /** How often all cgroups are walked through; those that are shown are read at each scrape. */
  period_seconds: z.int().min(1).max(3600).default(30),
  /** Series for so many; the others are counted. */
  max_shown: z.int().min(0).max(1000).default(shownByDefault),
  /** auto: where there are no pods. */
  services: z.enum(['auto', 'always', 'never']).default('auto'),
  /** Always shown, whatever they are. */
  cgroups: z.array(cgroupPath).max(100).meta({ allowed: 'a list of paths of cgroups' }).default([]),
  /** kubelet's own file, usually /var/lib/kubelet/cpu_manager_state; that folder holds the secrets of every pod. */
  cpu_manager_state: z.string().regex(/^\//).nullable().meta({ allowed: 'a path that begins with /, or null' }).default(null),
}); // prettier-ignore
type Options = z.output<typeof workloadsOptions>;

export const workloads = (books: WorkloadBooks) =>
  kind('workloads', workloadsOptions, (options) => createWorkloads(options, books));

function createWorkloads(options: Options, books: WorkloadBooks): Sampler {
  const pageBytes = createPageBytes();
  const cgroups = options.cgroups.map((path) => `/${path.replace(/^\//, '')}`);
  let due = -Infinity;
  let view: View | undefined;
  let walking: Promise<View> | undefined;

  async function look({ host: { files, clock } }: Context): Promise<View> {
    const began = clock.now();
    const hierarchy = await hierarchyOf(files);
    const found = await walk({ files, clock, hierarchy, services: options.services, cgroups });
    for (const { path, cpuset } of found.found) books.note(path, cpuset);
    books.walked(found, clock.now() - began);
    const own = haveOwnCpus(found.found);
    const candidates = found.found.map(({ path, identity, memoryBytes }) => ({
      path,
      configured: identity.kind === 'cgroup',
      ownCpus: own.has(path),
      memoryBytes,
    }));
    const paths = new Set(
      choose(candidates, options.max_shown, new Set(view?.shown.map(({ path }) => path))),
    );
    const cpuManager = await cpuManagerOf(files, found, options.cpu_manager_state);
    books.pool(cpuManager);
    view = { walk: found, shown: found.found.filter(({ path }) => paths.has(path)), own, cpuManager };
    due = began + options.period_seconds;
    return view;
  }

  /** A scrape that comes while one is under way waits for that one. */
  const lookOnce = (context: Context) =>
    (walking ??= look(context).finally(() => {
      walking = undefined;
    }));

  return {
    name: 'workloads',
    metrics: families,
    async tick(context) {
      if (context.host.clock.now() >= due) await lookOnce(context);
    },
    async read(context) {
      const { host, topology } = context;
      const seen = view ?? (await lookOnce(context));
      const hierarchy = await hierarchyOf(host.files);
      const perWorkload = await Promise.all(
        seen.shown.map((found) => readOne({ context, hierarchy, books, pageBytes, found })),
      );
      return [...perWorkload.flat(), ...hostSamples(seen, topology, books)];
    },
  };
}

async function cpuManagerOf(
  files: Files,
  { found }: Walk,
  stateFile: string | null,
): Promise<View['cpuManager']> {
  if (stateFile !== null) {
    const state = await files.read(stateFile).then(parseCpuManagerState).catch(nullIfUnreadable);
    if (state) return { ...state, from: 'kubelet' };
  }
  const given = found.map(({ identity: { qos }, given }) => ({ qos, cpus: given ?? [] }));
  const view = deriveCpuManager(given);
  return view && { ...view, policy: 'static', from: 'cpusets' };
}

/** In the order of docs. */
const families = [
  metrics.info,
  metrics.cpus,
  metrics.sockets,
  metrics.numaNodes,
  metrics.memory,
  metrics.outside,
  metrics.cpusetChanges,
  metrics.pagesMigrated,
  metrics.hintFaults,
  metrics.cpuPressure,
  metrics.containers,
  metrics.ownCpus,
  metrics.exclusiveCpus,
  metrics.sharedPoolCpus,
  metrics.poolChanges,
  metrics.cpuManagerInfo,
  metrics.walks,
  metrics.walkSeconds,
  metrics.walkedCgroups,
];

/** kubelet writes it in place: what is half there is as good as not there, and the cpusets say the same. */
function nullIfUnreadable(thrown: unknown): null {
  if (thrown instanceof Absent || thrown instanceof Denied || thrown instanceof ParseError) return null;
  throw thrown;
}
