/** What is to be counted where: the plan that pmu/ makes, perf/ opens and doctor prints. Types only. */
import type { Metric } from '../sample.ts';

/** perf_event_attr as far as we use it. */
export interface Attr {
  readonly type: number;
  readonly config: bigint;
  readonly config1: bigint;
  readonly config2: bigint;
  /** Of a tracepoint. */
  readonly filter?: string;
}

/** One event of a group and where its counts go. */
export interface Counter {
  /** A key of hardwareSignals, or the name of a kernel event: the `signal` label of pmu_signal_status. */
  readonly signal: string;
  readonly attr: Attr;
  readonly metric: Metric;
  /** Without socket and numa_node, which are the place's: those of them are added that the metric has. */
  readonly labels: Readonly<Record<string, string>>;
  /** What one count adds to the series. Several counters may add to one: links, boxes. */
  readonly scale: number;
}

/** Where a group is opened once. */
export interface Place {
  readonly cpu: number;
  readonly socket: number;
  /** Null where counts are summed up by socket. */
  readonly numaNode: number | null;
}

export interface Group {
  /**
   * `group` label of pmu_coverage_ratio. Groups of one name are one thing to the reader: each box of an uncore PMU has
   * a type of its own, so a group of its own. They have their turn together, and one coverage for each socket.
   */
  readonly name: string;
  /** Lower goes first when fds are short; groups of one rank stay or go together. */
  readonly rank: number;
  /** `turn`: counts for one second when its turn comes, since the counters do not suffice for all groups at once. */
  readonly when: 'always' | 'turn';
  /** The first leads. All in one slice of time. */
  readonly counters: readonly Counter[];
  readonly places: readonly Place[];
}

/** One group at one place. */
export interface Stand {
  readonly group: Group;
  readonly place: Place;
}

export interface Missing {
  readonly signal: string;
  readonly status: 'absent' | 'denied' | 'failed';
  readonly reason: Reason;
  /** What happened and what to do about it; one sentence. */
  readonly advice: string;
}

export interface Plan {
  readonly groups: readonly Group[];
  readonly missing: readonly Missing[];
}

/** Why a signal is not counted, in a word that an alert can select. */
export const pmuReasons = [
  'none',
  'unknown_cpu', // no model for this CPU: the catalogue or the configuration can be given one
  'no_pmu', // the kernel shows no such PMU: a virtual machine without one, a module not loaded
  'no_event', // this PMU does not know the event
  'no_offcore', // the offcore response registers cannot be used, as in most virtual machines
  'paranoid', // perf_event_paranoid forbids it without a capability
  'paranoid_admin', // above 2 some distributions want CAP_SYS_ADMIN, CAP_PERFMON is not enough
  'lsm', // permitted by capabilities, refused all the same: SELinux, AppArmor
  'seccomp', // the container's seccomp profile
  'busy', // an exclusive event of somebody else
  'starved', // opened, and never got a counter: others hold them
  'group_refused', // the group does not fit this PMU, not even alone
  'unsupported', // the PMU cannot do what was asked
  'fd_limit', // RLIMIT_NOFILE
  'system_fd_limit', // fs.file-max
  'no_cpu', // the CPU went away
  'no_tracefs', // tracefs is not mounted or not readable
  'old_kernel',
  'implausible', // calibration: it counts nonsense
  'one_socket', // there is no other socket to cross to
  'off', // switched off in the configuration
  'other',
] as const;
export type Reason = (typeof pmuReasons)[number];
