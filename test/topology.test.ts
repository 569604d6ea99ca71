import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Denied } from '../src/errors.ts';
import { formatCpulist, parseCpulist } from '../src/parse/cpulist.ts';
import { distanceOf, homeNodeOf, sameTopology } from '../src/topology.ts';
import { readTopology, topologyFingerprint } from '../src/topology/read.ts';
import type { Topology } from '../src/topology.ts';
import { filesOf } from './fakes.ts';
import { machine, machines } from './machines.ts';
import type { MachineName } from './machines.ts';

type Tree = Record<string, string | Error>;

const read = (tree: Tree) => readTopology(filesOf(tree));
const node = '/sys/devices/system/node';
const cpu = '/sys/devices/system/cpu';

/** The same machine without the files whose path matches. */
const without = (tree: Tree, path: RegExp): Tree =>
  Object.fromEntries(Object.entries(tree).filter(([name]) => !path.test(name)));

/** The same machine with other text in the files whose path matches. */
const rewritten = (tree: Tree, path: RegExp, text: string | Error): Tree =>
  Object.fromEntries(Object.entries(tree).map(([name, old]) => [name, path.test(name) ? text : old]));

describe('the machines', () => {
  it.each<[MachineName, number[]]>([
    // sockets, NUMA nodes, last-level caches, cores, CPUs
    ['one-socket', [1, 1, 1, 4, 8]],
    ['two-socket', [2, 2, 2, 16, 32]],
    ['interleaved', [2, 2, 2, 8, 16]],
    ['nps4', [2, 8, 16, 128, 256]],
    ['eight-socket', [8, 8, 8, 224, 448]],
    ['eight-socket-snc4', [8, 32, 8, 512, 1024]],
    ['memory-only-node', [2, 3, 2, 8, 16]],
    ['memoryless-node', [2, 4, 4, 8, 16]],
    ['bare', [0, 0, 0, 0, 0]],
  ])('%s has its sockets, nodes, caches, cores and CPUs', async (name, counts) => {
    const { sockets, numaNodes, llcGroups, cores, cpus } = await read(machine(name));
    expect([sockets, numaNodes, llcGroups, cores, cpus].map((list) => list.length)).toEqual(counts);
  });

  it.each(Object.keys(machines) as (keyof typeof machines)[])('%s needs no warning', async (name) => {
    const { warnings } = await read(machine(name));
    expect(warnings).toEqual(name === 'no-numa' ? [expect.stringContaining('has no nodes')] : []);
  });

  it('reads a file for each group and not for each CPU of 1,024', async () => {
    const files = filesOf(machine('eight-socket-snc4'));
    let reads = 0;
    await readTopology({
      list: (path) => files.list(path),
      folders: (path) => files.folders(path),
      read: (path) => {
        reads += 1;
        return files.read(path);
      },
    });
    expect(reads).toBeLessThan(3_000);
  });
});

describe('members', () => {
  it('follows the numbering of the kernel, whatever it is', async () => {
    const topology = await read(machine('interleaved'));
    expect(topology.sockets.map(({ cpus }) => formatCpulist(cpus))).toEqual([
      '0,2,4,6,8,10,12,14',
      '1,3,5,7,9,11,13,15',
    ]);
    expect(topology.cores[0]).toEqual({ id: 0, coreId: 0, socket: 0, cpus: [0, 8] });
    const linear = await read(machine('interleaved', { numbering: 'linear' }));
    expect(linear.cores[1]).toEqual({ id: 2, coreId: 1, socket: 0, cpus: [2, 3] });
  });

  it('describes one CPU in full', async () => {
    const topology = await read(machine('nps4', { isolated: [3], nohzFull: [3], allowed: [0, 1, 2] }));
    expect(topology.cpus[3]).toEqual({
      id: 3,
      socket: 0,
      die: 0,
      numaNode: 0,
      llcGroup: 0,
      core: 3,
      kind: 'uniform',
      isolated: true,
      nohzFull: true,
      allowed: false,
    });
    expect(topology.cpus[2]).toMatchObject({ isolated: false, nohzFull: false, allowed: true });
    expect(topology.llcGroups[1]).toEqual({
      id: 8,
      level: 3,
      sizeBytes: 32 * 1024 ** 2,
      socket: 0,
      cpus: [8, 9, 10, 11, 12, 13, 14, 15, 136, 137, 138, 139, 140, 141, 142, 143],
    });
    expect(topology.identity).toEqual({
      vendor: 'AuthenticAMD',
      family: 25,
      model: 17,
      stepping: 1,
      name: 'AMD EPYC 9654 96-Core Processor',
      hypervisor: false,
    });
  });

  it('leaves offline CPUs out of every group', async () => {
    const topology = await read(machine('two-socket', { offline: [0, 17] }));
    expect(topology.offlineCpus).toEqual([0, 17]);
    expect(topology.sockets[0]?.cpus).not.toContain(0);
    // Core 0 has its second thread left, and its id follows.
    expect(topology.cores.find(({ cpus }) => cpus.includes(16))).toMatchObject({ id: 16, cpus: [16] });
    expect(distanceOf(topology, 0, 16)).toBeUndefined();
  });

  it('does not call CPUs offline that the machine has no socket for', async () => {
    const topology = await read({ ...machine('one-socket'), [`${cpu}/offline`]: '8-511\n' });
    expect(topology.offlineCpus).toEqual([]);
  });
});

