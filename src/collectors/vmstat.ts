import { z } from 'zod';
import { Absent, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseVmstat } from '../parse/vmstat.ts';
import type { Metric, Sample } from '../sample.ts';
import { kind } from '../source.ts';
import type { Topology } from '../topology.ts';

const pteUpdates = {
  name: 'numacanary_autonuma_pte_updates_total',
  kind: 'counter',
  labels: [],
  help:
    'Page table entries that NUMA balancing made inaccessible, to see who touches them next: numa_pte_updates of /proc/vmstat. ' +
    'A huge page counts as all of its small ones.',
  tells: 'How much NUMA balancing looks: each of these is a fault to come. 0 for good: it is off.',
} as const satisfies Metric;

export const hintFaults = {
  name: 'numacanary_autonuma_hint_faults_total',
  kind: 'counter',
  labels: ['locality'],
  closed: { locality: ['local', 'remote'] },
  help:
    'Faults on entries that NUMA balancing had made inaccessible, by whether the page lay on the node of the CPU that touched it: ' +
    'numa_hint_faults_local of /proc/vmstat, and numa_hint_faults less that.',
  tells:
    'Locality as the balancer sees it: a sample of first touches after each scan, and no count of loads. A page read a million times between two scans counts once.',
} as const satisfies Metric;

const pagesMigrated = {
  name: 'numacanary_autonuma_pages_migrated_total',
  kind: 'counter',
  labels: [],
  help: 'Pages that NUMA balancing moved to another node: numa_pages_migrated of /proc/vmstat. No other mover is in it.',
  tells: 'Whether the kernel moves memory under your program by itself.',
} as const satisfies Metric;

export const migrations = {
  name: 'numacanary_page_migrations_pages_total',
  kind: 'counter',
  labels: ['outcome'],
  closed: { outcome: ['success', 'fail'] },
  help:
    'Pages that were moved for any reason: NUMA balancing, cpuset.mems, mbind, move_pages, compaction, tiering, offlining. ' +
    'pgmigrate_success and pgmigrate_fail of /proc/vmstat.',
  tells:
    'All of what moves. More than autonuma_pages_migrated_total: a cpuset was rewritten, somebody called migratepages, or memory is compacted.',
} as const satisfies Metric;

const hugeMigrations = {
  name: 'numacanary_page_migrations_thp_total',
  kind: 'counter',
  labels: ['outcome'],
  closed: { outcome: ['success', 'fail', 'split'] },
  help:
    'Transparent huge pages that were moved whole, were not, or were split so that their parts could be: thp_migration_* of ' +
    '/proc/vmstat. The small pages of those moved are in page_migrations_pages_total, too.',
  tells: 'Split: the program has lost huge pages to migration and pays in TLB misses.',
} as const satisfies Metric;

const tiering = {
  name: 'numacanary_tiering_pages_total',
  kind: 'counter',
  labels: ['numa_node', 'direction'],
  closed: { direction: ['promoted', 'demoted'] },
  per: ['tier_node'],
  help:
    'Pages between memory tiers: promoted to this node (pgpromote_success), demoted from it (pgdemote_* together), of ' +
    '/sys/devices/system/node/nodeN/vmstat; kernels before 6.8 count demotions for all nodes together, in /proc/vmstat: ' +
    'numa_node is empty. Where some node has memory and no CPUs.',
  tells: 'Whether CXL memory is an attic or a revolving door: both at once is thrashing between tiers.',
} as const satisfies Metric;

/** What a reload must not lose. */
export interface VmstatBooks {
  remoteFaults: number;
}

export const createVmstatBooks = (): VmstatBooks => ({ remoteFaults: 0 });

type Counters = ReadonlyMap<string, number>;

export const vmstat = (books: VmstatBooks) =>
  kind('vmstat', z.object({}), () => ({
    name: 'vmstat',
    metrics: [pteUpdates, hintFaults, pagesMigrated, migrations, hugeMigrations, tiering],
    async read({ host: { files }, topology }) {
      const host = parseVmstat(await files.read('/proc/vmstat'));
      const samples = [
        ...one(pteUpdates, {}, host.get('numa_pte_updates')),
        ...faultsOf(host, books),
        ...one(pagesMigrated, {}, host.get('numa_pages_migrated')),
        ...one(migrations, { outcome: 'success' }, host.get('pgmigrate_success')),
        ...one(migrations, { outcome: 'fail' }, host.get('pgmigrate_fail')),
        ...hugeMigrations.closed.outcome.flatMap((outcome) =>
          one(hugeMigrations, { outcome }, host.get(`thp_migration_${outcome}`)),
        ),
        ...(await tiersOf(files, topology, host)),
      ];
      if (samples.length === 0) throw new Absent('/proc/vmstat: this kernel neither balances nor migrates');
      return samples;
    },
  }));

/** A counter that the kernel was built without has no series. */
const one = (metric: Metric, labels: Sample['labels'], value: number | undefined): Sample[] =>
  value === undefined ? [] : [{ metric, labels, value }];

/** The kernel counts a fault and then its locality, each CPU for itself: the difference may step back by what lies between. */
function faultsOf(host: Counters, books: VmstatBooks): Sample[] {
  const all = host.get('numa_hint_faults');
  const local = host.get('numa_hint_faults_local');
  if (all === undefined || local === undefined) return [];
  books.remoteFaults = Math.max(books.remoteFaults, all - local);
  return [
    ...one(hintFaults, { locality: 'local' }, local),
    ...one(hintFaults, { locality: 'remote' }, books.remoteFaults),
  ];
}

async function tiersOf(files: Files, { numaNodes }: Topology, host: Counters): Promise<Sample[]> {
  if (numaNodes.every(({ cpus }) => cpus.length > 0)) return [];
  const perNode = await Promise.all(
    numaNodes.map(async ({ id }) => {
      const text = await files.read(`/sys/devices/system/node/node${id}/vmstat`).catch(nullIfAbsent);
      const node = text === null ? new Map<string, number>() : parseVmstat(text);
      const labels = { numa_node: String(id) };
      return [
        ...one(tiering, { ...labels, direction: 'promoted' }, node.get('pgpromote_success')),
        ...one(tiering, { ...labels, direction: 'demoted' }, demotionsOf(node)),
      ];
    }),
  );
  const samples = perNode.flat();
  if (samples.some(({ labels }) => labels['direction'] === 'demoted')) return samples;
  return [...samples, ...one(tiering, { numa_node: '', direction: 'demoted' }, demotionsOf(host))];
}

/** By kswapd, by the allocating task itself, by khugepaged, on request: one question to the reader. */
function demotionsOf(counters: Counters): number | undefined {
  const parts = [...counters].filter(([name]) => name.startsWith('pgdemote_'));
  return parts.length === 0 ? undefined : parts.reduce((sum, [, pages]) => sum + pages, 0);
}
