import { describe, expect, it } from 'vitest';
import { topologyText } from '../../src/commands/topology.ts';
import { readTopology } from '../../src/topology/read.ts';
import { filesOf } from '../fakes.ts';
import { machine } from '../machines.ts';
import type { MachineName, MachineSpec } from '../machines.ts';

const textOf = async (name: MachineName, changes: Partial<MachineSpec> = {}) =>
  topologyText(await readTopology(filesOf(machine(name, changes))));

describe('topologyText', () => {
  it('draws a tree for each socket, then the distances and what is out of the ordinary', async () => {
    const text = await textOf('memory-only-node', { isolated: [3], offline: [15], allowed: [0, 1, 2, 3] });
    expect(text).toBe(`Intel(R) Xeon(R) Platinum 8480+ (GenuineIntel family 6 model 143 stepping 8)
2 sockets, 3 NUMA nodes, 2 last-level caches, 8 cores, 15 CPUs online

socket 0: 8 CPUs 0-3,8-11
  node 0: 8 CPUs 0-3,8-11, 64.0 GiB
    L3 32 MiB: 8 CPUs 0-3,8-11
      4 cores: 0,8 1,9 2,10 3,11

socket 1: 7 CPUs 4-7,12-14
  node 1: 7 CPUs 4-7,12-14, 64.0 GiB
    L3 32 MiB: 7 CPUs 4-7,12-14
      4 cores: 4,12 5,13 6,14 7
  node 2: no CPUs, 64.0 GiB, read 255 ns, read 32000 MB/s, best from node 1

distance   0   1   2
node 0    10  21  25
node 1    21  10  16
node 2    25  16  10

offline: CPUs 15
not allowed for this process: CPUs 4-14
isolated: CPUs 3
`);
  });

  it('shows one cache over four nodes as the cache of the socket', async () => {
    const text = await textOf('eight-socket-snc4', { sockets: 1 });
    expect(text).toContain(`socket 0: 128 CPUs 0-127
  L3 32 MiB: 128 CPUs 0-127
    64 cores: 0,64 1,65 … 63,127
  node 0: 32 CPUs 0-15,64-79, 64.0 GiB
    16 cores: 0,64 1,65 … 15,79
`);
  });

  it('spends one line on the private caches of many cores', async () => {
    const files = Object.entries(machine('one-socket')).filter(([path]) => !path.includes('index3'));
    const text = topologyText(await readTopology(filesOf(Object.fromEntries(files))));
    expect(text).toContain('    4 L2 1 MiB, none of them shared by two cores\n');
  });

  it('says that a guest has only the word of its host, and repeats the warnings', async () => {
    const files = Object.entries(machine('one-socket'))
      .filter(([path]) => !path.includes('/cache/'))
      .map(([path, text]) => [path, text.replace('flags\t\t: fpu', 'flags\t\t: fpu hypervisor')]);
    const text = topologyText(await readTopology(filesOf(Object.fromEntries(files))));
    expect(text).toContain('A virtual machine: all of this is what its host chose to say.');
    expect(text).toContain('    unknown cache: 8 CPUs 0-7\n');
    expect(text).toContain('warning: no cache beyond L1 is known for CPUs 0-7');
  });

  it('writes Arm parts and revisions as the manuals do', async () => {
    const arm =
      'processor : 0\nCPU implementer : 0x48\nCPU architecture: 8\nCPU variant : 0x1\nCPU part : 0xd01\nCPU revision : 2\n';
    const text = topologyText(
      await readTopology(filesOf({ ...machine('one-socket'), '/proc/cpuinfo': arm })),
    );
    expect(text.split('\n')[0]).toBe('TaiShan-v110 (implementer 0x48 part 0xd01 r1p2)');
  });

  it('has something to say about nothing', async () => {
    expect(await textOf('bare')).toContain('0 sockets, 0 NUMA nodes');
  });
});