describe('distanceOf', () => {
  it.each<[MachineName, number, number, ReturnType<typeof distanceOf>]>([
    ['two-socket', 0, 16, 'smt'],
    ['two-socket', 0, 1, 'llc'],
    ['two-socket', 0, 8, 'cross_socket'],
    ['nps4', 0, 8, 'node'],
    ['nps4', 0, 16, 'socket'],
    ['nps4', 0, 64, 'cross_socket'],
    // One L3 for the whole socket as the kernel tells it, and still another cluster.
    ['eight-socket-snc4', 0, 16, 'socket'],
    ['eight-socket-snc4', 0, 1, 'llc'],
    ['interleaved', 0, 1, 'cross_socket'],
    ['interleaved', 0, 2, 'llc'],
    ['interleaved', 0, 8, 'smt'],
    ['two-socket', 0, 0, undefined],
    ['two-socket', 0, 999, undefined],
  ])('%s: CPUs %i and %i are %s apart', async (name, a, b, distance) => {
    const topology = await read(machine(name));
    expect(distanceOf(topology, a, b)).toBe(distance);
    expect(distanceOf(topology, b, a)).toBe(distance);
  });
});

describe('NUMA nodes', () => {
  it('knows a memory-only node as a target on its socket, with what HMAT says of it', async () => {
    const topology = await read(machine('memory-only-node'));
    expect(topology.numaNodes[2]).toEqual({
      id: 2,
      cpus: [],
      allowed: true,
      memoryBytes: 64 * 1024 ** 3,
      socket: 1,
      accessClasses: [
        {
          access: 0,
          initiators: [1],
          readLatencyNs: 255,
          writeLatencyNs: 260,
          readBandwidthMBps: 32_000,
          writeBandwidthMBps: 28_000,
        },
      ],
    });
    expect(topology.sockets[1]?.numaNodes).toEqual([1, 2]);
  });

  it('takes the nearest socket by SLIT where HMAT is silent, and leaves empty HMAT fields out', async () => {
    const tree = machine('memory-only-node');
    expect((await read(without(tree, /initiators/))).numaNodes[2]?.socket).toBe(1);
    const zero = await read(rewritten(tree, /read_latency/, '0\n'));
    expect(zero.numaNodes[2]?.accessClasses[0]?.readLatencyNs).toBeNull();
  });

  it('believes HMAT before SLIT', async () => {
    const tree = rewritten(machine('memory-only-node'), /node2\/distance/, '12 80 10\n');
    expect((await read(tree)).numaNodes[2]?.socket).toBe(1);
  });

  it('finds the socket of GPU memory through its PCI device where all distances are equal', async () => {
    const tree = {
      ...rewritten(without(machine('memory-only-node'), /initiators/), /node2\/distance/, '80 80 10\n'),
      '/proc/driver/nvidia/gpus/0035:05:00.0/numa_status': 'Node:      2\nStatus:    online\n',
      '/sys/bus/pci/devices/0035:05:00.0/local_cpus': '0000f0f0\n',
    };
    expect((await read(tree)).numaNodes[2]?.socket).toBe(1);
  });

  it('gives a CPU whose node has no memory the nearest home that has', async () => {
    const topology = await read(machine('memoryless-node'));
    expect(topology.numaNodes[1]?.memoryBytes).toBe(0);
    expect(homeNodeOf(topology, 2)?.id).toBe(0);
    expect(homeNodeOf(topology, 4)?.id).toBe(2);
    expect(homeNodeOf(topology, 999)).toBeUndefined();
  });

  it('leaves memory at home where firmware calls another node nearer', async () => {
    const tree = rewritten(machine('two-socket'), /node0\/distance/, '20 10\n');
    expect(homeNodeOf(await read(tree), 0)?.id).toBe(0);
  });

  it('is none that cpuset.mems forbids, and the change is noticed', async () => {
    const free = machine('two-socket');
    const cut = machine('two-socket', { memsAllowed: [1] });
    const topology = await read(cut);
    expect(topology.numaNodes.map(({ allowed }) => allowed)).toEqual([false, true]);
    expect(homeNodeOf(topology, 0)?.id).toBe(1);
    expect(await topologyFingerprint(filesOf(cut))).not.toBe(await topologyFingerprint(filesOf(free)));
  });

  it('drops the columns of nodes that are possible and not online', async () => {
    const tree = {
      ...rewritten(machine('two-socket'), /distance/, '10 99 21 99\n'),
      [`${node}/possible`]: '0-3\n',
    };
    expect((await read(tree)).distances[0]).toEqual({ 0: 10, 1: 99 });
  });

  it('reads sparse ids, with a distance column for each online node', async () => {
    const topology = await read(machine('memory-only-node', { nodeIds: [8, 0, 250] }));
    expect(topology.numaNodes.map(({ id, socket }) => [id, socket])).toEqual([
      [0, 1],
      [8, 0],
      [250, 1],
    ]);
    expect(topology.distances).toEqual({
      0: { 0: 10, 8: 21, 250: 16 },
      8: { 0: 21, 8: 10, 250: 25 },
      250: { 0: 16, 8: 25, 250: 10 },
    });
  });

  it('passes a distance row over that fits no list of nodes', async () => {
    const topology = await read({ ...machine('two-socket'), [`${node}/node1/distance`]: '21 10 30\n' });
    expect(topology.warnings).toEqual([`node 1 has 3 distances for 2 nodes: they are passed over`]);
    expect(topology.distances[1]).toEqual({ 0: 21, 1: 10 });
  });

  it('says what a file did not say as null, never as 0', async () => {
    const topology = await read(without(machine('two-socket'), /node0\/meminfo|index3\/size/));
    expect(topology.numaNodes[0]?.memoryBytes).toBeNull();
    expect(topology.llcGroups[0]?.sizeBytes).toBeNull();
    expect(homeNodeOf(topology, 0)?.id).toBe(0);
  });
});

