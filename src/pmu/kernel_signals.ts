/** What is counted without a counter of the hardware: software events, tracepoints, the PMU msr; and its series. */
import type { Metric } from '../sample.ts';

export const contextSwitches = {
  name: 'numacanary_sched_context_switches_total',
  kind: 'counter',
  labels: ['socket'],
  per: ['socket'],
  help: 'Context switches on the CPUs of a socket. PERF_COUNT_SW_CONTEXT_SWITCHES.',
  tells: 'Which socket is churning: /proc/stat has one number for all of them.',
} as const satisfies Metric;

export const cpuMigrations = {
  name: 'numacanary_sched_cpu_migrations_total',
  kind: 'counter',
  labels: ['socket'],
  per: ['socket'],
  help:
    'Tasks that came to run on another CPU than before, by the socket at which they arrived, from wherever. ' +
    'PERF_COUNT_SW_CPU_MIGRATIONS.',
  tells: 'The whole of which sched_task_migrations_total is the part that crossed sockets.',
} as const satisfies Metric;

export const pageFaults = {
  name: 'numacanary_page_faults_total',
  kind: 'counter',
  labels: ['socket'],
  per: ['socket'],
  help: 'Page faults of tasks on a socket, minor and major, hint faults of NUMA balancing among them. PERF_COUNT_SW_PAGE_FAULTS.',
  tells: 'Which socket touches new memory: the first touch decides on whose node a page lies.',
} as const satisfies Metric;

export const taskMigrations = {
  name: 'numacanary_sched_task_migrations_total',
  kind: 'counter',
  labels: ['from_socket', 'to_socket'],
  per: ['socket_pair'],
  help:
    'Moves of tasks from a CPU of one socket to a CPU of another: each hit of tracepoint sched:sched_migrate_task that a filter in the ' +
    'kernel lets through, nothing sampled. On machines of very many CPUs and sockets to_socket is other. A move made by an ' +
    'isolated CPU is not seen.',
  tells:
    'Threads that leave their memory and caches behind; which way they go says which socket is too full or woken from the wrong side.',
} as const satisfies Metric;

export const numaBalancing = {
  name: 'numacanary_numa_balancing_events_total',
  kind: 'counter',
  labels: ['event'],
  closed: { event: ['move', 'swap', 'stick'] },
  help:
    'What NUMA balancing did with tasks: moved one to its memory, swapped two, or wanted to and could not (stick). Tracepoints ' +
    'sched:sched_move_numa, sched_swap_numa, sched_stick_numa.',
  tells: 'Whether the kernel fights the placement that somebody else keeps making.',
} as const satisfies Metric;

export const pageMigrationBatches = {
  name: 'numacanary_page_migration_batches_total',
  kind: 'counter',
  labels: [],
  help: 'Calls that migrated pages, for any reason: batches, not pages, of which one may have hundreds. Tracepoint migrate:mm_migrate_pages.',
  tells: 'How often pages are on the move, by the second and without /proc/vmstat.',
} as const satisfies Metric;

export const tscCycles = {
  name: 'numacanary_tsc_cycles_total',
  kind: 'counter',
  labels: ['socket'],
  per: ['socket'],
  help: 'Ticks of the time stamp counter, on one CPU of each socket. PMU msr, event tsc; it needs no hardware counter. x86 only.',
  tells:
    'rate() is the nominal clock in hertz: times core_clock_ratio the core clock. Sockets that differ have clocks that drift.',
} as const satisfies Metric;

export const smis = {
  name: 'numacanary_smi_total',
  kind: 'counter',
  labels: ['socket'],
  per: ['socket'],
  help: 'System management interrupts on one CPU of each socket: firmware stops all CPUs for each. PMU msr, event smi. Intel, bare metal.',
  tells: 'Gaps of tens to hundreds of microseconds that no kernel tool shows: firmware took the machine.',
} as const satisfies Metric;

interface KernelEvent {
  readonly metric: Metric;
  readonly labels: Readonly<Record<string, string>>;
  /** perf_sw_ids, `system:name` of a tracepoint, or an event of the PMU msr, which one CPU of each socket counts. */
  readonly event: bigint | `${string}:${string}` | { readonly msr: string };
  /** Higher stays longer when files are short. */
  readonly rank: number;
}

export const kernelSignals = {
  sched_migrate_task: { metric: taskMigrations, labels: {}, event: 'sched:sched_migrate_task', rank: 6 },
  context_switches: { metric: contextSwitches, labels: {}, event: 3n, rank: 4 },
  cpu_migrations: { metric: cpuMigrations, labels: {}, event: 4n, rank: 5 },
  page_faults: { metric: pageFaults, labels: {}, event: 2n, rank: 1 },
  sched_move_numa: {
    metric: numaBalancing,
    labels: { event: 'move' },
    event: 'sched:sched_move_numa',
    rank: 3,
  },
  sched_swap_numa: {
    metric: numaBalancing,
    labels: { event: 'swap' },
    event: 'sched:sched_swap_numa',
    rank: 3,
  },
  sched_stick_numa: {
    metric: numaBalancing,
    labels: { event: 'stick' },
    event: 'sched:sched_stick_numa',
    rank: 3,
  },
  tsc: { metric: tscCycles, labels: {}, event: { msr: 'tsc' }, rank: 8 },
  smi: { metric: smis, labels: {}, event: { msr: 'smi' }, rank: 7 },
  mm_migrate_pages: { metric: pageMigrationBatches, labels: {}, event: 'migrate:mm_migrate_pages', rank: 2 },
} as const satisfies Readonly<Record<string, KernelEvent>>;

export type KernelSignal = keyof typeof kernelSignals;
// The keys of an object literal are what its type says they are.
export const kernelSignalNames = Object.keys(kernelSignals) as readonly KernelSignal[];

/** Tracepoints whose ids must be known to plan these signals. */
export const tracepointsOf = (signals: readonly KernelSignal[]): readonly string[] =>
  signals.flatMap((signal) => {
    const { event } = kernelSignals[signal];
    return typeof event === 'string' ? [event] : [];
  });
