/** The same machine with kernel files that were cut short, or say more than we know. */

const more: Readonly<Record<string, string>> = {
  '/proc/vmstat': 'numa_frobnicated 12\n',
  '/proc/stat': 'frobs 1 2 3\n',
  '/proc/interrupts': ' FRB:          1          2   Frobnications\n',
  '/proc/meminfo': 'Frobbed:       12 kB\n',
  '/proc/pressure/cpu': 'most avg10=0.00 avg60=0.00 avg300=0.00 total=1\n',
  '/sys/devices/system/node/node0/meminfo': 'Node 0 Frobbed:       12 kB\n',
  '/sys/devices/system/node/node0/numastat': 'frobbed_node 12\n',
  '/sys/devices/system/node/node0/vmstat': 'nr_frobbed 12\n',
};

const short = [
  '/proc/zoneinfo',
  '/proc/pressure/memory',
  '/sys/devices/system/node/node1/numastat',
  '/sys/fs/cgroup/system.slice/postgresql.service/memory.numa_stat',
];

export function oddly(tree: Readonly<Record<string, string>>): Record<string, string> {
  const odd = { ...tree };
  for (const [path, line] of Object.entries(more)) if (path in odd) odd[path] = `${odd[path]}${line}`;
  for (const path of short) odd[path] = (odd[path] ?? '').slice(0, Math.floor((odd[path] ?? '').length / 2));
  return odd;
}
