import { Absent, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseInteger } from '../parse/integer.ts';
import { word } from './condition.ts';
import type { Condition } from './condition.ts';

/** Linux 5.13 moved them to debugfs; each by its name there and before. What a kernel has not is left out. */
const knobs = [
  ['base_slice_ns', null],
  ['latency_ns', 'sched_latency_ns'],
  ['migration_cost_ns', 'sched_migration_cost_ns'],
  ['nr_migrate', 'sched_nr_migrate'],
  ['numa_balancing/scan_period_min_ms', 'numa_balancing_scan_period_min_ms'],
  ['numa_balancing/scan_period_max_ms', 'numa_balancing_scan_period_max_ms'],
  ['numa_balancing/scan_size_mb', 'numa_balancing_scan_size_mb'],
] as const;

export const scheduler: readonly Condition[] = [
  {
    name: 'sched_ext',
    group: 'scheduler',
    what: 'Scheduler in BPF that is loaded, /sys/kernel/sched_ext/root/ops; disabled without one.',
    moves: true,
    changes: true,
    counted: true,
    async read({ files }) {
      const state = await word(files, '/sys/kernel/sched_ext/state');
      if (state === 'disabled') return state;
      if (state !== 'enabled') throw new Absent(`/sys/kernel/sched_ext/state: ${state}: neither on nor off`);
      return word(files, '/sys/kernel/sched_ext/root/ops');
    },
  },
  {
    name: 'sched_knobs',
    group: 'scheduler',
    what: 'When the scheduler moves tasks and how fast NUMA balancing scans, /sys/kernel/debug/sched (for root only), before Linux 5.13 /proc/sys/kernel.',
    moves: true,
    changes: true,
    read: ({ files }) => schedKnobs(files),
  },
];

async function schedKnobs(files: Files): Promise<string> {
  const old = await together(files, ([, before]) => before && `/proc/sys/kernel/${before}`);
  if (old !== '') return old;
  const now = await together(files, ([name]) => `/sys/kernel/debug/sched/${name}`);
  if (now === '') throw new Absent('no /sys/kernel/debug/sched: mount -t debugfs debugfs /sys/kernel/debug');
  return now;
}

async function together(
  files: Files,
  pathOf: (knob: (typeof knobs)[number]) => string | null,
): Promise<string> {
  const said = await Promise.all(
    knobs.map(async (knob) => {
      const path = pathOf(knob);
      const value = path === null ? null : await files.read(path).then(parseInteger).catch(nullIfAbsent);
      return value === null ? [] : [`${knob[0].replace('numa_balancing/', 'numa_')}=${value}`];
    }),
  );
  return said.flat().join();
}
