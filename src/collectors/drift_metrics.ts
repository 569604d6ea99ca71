/** The families of `drift`: none by default, a few for each program that is named. */
import type { Metric } from '../sample.ts';

export const states = ['watched', 'left_out', 'denied'] as const;

export const residentBytes = {
  name: 'numacanary_drift_resident_bytes',
  kind: 'gauge',
  labels: ['target', 'numa_node'],
  per: ['numa_node'],
  open: 0,
  help:
    'Resident memory of the processes watched, by the NUMA node it lies on: pages times kernelpagesize_kB of /proc/<pid>/numa_maps, ' +
    'of the last whole round (collectors.drift.period_seconds). A page that several of them map counts in each.',
  tells: 'Where a program has its memory, beside where its CPUs are.',
} as const satisfies Metric;

export const moved = {
  name: 'numacanary_drift_moved_bytes_total',
  kind: 'counter',
  labels: ['target'],
  open: 0,
  help:
    'Memory that changed its NUMA node between two looks at the same process, from /proc/<pid>/numa_maps: of each mapping of a MiB ' +
    'and more what it lost on some nodes and gained on others, growth and what was given back left out. A lower bound: what went and came back ' +
    'in between is not seen.',
  tells:
    'Drift, by NUMA balancing, a cpuset that changed or migratepages: rate() times 60 is bytes a minute, and memory placed for good has none.',
} as const satisfies Metric;

export const processes = {
  name: 'numacanary_drift_processes',
  kind: 'gauge',
  labels: ['target', 'state'],
  closed: { state: states },
  open: 0,
  help:
    'Processes of the target in the last whole round: watched; left_out, since there are more than max_processes and these are the ' +
    'smallest; denied, since their numa_maps may not be read (same user, or CAP_SYS_PTRACE).',
  tells: 'Whether the other drift metrics speak for the whole program.',
} as const satisfies Metric;

export const readSeconds = {
  name: 'numacanary_drift_read_seconds_total',
  kind: 'counter',
  labels: ['target'],
  open: 0,
  help:
    'Time spent reading /proc/<pid>/numa_maps. The kernel walks the page tables for it and holds the lock of the address space ' +
    '(mmap_lock) meanwhile, so that the program’s mmap and munmap wait, and behind them its page faults.',
  tells: 'What drift watch costs the program watched: at most so much delay.',
} as const satisfies Metric;
