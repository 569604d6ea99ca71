import { valueOf } from './condition.ts';
import type { Reading } from './condition.ts';

export const checkStates = ['met', 'not_met', 'unknown'] as const;

export interface Check {
  readonly check: (typeof checkNames)[number];
  readonly state: (typeof checkStates)[number];
  readonly why: string;
  /** Empty where nothing is to be done. */
  readonly advice: string;
}

export const checkNames = [
  'kernel_and_config',
  'numa_balancing',
  'cpu_isolation',
  'governor',
  'thp',
  'pmu_unused',
  'task_affinity',
] as const;

/** What the operator says is meant as it is, by the keys of collectors.conditions.extra. */
type Extra = Readonly<Record<string, string>>;

/** The reproducibility ladder: whether a number taken now would be found again. docs/conditions.md has the words. */
export function ladder(reading: Reading, extra: Extra): readonly Check[] {
  return checkNames.map((check) => ({ check, ...rungs[check](reading, extra) }));
}

type Finding = Omit<Check, 'check'>;
const met = (why: string): Finding => ({ state: 'met', why, advice: '' });
const notMet = (why: string, advice: string): Finding => ({ state: 'not_met', why, advice });
const unknown = (why: string, advice = ''): Finding => ({ state: 'unknown', why, advice });

const rungs: Readonly<Record<Check['check'], (reading: Reading, extra: Extra) => Finding>> = {
  kernel_and_config(reading) {
    const release = valueOf(reading, 'kernel');
    if (release === null) return unknown(`The kernel release is not known: ${whyNot(reading, 'kernel')}.`);
    if (valueOf(reading, 'kernel_config') !== null)
      return met(`Kernel ${release} and what it was built with are recorded.`);
    return unknown(
      `Kernel ${release} is recorded, what it was built with is not: ${whyNot(reading, 'kernel_config')}.`,
      'Let /boot/config-RELEASE of the host be read (in a container: mount it, and --path.rootfs).',
    );
  },

  numa_balancing(reading, extra) {
    const mode = valueOf(reading, 'numa_balancing');
    if (mode === '0') return met('NUMA balancing is off: the kernel moves no pages by itself.');
    if (mode === null) {
      if (isAbsent(reading, 'numa_balancing')) return met('This kernel has no NUMA balancing.');
      return unknown(`NUMA balancing is not known: ${whyNot(reading, 'numa_balancing')}.`);
    }
    if (extra['numa_balancing_wanted'] === mode)
      return met(`NUMA balancing is ${mode}, as numa_balancing_wanted says it should be.`);
    return notMet(
      `NUMA balancing is ${mode}: pages move between nodes while you measure.`,
      'sysctl kernel.numa_balancing=0, or say that it is meant: collectors.conditions.extra.numa_balancing_wanted.',
    );
  },

  cpu_isolation(reading) {
    const isolated = valueOf(reading, 'isolated_cpus');
    if (isolated === null)
      return unknown(`Isolated CPUs are not known: ${whyNot(reading, 'isolated_cpus')}.`);
    if (isolated !== 'none')
      return met(`CPUs ${isolated} are isolated: the scheduler puts nobody else there.`);
    return notMet(
      'No CPU is isolated: any task may run beside the one that is measured.',
      'isolcpus= or a cpuset partition (cpuset.cpus.partition=isolated) for the CPUs of the measured task.',
    );
  },

  governor(reading) {
    const governor = valueOf(reading, 'governor');
    const limits = valueOf(reading, 'frequency_limits');
    const [, low, high] = /^(\d+)-(\d+)MHz$/.exec(limits ?? '') ?? [];
    if (low !== undefined && low === high) return met(`The clock is fixed at ${low} MHz.`);
    if (governor === 'performance') return met('Every CPU has the governor performance.');
    if (valueOf(reading, 'epp') === 'performance')
      return met(`The governor is ${governor}, and the energy preference performance.`);
    if (governor === null) {
      return unknown(
        `The governor is not known: ${whyNot(reading, 'governor')}.`,
        'In a virtual machine the host decides: look there.',
      );
    }
    return notMet(
      `The governor is ${governor}: the clock follows the load.`,
      'cpupower frequency-set -g performance',
    );
  },

  thp(reading) {
    const enabled = valueOf(reading, 'thp_enabled');
    const defrag = valueOf(reading, 'thp_defrag');
    if (enabled === null) {
      if (isAbsent(reading, 'thp_enabled')) return met('This kernel has no transparent huge pages.');
      return unknown(`Transparent huge pages are not known: ${whyNot(reading, 'thp_enabled')}.`);
    }
    if (enabled !== 'always')
      return met(`Transparent huge pages are ${enabled}: only those who ask get them.`);
    if (defrag === null)
      return unknown(
        `Whether page faults wait for compaction is not known: ${whyNot(reading, 'thp_defrag')}.`,
      );
    if (defrag !== 'always')
      return met(
        `Transparent huge pages are always, and no fault of one that did not ask waits (defrag ${defrag}).`,
      );
    return notMet(
      'Transparent huge pages are always and so is defrag: any page fault may wait for memory to be compacted.',
      'echo madvise > /sys/kernel/mm/transparent_hugepage/defrag',
    );
  },

  pmu_unused(reading) {
    if (valueOf(reading, 'nmi_watchdog') === '1')
      return notMet('The NMI watchdog holds a counter of every CPU.', 'sysctl kernel.nmi_watchdog=0');
    return unknown(
      'The kernel does not tell who else counts.',
      'numacanary doctor finds counters that are held; numacanary_pmu_coverage_ratio below 1 shows that they are shared.',
    );
  },

  task_affinity(reading) {
    const sockets = valueOf(reading, 'measured_sockets');
    if (sockets === null) {
      return unknown(
        `The probes of the canary are pinned; of the measured task nothing is known: ${whyNot(reading, 'measured_sockets')}.`,
      );
    }
    if (/^\d+$/.test(sockets)) return met(`The measured cgroup may run on socket ${sockets} only.`);
    return notMet(
      `The measured cgroup may run on sockets ${sockets}: where it runs is chance.`,
      'Give it the CPUs of one socket (cpuset.cpus, CPUAffinity=, numactl --cpunodebind).',
    );
  },
};

const isAbsent = (reading: Reading, name: string): boolean => {
  const read = reading[name];
  return read !== undefined && 'status' in read && read.status === 'absent';
};

function whyNot(reading: Reading, name: string): string {
  const read = reading[name];
  return read && 'reason' in read ? read.reason.replace(/\.$/, '') : 'it was not read';
}