const armName = async (implementer: string, part: string) => {
  const text = `processor : 0\nCPU implementer : ${implementer}\nCPU part : ${part}\n`;
  return (await read({ ...machine('one-socket'), '/proc/cpuinfo': text })).identity.name;
};

describe('a kernel, firmware or container that hides things', () => {
  it('has one node where there is no node folder', async () => {
    const topology = await read(without(machine('two-socket'), /system\/node/));
    expect(topology.numaNodes).toMatchObject([{ id: 0, memoryBytes: 128 * 1024 ** 3, socket: 0 }]);
    expect(topology.numaNodes[0]?.cpus).toHaveLength(32);
    expect(topology.distances).toEqual({ 0: { 0: 10 } });
    expect(topology.warnings).toEqual([
      '/sys/devices/system/node has no nodes: the machine is taken to be one, node 0',
      'NUMA node 0 spans sockets 0, 1: what is counted per node is theirs together',
    ]);
    expect(distanceOf(topology, 0, 8)).toBe('cross_socket');
  });

  it('keeps a CPU that two nodes claim in the one its own folder names', async () => {
    const overlap = { ...machine('two-socket'), [`${node}/node0/cpulist`]: '0-8,16-23\n' };
    const guessed = await read(overlap);
    expect(guessed.numaNodes[0]?.cpus).toContain(8);
    expect(guessed.numaNodes[1]?.cpus).not.toContain(8);
    expect(guessed.warnings[0]).toMatch(/^CPUs 8 are in no online NUMA node, or in several/);
    const told = await read({ ...overlap, [`${cpu}/cpu8/node1/cpulist`]: '8-15,24-31\n' });
    expect(told.numaNodes[0]?.cpus).not.toContain(8);
    expect(told.numaNodes[1]?.cpus).toContain(8);
  });

  it('gives running CPUs of an offline node a node without memory', async () => {
    const tree = {
      ...without(machine('two-socket'), /node0\//),
      [`${node}/online`]: '1\n',
      [`${node}/node1/distance`]: '21 10\n',
    };
    const topology = await read(tree);
    expect(topology.numaNodes).toMatchObject([
      { id: 0, memoryBytes: 0, socket: 0 },
      { id: 1, socket: 1 },
    ]);
    expect(topology.warnings).toEqual([
      'CPUs 0-7,16-23 are in no online NUMA node, or in several: they are taken to be in node 0',
    ]);
    expect(topology.distances).toEqual({ 0: { 0: 10, 1: 21 }, 1: { 0: 21, 1: 10 } });
    expect(homeNodeOf(topology, 0)?.id).toBe(1);
  });

  it.each(['-1\n', '65535\n', '4294967295\n'])(
    'takes a node for a socket where packages are %j',
    async (id) => {
      const topology = await read(rewritten(machine('two-socket'), /physical_package_id/, id));
      expect(topology.sockets.map(({ cpus }) => formatCpulist(cpus))).toEqual(['0-7,16-23', '8-15,24-31']);
      expect(topology.warnings).toEqual([
        'CPUs 0-31 name no socket: those of one NUMA node are taken to be one',
      ]);
    },
  );

  it.each(['-1\n', '65535\n'])('has one die in a socket where die_id is %j', async (id) => {
    const topology = await read(rewritten(machine('two-socket'), /die_id/, id));
    expect(topology.sockets.map(({ dies }) => dies)).toEqual([[0], [0]]);
    expect(topology.warnings).toEqual([]);
  });

  it('goes by the highest cache there is', async () => {
    const topology = await read(without(machine('two-socket'), /index3/));
    expect(topology.llcGroups).toHaveLength(16);
    expect(topology.llcGroups[0]).toMatchObject({ level: 2, sizeBytes: 1024 ** 2, cpus: [0, 16] });
    expect(distanceOf(topology, 0, 1)).toBe('node');
  });

  it('does not take an instruction cache for the last level', async () => {
    const topology = await read(rewritten(machine('two-socket'), /index3\/type/, 'Instruction\n'));
    expect(topology.llcGroups[0]?.level).toBe(2);
  });

  it.each([
    ['none', /cache/],
    ['an L1 alone', /index[23]/],
  ])(
    'takes the CPUs of a node to share a cache where %s is known, and does not invent it',
    async (_, path) => {
      const topology = await read(without(machine('nps4'), path));
      expect(topology.llcGroups).toHaveLength(8);
      expect(topology.llcGroups[0]).toMatchObject({ id: 0, level: null, sizeBytes: null, socket: 0 });
      expect(topology.warnings).toEqual([
        'no cache beyond L1 is known for CPUs 0-255: those of one NUMA node are taken to share one',
      ]);
    },
  );

  it('cuts a cache where the sockets end', async () => {
    const topology = await read(rewritten(machine('two-socket'), /index3\/shared_cpu_list/, '0-31\n'));
    expect(topology.llcGroups.map(({ cpus }) => formatCpulist(cpus))).toEqual(['0-7,16-23', '8-15,24-31']);
    expect(topology.warnings).toEqual(['the cache of CPUs 0-31 spans sockets: it is cut where they end']);
  });

  it('knows the cores of an AMD module apart, which old kernels list as threads', async () => {
    const tree = machine('one-socket', { threads: 1, vendor: 'amd' });
    const modules = rewritten(tree, /cpu[01]\/topology\/(core_cpus|thread_siblings)_list/, '0-1\n');
    expect((await read(modules)).cores).toHaveLength(4);
  });

  it('reads the masks of kernels that had no lists', async () => {
    const names: Readonly<Record<string, string>> = {
      thread_siblings_list: 'thread_siblings',
      core_siblings_list: 'core_siblings',
      shared_cpu_list: 'shared_cpu_map',
      cpulist: 'cpumap',
    };
    const later =
      /(core_cpus|package_cpus|die_cpus)_list|die_id|cpu\/(online|possible|present|isolated|nohz_full)$|node\/online/;
    const old = Object.entries(without(machine('interleaved'), later)).map(([path, text]) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const mask = names[name];
      if (!mask || text instanceof Error) return [path, text];
      const bits = parseCpulist(text).reduce((sum, id) => sum + 2 ** id, 0);
      return [path.replace(name, mask), `00000000,${bits.toString(16).padStart(8, '0')}\n`];
    });
    expect(await read(Object.fromEntries(old))).toEqual(await read(machine('interleaved')));
  });

  it('does not take the word of a container that renumbers its CPUs', async () => {
    const whole = machine('one-socket', { allowed: [5, 6] });
    const topology = await read({ ...whole, [`${cpu}/online`]: '0-1\n' });
    expect(topology.cpus).toEqual((await read(whole)).cpus);
    expect(topology.warnings).toEqual([expect.stringMatching(/online leaves out CPU 6, which is online/)]);
  });

  it('does not mistake offline CPUs in an uncut mask for such a container', async () => {
    const topology = await read(machine('one-socket', { offline: [7], allowed: [0, 1, 2, 3, 4, 5, 6, 7] }));
    expect(topology.cpus).toHaveLength(7);
    expect(topology.warnings).toEqual([]);
  });

  it('lives on /proc/cpuinfo alone', async () => {
    const topology = await read(without(machine('one-socket'), /^\/sys/));
    expect(topology.cpus).toHaveLength(8);
    expect(topology.sockets).toHaveLength(1);
    expect(topology.cores).toHaveLength(8);
  });

  it('is empty and says so where there is nothing at all', async () => {
    expect(await read({})).toMatchObject({
      sockets: [],
      cpus: [],
      numaNodes: [],
      distances: {},
      identity: { vendor: 'unknown' },
    });
    expect((await read({})).warnings).toContain('neither /sys nor /proc names a CPU');
  });

  it('passes over what may not be read or makes no sense, and says so once for all CPUs', async () => {
    const denied = await read(rewritten(machine('two-socket'), /die_id/, new Denied('EACCES')));
    expect(denied.warnings).toEqual([expect.stringMatching(/die_id may not be read: EACCES$/)]);
    const broken = await read(rewritten(machine('two-socket'), /index3\/size/, 'big'));
    expect(broken.warnings).toEqual([expect.stringMatching(/size was passed over: cache size: "big"$/)]);
    const eio = await read(rewritten(machine('two-socket'), /nohz_full/, new Error('EIO: i/o error, read')));
    expect(eio.cpus).toHaveLength(32);
  });

  it('names Arm cores that the kernel only numbers', async () => {
    expect(await armName('0x41', '0xd4f')).toBe('Neoverse-V2');
    expect(await armName('0x41', '0xfff')).toBe('Arm 0x41 0xfff');
    expect(await armName('0x99', '0x001')).toBe('Arm 0x99 0x1');
  });

  it('tells a guest without an x86 flag by its firmware, and AWS metal from its guests', async () => {
    const tree = without(machine('one-socket'), /cpuinfo/);
    const dmi = async (vendor: string, product: string) =>
      (
        await read({
          ...tree,
          '/sys/class/dmi/id/sys_vendor': `${vendor}\n`,
          '/sys/class/dmi/id/product_name': `${product}\n`,
        })
      ).identity.hypervisor;
    expect(
      (await read({ ...tree, '/proc/device-tree/compatible': 'linux,dummy-virt\0' })).identity.hypervisor,
    ).toBe(true);
    expect(await dmi('QEMU', 'KVM Virtual Machine')).toBe(true);
    expect(await dmi('Amazon EC2', 'm7g.large')).toBe(true);
    expect(await dmi('Amazon EC2', 'm7g.metal')).toBe(false);
    expect(await dmi('HPE', 'ProLiant RL300 Gen11')).toBe(false);
  });
});

