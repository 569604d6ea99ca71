import { describe, expect, it } from 'vitest';
import { nodeMemory } from '../../src/collectors/node_memory.ts';
import { numastat } from '../../src/collectors/numastat.ts';
import { createVmstatBooks, vmstat } from '../../src/collectors/vmstat.ts';
import { on } from './reading.ts';

const fresh = () => vmstat(createVmstatBooks()).make({});

describe('vmstat', () => {
  it('tells local and remote hint faults as parts, and all migrations beside those of NUMA balancing', async () => {
    const { read } = await on('two-socket', fresh());
    expect(await read()).toEqual([
      'autonuma_pte_updates_total  40960',
      'autonuma_hint_faults_total local 16384',
      'autonuma_hint_faults_total remote 4096',
      'autonuma_pages_migrated_total  2048',
      'page_migrations_pages_total success 3072',
      'page_migrations_pages_total fail 12',
      'page_migrations_thp_total success 2',
      'page_migrations_thp_total fail 1',
      'page_migrations_thp_total split 1',
    ]);
  });

  it('does not let remote faults fall where the kernel counted the local one first', async () => {
    const { tree, read } = await on('two-socket', fresh());
    const faults = (all: number, local: number) =>
      (tree['/proc/vmstat'] = `numa_hint_faults ${all}\nnuma_hint_faults_local ${local}\n`);
    faults(100, 40);
    expect(await read()).toContain('autonuma_hint_faults_total remote 60');
    faults(102, 43);
    expect(await read()).toContain('autonuma_hint_faults_total remote 60');
    faults(110, 45);
    expect(await read()).toContain('autonuma_hint_faults_total remote 65');
  });

  it('leaves out what the kernel was built without', async () => {
    const { tree, read } = await on('two-socket', fresh());
    tree['/proc/vmstat'] = 'pgmigrate_success 5\npgmigrate_fail 0\n';
    expect(await read()).toEqual([
      'page_migrations_pages_total success 5',
      'page_migrations_pages_total fail 0',
    ]);
    tree['/proc/vmstat'] = 'nr_free_pages 5\n';
    expect(await read()).toEqual(['absent: /proc/vmstat: this kernel neither balances nor migrates']);
  });

  it('tells promotions and demotions by node where there are tiers, and demotions without node by older kernels', async () => {
    const { tree, read } = await on('memory-only-node', fresh());
    const tiers = async () => (await read()).filter((line) => line.startsWith('tiering'));
    expect(await tiers()).toEqual([
      'tiering_pages_total 0 promoted 0',
      'tiering_pages_total 0 demoted 3',
      'tiering_pages_total 1 promoted 7',
      'tiering_pages_total 1 demoted 14',
      'tiering_pages_total 2 promoted 14',
      'tiering_pages_total 2 demoted 25',
    ]);
    for (const node of [0, 1, 2])
      tree[`/sys/devices/system/node/node${node}/vmstat`] = `pgpromote_success ${node}\n`;
    tree['/proc/vmstat'] = 'pgdemote_kswapd 5\npgdemote_direct 2\n';
    expect(await tiers()).toEqual([
      'tiering_pages_total 0 promoted 0',
      'tiering_pages_total 1 promoted 1',
      'tiering_pages_total 2 promoted 2',
      'tiering_pages_total  demoted 7',
    ]);
  });
});

describe('numastat', () => {
  it('has the six counters of each node under the kernel’s names', async () => {
    const { read } = await on('two-socket', numastat.make({}));
    expect((await read()).slice(0, 6)).toEqual([
      'numastat_pages_total 0 0 numa_hit 193460335812',
      'numastat_pages_total 0 0 numa_miss 12',
      'numastat_pages_total 0 0 numa_foreign 12',
      'numastat_pages_total 0 0 interleave_hit 4096',
      'numastat_pages_total 0 0 local_node 193460000000',
      'numastat_pages_total 0 0 other_node 335812',
    ]);
  });

  it('sums up above sixteen nodes by socket', async () => {
    const { read } = await on('eight-socket-snc4', numastat.make({}));
    const lines = await read();
    expect(lines).toHaveLength(8 * 6);
    expect(lines[1]).toBe('numastat_pages_total 0  numa_miss 48');
  });

  it('is absent where the kernel was told not to count', async () => {
    const { read } = await on('two-socket', numastat.make({}), { '/proc/sys/vm/numa_stat': '0\n' });
    expect(await read()).toEqual([
      'absent: vm.numa_stat is 0, the kernel does not count: sysctl vm.numa_stat=1 on the host',
    ]);
  });

  it('refuses a file that was cut short: it must not look like a node with nothing to say', async () => {
    const cut = { '/sys/devices/system/node/node1/numastat': 'numa_hit 5\nnuma_miss 0\n' };
    const { read } = await on('two-socket', numastat.make({}), cut);
    expect(await read()).toEqual([
      'failed: node1/numastat: no numa_foreign, interleave_hit, local_node, other_node',
    ]);
  });
});

const GiB = 1024 ** 3;

describe('node_memory', () => {
  it('has parts that add up to the memory of the node, and the line below which it spills over', async () => {
    const { read } = await on('two-socket', nodeMemory.make({}));
    expect(await read()).toEqual([
      `numa_node_memory_bytes 0 0 free ${32 * GiB}`,
      `numa_node_memory_bytes 0 0 file ${8 * GiB}`,
      `numa_node_memory_bytes 0 0 other ${24 * GiB}`,
      `numa_node_low_watermark_bytes 0 0 ${3 * 16384 * 4096}`,
      'numa_node_refaults_total 0 0 1000',
      `numa_node_memory_bytes 1 1 free ${32 * GiB}`,
      `numa_node_memory_bytes 1 1 file ${8 * GiB}`,
      `numa_node_memory_bytes 1 1 other ${24 * GiB}`,
      `numa_node_low_watermark_bytes 1 1 ${16384 * 4096}`,
      'numa_node_refaults_total 1 1 1006',
    ]);
  });

  it('reads the watermarks every five minutes, since that file is megabytes on a large machine', async () => {
    const { tree, world, read } = await on('two-socket', nodeMemory.make({}));
    const low = async () => (await read()).filter((line) => line.includes('low_watermark'));
    const before = await low();
    tree['/proc/zoneinfo'] =
      'Node 0, zone   Normal\n        low      1\nNode 1, zone   Normal\n        low      2\n';
    await world.clock.advance(299);
    expect(await low()).toEqual(before);
    await world.clock.advance(2);
    expect(await low()).toEqual([
      'numa_node_low_watermark_bytes 0 0 4096',
      'numa_node_low_watermark_bytes 1 1 8192',
    ]);
  });

  it('does without watermarks and refaults where the kernel does not tell them', async () => {
    const { tree, read } = await on('one-socket', nodeMemory.make({}));
    delete tree['/proc/zoneinfo'];
    delete tree['/sys/devices/system/node/node0/vmstat'];
    expect(await read()).toHaveLength(3);
  });

  it('knows a node without memory', async () => {
    const { read } = await on('memoryless-node', nodeMemory.make({}));
    expect(await read()).toContain('numa_node_memory_bytes 0 1 free 0');
  });
});
