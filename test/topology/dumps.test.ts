import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesUnder } from '../../src/host/files.ts';
import { formatCpulist } from '../../src/parse/cpulist.ts';
import { readTopology } from '../../src/topology/read.ts';
import type { Topology } from '../../src/topology.ts';
import { lacks } from '../require.ts';

/** sysfs and procfs of real machines, from the hwloc project; not part of this repository. */
const dumps = join(import.meta.dirname, '../../../shared/machines');

const lstopo = 'lstopo-no-graphics';

/** NUMA nodes that hwloc does not report, and why we do. */
const additions: Readonly<Record<string, readonly string[]>> = {
  // Node 0 is offline with its memory while some of its CPUs run on: hwloc leaves those without a node, we must
  // say how far they are from memory, and their own folders still name node 0.
  'offline-cpu0-node0.tar.bz2': ['0: 4,6,8,10,12,14,16,18,20'],
};

describe.skipIf(
  absentDumps() || lacks(lstopo, 'says what hwloc sees in a dump') || lacks('bzip2', 'unpacks dumps'),
)('the dump of a real machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'numacanary-dumps-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const names = existsSync(dumps) ? readdirSync(dumps).filter((name) => name.endsWith('.tar.bz2')) : [];
  describe.each(names)('%s', (name) => {
    let ours: Members;
    let hwloc: Members;
    let topology: Topology;
    beforeAll(async () => {
      const into = mkdtempSync(join(folder, 'dump-'));
      execFileSync('tar', ['xjf', join(dumps, name), '-C', into]);
      const root = join(into, readdirSync(into)[0] ?? '');
      topology = await readTopology(
        filesUnder({
          procfs: join(root, 'proc'),
          sysfs: join(root, 'sys'),
          rootfs: root,
          cgroupfs: join(root, 'sys/fs/cgroup'),
        }),
      );
      ours = membersOf(topology);
      hwloc = hwlocMembers(root);
    });

    it('has the sockets, NUMA nodes, last-level caches, cores and CPUs that hwloc reports', () => {
      const added = additions[name];
      expect(ours).toEqual({ ...hwloc, numaNodes: sorted([...hwloc.numaNodes, ...(added ?? [])]) });
    });
  });
});

/** Cpulists of the members of every object, sorted. */
interface Members {
  readonly sockets: readonly string[];
  readonly numaNodes: readonly string[];
  readonly llcGroups: readonly string[];
  readonly cores: readonly string[];
  readonly cpus: string;
}

const sorted = (texts: readonly string[]) => [...new Set(texts)].toSorted();

function membersOf(topology: Topology): Members {
  return {
    sockets: sorted(topology.sockets.map(({ id, cpus }) => `${id}: ${formatCpulist(cpus)}`)),
    // hwloc gives a node without CPUs those that are near it, where we name its socket.
    numaNodes: sorted(
      topology.numaNodes.map(({ id, cpus, socket }) => {
        const near = topology.sockets.find((other) => other.id === socket)?.cpus ?? [];
        return `${id}: ${formatCpulist(cpus.length > 0 ? cpus : near)}`;
      }),
    ),
    llcGroups: sorted(topology.llcGroups.map(({ cpus }) => formatCpulist(cpus))),
    cores: sorted(topology.cores.map(({ cpus }) => formatCpulist(cpus))),
    cpus: formatCpulist(topology.cpus.map(({ id }) => id)),
  };
}

function hwlocMembers(root: string): Members {
  const xml = execFileSync(lstopo, ['--of', 'xml', '--no-io', '--disallowed'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      PATH: process.env['PATH'],
      HWLOC_FSROOT: root,
      HWLOC_THISSYSTEM: '0',
      HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES: '1',
      HWLOC_COMPONENTS: 'linux,stop',
    },
  });
  const objects = [...xml.matchAll(/<object type="(\w+)"(?: os_index="(\d+)")?[^>]*? cpuset="([^"]*)"/g)].map(
    ([, type = '', index = '', cpuset = '']) => ({ type, index, cpus: cpusOf(cpuset) }),
  );
  const listsOf = (type: string) =>
    objects.filter((object) => object.type === type).map(({ cpus }) => formatCpulist(cpus));
  const numbered = (type: string) =>
    objects
      .filter((object) => object.type === type)
      .map(({ index, cpus }) => `${index}: ${formatCpulist(cpus)}`);
  const pus = objects.filter(({ type }) => type === 'PU').flatMap(({ cpus }) => cpus);
  const caches = objects
    .filter(({ type }) => /^L\dCache$/.test(type))
    .toSorted((a, b) => (a.type < b.type ? 1 : -1));
  return {
    sockets: sorted(numbered('Package')),
    numaNodes: sorted(numbered('NUMANode')),
    llcGroups: sorted(
      pus.map((pu) => formatCpulist(caches.find(({ cpus }) => cpus.includes(pu))?.cpus ?? [])),
    ),
    cores: sorted(listsOf('Core')),
    cpus: formatCpulist(pus.toSorted((a, b) => a - b)),
  };
}

/** hwloc's form of a mask leaves words of zeroes out: 0x000000ff,,0x0000ffff */
function cpusOf(cpuset: string): number[] {
  const words = cpuset.split(',').toReversed();
  return words.flatMap((word, index) =>
    Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => (Number(word || 0) >>> bit) & 1)
      .map((bit) => index * 32 + bit),
  );
}

function absentDumps(): boolean {
  if (existsSync(dumps)) return false;
  process.stderr.write(`skipped: no dumps of real machines in ${dumps}\n`);
  return true;
}
