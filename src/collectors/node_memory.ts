import { z } from 'zod';
import { Absent, ParseError, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseMeminfo } from '../parse/meminfo.ts';
import { parseVmstat } from '../parse/vmstat.ts';
import { parseLowWatermarks } from '../parse/zoneinfo.ts';
import type { Metric } from '../sample.ts';
import { kind } from '../source.ts';
import type { Topology } from '../topology.ts';
import { atPlaces } from './at_places.ts';
import { createPageBytes } from './page_bytes.ts';

const kinds = ['free', 'file', 'other'] as const;

export const bytes = {
  name: 'numacanary_numa_node_memory_bytes',
  kind: 'gauge',
  labels: ['socket', 'numa_node', 'kind'],
  closed: { kind: kinds },
  per: ['place'],
  help:
    'Memory of a node in parts that add up to its MemTotal: free (MemFree), file (FilePages: page cache, shared memory and tmpfs in it), ' +
    'and all the rest. From /sys/devices/system/node/nodeN/meminfo. Above 16 nodes numa_node is empty.',
  tells:
    'How full a node is. A node full of page cache counts as full for who wants memory there: it is reclaimed first, or the neighbour serves.',
} as const satisfies Metric;

export const watermark = {
  name: 'numacanary_numa_node_low_watermark_bytes',
  kind: 'gauge',
  labels: ['socket', 'numa_node'],
  per: ['place'],
  help:
    'Free memory below which a node wakes kswapd and allocations look at other nodes first: the low watermarks of its zones together, ' +
    'from /proc/zoneinfo, read every five minutes. Above 16 nodes numa_node is empty.',
  tells:
    'How near the node is to spilling over: free memory at this line is followed by numa_foreign here and numa_miss elsewhere.',
} as const satisfies Metric;

const refaults = {
  name: 'numacanary_numa_node_refaults_total',
  kind: 'counter',
  labels: ['socket', 'numa_node'],
  per: ['place'],
  help:
    'Pages that were evicted from a node and needed back soon after: workingset_refault_* of /sys/devices/system/node/nodeN/vmstat ' +
    'together. Above 16 nodes numa_node is empty.',
  tells:
    'Reclaim pressure that hurts, node by node: one socket may thrash while the machine as a whole has memory to spare.',
} as const satisfies Metric;

/** A file of megabytes, for numbers that change with sysctls and hotplug only. */
const watermarkSeconds = 300;

export const nodeMemory = kind('node_memory', z.object({}), () => {
  const pageBytes = createPageBytes();
  let low:
    | { readonly of: Topology; readonly until: number; readonly pages: ReadonlyMap<number, number> }
    | undefined;

  async function lowWatermarks(files: Files, topology: Topology, now: number) {
    if (low?.of === topology && now < low.until) return low.pages;
    const pages = await files.read('/proc/zoneinfo').then(parseLowWatermarks).catch(nullIfAbsent);
    low = { of: topology, until: now + watermarkSeconds, pages: pages ?? new Map<number, number>() };
    return low.pages;
  }

  return {
    name: 'node_memory',
    metrics: [bytes, watermark, refaults],
    async read({ host: { files, clock }, topology }) {
      const watermarks = await lowWatermarks(files, topology, clock.now());
      const pageSize = watermarks.size > 0 ? await pageBytes(files) : 0;
      const nodes = await Promise.all(
        topology.numaNodes.map(async ({ id }) => {
          const parts = await partsOf(files, id);
          if (!parts) return [];
          const pages = watermarks.get(id);
          const values = new Map<string, number>([...parts, ...(await refaultsOf(files, id))]);
          if (pages !== undefined) values.set('low', pages * pageSize);
          return [{ id, values }];
        }),
      );
      const known = nodes.flat();
      if (known.length === 0) throw new Absent('no node says what memory it has: a kernel without NUMA');
      return atPlaces(topology, known).flatMap(({ labels, values }) => [
        ...kinds.flatMap((kind) => valueOf(bytes, { ...labels, kind }, values.get(kind))),
        ...valueOf(watermark, labels, values.get('low')),
        ...valueOf(refaults, labels, values.get('refaults')),
      ]);
    },
  };
});

const valueOf = (metric: Metric, labels: Readonly<Record<string, string>>, value: number | undefined) =>
  value === undefined ? [] : [{ metric, labels, value }];

/** The kernel takes the parts one after the other: what they have too much in that moment is not the rest's debt. */
async function partsOf(files: Files, id: number): Promise<readonly (readonly [string, number])[] | null> {
  const text = await files.read(`/sys/devices/system/node/node${id}/meminfo`).catch(nullIfAbsent);
  if (text === null) return null;
  const info = parseMeminfo(text);
  const [total, free, file] = ['MemTotal', 'MemFree', 'FilePages'].map((name) => info.get(name));
  if (total === undefined || free === undefined || file === undefined)
    throw new ParseError(`node${id}/meminfo: no MemTotal, MemFree or FilePages`);
  return [
    ['free', free],
    ['file', file],
    ['other', Math.max(0, total - free - file)],
  ];
}

/** Kernels before 5.9 count anonymous and file pages in one. */
async function refaultsOf(files: Files, id: number): Promise<readonly (readonly [string, number])[]> {
  const text = await files.read(`/sys/devices/system/node/node${id}/vmstat`).catch(nullIfAbsent);
  if (text === null) return [];
  const parts = [...parseVmstat(text)].filter(([name]) => /^workingset_refault(_anon|_file)?$/.test(name));
  return parts.length === 0 ? [] : [['refaults', parts.reduce((sum, [, pages]) => sum + pages, 0)]];
}