const kinds = (topology: Topology) => topology.cpus.map(({ kind }) => kind[0]).join('');
const capacities = (values: readonly number[]): Tree =>
  Object.fromEntries(values.map((value, id) => [`${cpu}/cpu${id}/cpu_capacity`, `${value}\n`]));

describe('hybrid machines', () => {
  it('tells the cores apart by the PMUs of Intel', async () => {
    const tree = {
      ...machine('one-socket'),
      '/sys/devices/cpu_core/cpus': '0-3\n',
      '/sys/devices/cpu_atom/cpus': '4-7\n',
    };
    expect(kinds(await read(tree))).toBe('ppppeeee');
  });

  it('tells big from little by the capacity on Arm, and not by a few per cent of clock', async () => {
    const little = { ...machine('one-socket'), ...capacities([446, 446, 446, 446, 1024, 1024, 1024, 1024]) };
    expect(kinds(await read(little))).toBe('eeeepppp');
    const alike = {
      ...machine('one-socket'),
      ...capacities([1024, 1010, 1024, 1019, 1024, 1024, 1024, 1024]),
    };
    expect(kinds(await read(alike))).toBe('uuuuuuuu');
  });
});

describe('change', () => {
  it('is seen in the fingerprint when a CPU goes, the cpuset shrinks or a node comes', async () => {
    const before = await topologyFingerprint(filesOf(machine('two-socket')));
    for (const changes of [
      { offline: [3] },
      { allowed: [0] },
      { isolated: [3] },
      { memoryOnly: [0] },
      { memoryless: [1] },
    ])
      expect(await topologyFingerprint(filesOf(machine('two-socket', changes)))).not.toBe(before);
    expect(await topologyFingerprint(filesOf(machine('two-socket')))).toBe(before);
  });

  it('compares whole topologies by what they say', async () => {
    const a = await read(machine('two-socket'));
    expect(sameTopology(a, await read(machine('two-socket')))).toBe(true);
    expect(sameTopology(a, await read(machine('two-socket', { allowed: [0] })))).toBe(false);
  });

  it('asks the CPUs only once who they are', async () => {
    const first = await read(machine('two-socket'));
    const files = filesOf(without(machine('two-socket', { offline: [3] }), /cpuinfo/));
    const later = await readTopology(files, first);
    expect(later.identity).toEqual(first.identity);
    expect(later.cpus).toHaveLength(31);
  });

  it('reads again when a CPU goes offline in the middle', async () => {
    const before = filesOf(machine('two-socket'));
    const after = filesOf(machine('two-socket', { offline: [9] }));
    let now = before;
    const topology = await readTopology({
      list: (path) => now.list(path),
      folders: (path) => now.folders(path),
      read: (path) => {
        if (path.endsWith('cache/index3/shared_cpu_list')) now = after;
        return now.read(path);
      },
    });
    expect(topology).toEqual(await readTopology(after));
  });
});

