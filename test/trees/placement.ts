import type { MachineSpec, Put } from '../machines.ts';

const zones = ['DMA', 'DMA32', 'Normal', 'Movable'];

/** What the kernel counted of pages: /proc/vmstat, nodeN/numastat, nodeN/vmstat, /proc/zoneinfo. */
export function putPlacement(spec: MachineSpec, put: Put): void {
  put('/proc', {
    vmstat: [
      'nr_free_pages 7864320',
      'numa_pte_updates 40960',
      'numa_huge_pte_updates 16',
      'numa_hint_faults 20480',
      'numa_hint_faults_local 16384',
      'numa_pages_migrated 2048',
      'pgmigrate_success 3072',
      'pgmigrate_fail 12',
      'thp_migration_success 2',
      'thp_migration_fail 1',
      'thp_migration_split 1',
    ].join('\n'),
  });
  put('/proc/self', {
    smaps: [
      '55d0c2a00000-55d0c2a28000 r--p 00000000 fe:00 131 /usr/bin/node',
      'Size:                160 kB',
      'KernelPageSize:        4 kB',
      'MMUPageSize:           4 kB',
    ].join('\n'),
  });
  put('/proc/sys/vm', { numa_stat: 1 });
  if (spec.numa === false) return;
  const ids = nodeIdsOf(spec);
  put('/proc', { zoneinfo: ids.map((id) => zoneinfoOf(id, id === ids[0])).join('\n') });
  for (const [index, id] of ids.entries())
    put(`/sys/devices/system/node/node${id}`, {
      vmstat: [
        'nr_free_pages 3932160',
        `workingset_refault_anon ${index * 5}`,
        `workingset_refault_file ${1000 + index}`,
        `pgpromote_success ${index * 7}`,
        'pgpromote_candidate 0',
        `pgdemote_kswapd ${index * 11}`,
        'pgdemote_direct 3',
        'pgdemote_khugepaged 0',
      ].join('\n'),
    });
}

function nodeIdsOf({ sockets, nodesPerSocket, memoryOnly = [], nodeIds }: MachineSpec): number[] {
  return Array.from(
    { length: sockets * nodesPerSocket + memoryOnly.length },
    (_, node) => nodeIds?.[node] ?? node,
  ).toSorted((a, b) => a - b);
}

/** Low memory lies on the first node; the zone Movable is empty on all of them. */
const zoneinfoOf = (id: number, first: boolean) =>
  zones
    .slice(first ? 0 : 2)
    .map((zone) =>
      [
        `Node ${id}, zone ${zone.padStart(8)}`,
        '  pages free     3932160',
        '        boost    0',
        '        min      8192',
        `        low      ${zone === 'Movable' ? 0 : 16384}`,
        '        high     24576',
        '  pagesets',
        '    cpu: 0',
        '              count: 12',
      ].join('\n'),
    )
    .join('\n');
