import { z } from 'zod';
import { Absent, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseDomain, parseMonitored } from '../parse/resctrl.ts';
import type { Metric } from '../sample.ts';
import { kind } from '../source.ts';
import type { Topology } from '../topology.ts';
import { createBandwidth, type Traffic } from './bandwidth.ts';

const bytes = {
  name: 'numacanary_resctrl_memory_bytes_total',
  kind: 'counter',
  labels: ['socket', 'scope'],
  closed: { scope: ['local', 'remote'] },
  per: ['socket'],
  help:
    'Data between the L3 caches of a socket and memory, from mbm_local_bytes and mbm_total_bytes of /sys/fs/resctrl: local is ' +
    'its own NUMA node’s, remote is total less local. AMD counts dirty victims in total only, so that remote has the ' +
    'write-backs to local memory in it, and lets firmware and resctrl choose other events (BMEC). Approximate by design.',
  tells:
    'How much memory traffic crosses nodes where perf events cannot be had; a cross-check where they can.',
} as const satisfies Metric;

const root = '/sys/fs/resctrl';
const unmounted =
  `${root} is not mounted: mount -t resctrl resctrl ${root} on the host (it changes nothing by itself), and for a ` +
  'container mount it there as well';

/** What outlives a reload of the configuration. */
export interface ResctrlBooks {
  readonly bandwidth: ReturnType<typeof createBandwidth>;
  /** By id of the L3 cache; it does not change while the machine runs, but an offline cache cannot be asked. */
  readonly sockets: Map<number, number>;
  asked: Topology | undefined;
}

export const createResctrlBooks = (): ResctrlBooks => ({
  bandwidth: createBandwidth(),
  sockets: new Map(),
  asked: undefined,
});

export const resctrl = (books: ResctrlBooks) =>
  kind('resctrl', z.object({}), () => ({
    name: 'resctrl',
    metrics: [bytes],
    async read({ host: { files }, topology }) {
      const groups = await groupsOf(files);
      const traffic = (await Promise.all(groups.map((group) => trafficOf(files, group)))).flat();
      if (!traffic.some(({ bytes }) => bytes)) {
        throw new Absent(`${root}: no group has both mbm_total_bytes and mbm_local_bytes to say`);
      }
      if (books.asked !== topology) await learnSockets(files, topology, books.sockets);
      books.asked = topology;
      books.bandwidth.add(traffic);
      return samplesOf(books);
    },
  }));

/** The root and every control group: each has the tasks that are in no other. Monitoring groups lie within them. */
async function groupsOf(files: Files): Promise<string[]> {
  const names = await files.list(root).catch(nullIfAbsent);
  // The kernel makes the folder where the CPU can do it, and leaves it empty until somebody mounts.
  if (!names) throw new Absent(`no ${root}: this CPU, its kernel or its hypervisor does not offer resctrl`);
  if (!names.includes('mon_data')) {
    throw new Absent(names.includes('info') ? `${root}: this CPU or kernel monitors nothing` : unmounted);
  }
  const others = names.filter((name) => !['info', 'mon_groups', 'mon_data'].includes(name));
  return [root, ...others.map((name) => `${root}/${name}`)];
}

/** A group may go while we look at it, and a plain file has no mon_data. Under SNC a cache has a folder for each node inside its own (mon_sub_L3_01), whose sum it is. */
async function trafficOf(files: Files, group: string): Promise<Traffic[]> {
  const folders = (await files.list(`${group}/mon_data`).catch(nullIfAbsent)) ?? [];
  return Promise.all(
    folders.flatMap((folder) => {
      const domain = parseDomain(folder);
      if (domain === null) return [];
      const read = (name: string) =>
        files.read(`${group}/mon_data/${folder}/${name}`).then(parseMonitored).catch(nullIfAbsent);
      return Promise.all([read('mbm_total_bytes'), read('mbm_local_bytes')]).then(
        ([total, local]): Traffic => ({
          group,
          domain,
          bytes: total === null || local === null ? null : { local, remote: total - local },
        }),
      );
    }),
  );
}

/** resctrl names an L3 cache by the id that the kernel gives caches, which its CPUs know. */
async function learnSockets(files: Files, topology: Topology, sockets: Map<number, number>): Promise<void> {
  await Promise.all(
    topology.llcGroups.map(async ({ cpus: [cpu], socket }) => {
      const id = await files
        .read(`/sys/devices/system/cpu/cpu${cpu}/cache/index3/id`)
        .then(parseInteger)
        .catch(nullIfAbsent);
      if (id !== null) sockets.set(id, socket);
    }),
  );
}

function samplesOf({ bandwidth, sockets }: ResctrlBooks) {
  const sums = new Map<number, { local: number; remote: number }>();
  for (const [domain, { local, remote }] of bandwidth.totals()) {
    const socket = sockets.get(domain);
    if (socket === undefined) continue;
    const sum = sums.get(socket) ?? { local: 0, remote: 0 };
    sums.set(socket, { local: sum.local + local, remote: sum.remote + remote });
  }
  if (sums.size === 0)
    throw new Absent(`${root}: no CPU says to which L3 cache it belongs (cache/index3/id)`);
  return [...sums].flatMap(([socket, sum]) =>
    (['local', 'remote'] as const).map((scope) => ({
      metric: bytes,
      labels: { socket: String(socket), scope },
      value: sum[scope],
    })),
  );
}