const at = (list: readonly { id: number; cpus: readonly number[] }[], id: number) =>
  list.find((entry) => entry.id === id)?.cpus;

describe('whatever is missing or mangled', () => {
  const base = machine('memory-only-node', { nodeIds: [0, 4, 9] });
  const paths = Object.keys(base).filter((path) => !/cgroup|pressure|throttle/.test(path));
  const spoilt = fc.oneof(
    fc.constant(null),
    fc.constantFrom('', '-1', '65535', '0-3', '0', '99', 'x', '0-15', '10 20', '\0', '(null)'),
    fc.constant(new Denied('EACCES')),
  );

  it('never crashes, and puts each CPU into exactly one socket, node, cache and core', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...paths), spoilt), { maxLength: 60 }),
        async (edits) => {
          const tree: Tree = { ...base };
          for (const [path, text] of edits) {
            if (text === null) delete tree[path];
            else tree[path] = text;
          }
          const topology = await read(tree);
          const all = topology.cpus.map(({ id }) => id);
          for (const list of [topology.sockets, topology.numaNodes, topology.llcGroups, topology.cores]) {
            expect(list.flatMap(({ cpus }) => cpus).toSorted((a, b) => a - b)).toEqual(all);
            expect(new Set(list.map(({ id }) => id)).size).toBe(list.length);
          }
          for (const { id, socket, numaNode, llcGroup, core } of topology.cpus) {
            expect(at(topology.sockets, socket)).toContain(id);
            expect(at(topology.numaNodes, numaNode)).toContain(id);
            expect(at(topology.llcGroups, llcGroup)).toContain(id);
            expect(at(topology.cores, core)).toContain(id);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
