/**
 * The outside world behind one narrow interface, so that a test passes its own. Types only; the real ones are
 * the other files of this folder.
 */

export interface Host {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
  readonly native: Native;
}

/**
 * Kernel files, by the path they have on the host: `/proc/stat`, `/sys/devices/system/node/online`,
 * `/sys/fs/cgroup/…`. The roots of --path.* are applied inside. All calls throw Absent for what is not there
 * (ENOENT, ENODEV, ENOTSUP…) and Denied for what may not be read (EACCES, EPERM).
 */
export interface Files {
  /** Whole text of the file. */
  read(path: string): Promise<string>;
  /** Names in a directory, sorted as numbers where they end in one (`cpu2` before `cpu10`). */
  list(path: string): Promise<readonly string[]>;
  /** Names of the folders in a directory, links left out; in no order. */
  folders(path: string): Promise<readonly string[]>;
}

/**
 * Files of the daemon's own, by the path they have for it: no root of --path.* is applied. They are few and small, and
 * looked at in the middle of a handshake, which waits for nobody: these calls do not return before they are done.
 */
export interface OwnFiles {
  /** Whole text; throws what the system says. */
  read(path: string): string;
  /** Another one whenever the file is another or has changed; of a file that cannot be looked at, why not. */
  stamp(path: string): string;
}

export interface Clock {
  /** Monotonic seconds; only differences mean anything. */
  now(): number;
  /** Seconds since 1970, for timestamps that people and PromQL's time() read. */
  wall(): number;
  /** Resolves after `seconds`, or at once when the signal aborts; never rejects. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
}

export type LogFields = Readonly<Record<string, string | number | boolean>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * The C helper (native/numacanary.h is the contract; names here are its names in camel case, units included).
 * Every call runs on threads of the helper's own; a call that cannot be made throws Absent (no library, no
 * such call on this kernel), Denied, or NativeError with the errno's name.
 */
export interface Native {
  clock(): Promise<NativeClock>;
  visit(plan: VisitPlan): Promise<Visit>;
  memory(plan: MemoryPlan): Promise<MemoryVisit>;
  /** Opens each event, disabled; one that cannot be had costs only itself, or where it leads its group. */
  perfOpen(events: readonly PerfEvent[]): Promise<OpenPerf>;
  calibrate(plan: CalibrationPlan): Promise<Calibration>;
  /** Begins; what it finds can be looked at while it goes on. */
  drift(plan: DriftPlan): Promise<RunningDrift>;
  /** Raises the soft limit on open files to the hard one, and gives it. */
  fdLimit(): Promise<number>;
}

/** One event on one CPU, counting all that runs there. The events of one group stand together, the leader first. */
export interface PerfEvent {
  /** perf_event_attr.type, config, config1, config2. */
  readonly type: number;
  readonly config: bigint;
  readonly config1: bigint;
  readonly config2: bigint;
  readonly cpu: number;
  /** Index of the leader in the list; its own index where it leads. */
  readonly leader: number;
  /** Of a tracepoint: what the kernel looks at before it counts. */
  readonly filter?: string;
}

/** A list of events that was opened. Every call is one native call, however many events there are. */
export interface OpenPerf {
  /** By event: the errno's name (`EACCES`), ECANCELED where its leader is not open, null where it is open. Linux's 95 is ENOTSUP. */
  readonly errors: readonly (string | null)[];
  /** Starts or stops groups, by their leaders' indices; left out: all. A stopped group keeps its counts. [] is none. */
  enable(on: boolean, leaders?: readonly number[]): Promise<void>;
  /** Reads groups, by their leaders' indices; left out: all. Others stand in the answer as last read. */
  read(leaders?: readonly number[]): Promise<PerfReadings>;
  /** Nothing may be asked of it afterwards (EBADF); a second close is the first. Calls asked for before it are done first. */
  close(): Promise<void>;
}

/**
 * Eight 32-bit words an event, as the helper wrote them: value, enabled and running in nanoseconds as low and high
 * word, then the errno of the read, then nothing. A copy: it does not change with the next read. Beside an errno all
 * is 0: EBADF where the event is not open, EIO where the kernel took its group apart (its CPU went offline), ENODATA
 * where the group is in error state. Never read: all 0, the errno too.
 */
export interface PerfReadings {
  readonly words: Uint32Array;
}

export interface CalibrationPlan {
  readonly cpu: number;
  readonly type: number;
  readonly config: bigint;
  readonly instructions: number;
}

export interface Calibration {
  readonly expected: number;
  readonly counted: number;
  readonly enabledNs: number;
  readonly runningNs: number;
  /** Where the thread ran at the end. */
  readonly cpu: number;
  /** errno's name, null where it counted. */
  readonly error: string | null;
}

export interface NativeClock {
  /** What the timed regions read. */
  readonly source: 'tsc' | 'cntvct' | 'monotonic_raw';
  /** Smallest step ever seen between two readings, nanoseconds. */
  readonly stepNs: number;
  readonly hertz: number;
}

export type Spin = 'bare' | 'pause';

/** What a visit does between its two pairs of rulers. */
export type Step = 'store2' | 'ring1' | 'experienced' | 'ring_512' | 'ring_1' | 'ring_line';

export interface VisitPlan {
  /** CPUs of the two threads; A initiates and produces, B answers and consumes. Same CPU: refused, EINVAL. */
  readonly cpuA: number;
  readonly cpuB: number;
  /** Memory node of the lines that A writes (and of the rings), and of the lines that B writes. -1: do not care. */
  readonly nodeA: number;
  readonly nodeB: number;
  readonly steps: readonly Step[];
  readonly spin: Spin;
  /** False leaves both threads free to roam: what an unpinned application gets. */
  readonly pinned: boolean;
  /** Bytes between two shared indices: 64, 128 or 256. */
  readonly strideBytes: number;
  /** Which of the 64 line offsets the ping lines use: turn it, so that no one cache slice is "the" latency. */
  readonly offset: number;
  /** Time each step may take; the ruler's round trip turns it into a count. */
  readonly stepNs: number;
  /** Bound of the whole visit, threads' wake-up included. */
  readonly deadlineNs: number;
}

export type VisitOutcome =
  | 'done'
  | 'not_coscheduled' // one thread did not come to the rendezvous in time
  | 'deadline'; // a step ran out of time; what stands is incomplete

/** Evidence about one thread over the visit, each independent of the times measured. */
export interface ThreadEvidence {
  /** getcpu at the first and the last instruction. */
  readonly cpuBefore: number;
  readonly cpuAfter: number;
  /** CPUs in the thread's own affinity mask at the end: 1 when the pin held. */
  readonly maskCpus: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** Time between two polls of this thread that cannot be its own doing, in all and the number of such gaps. */
  readonly gapNs: number;
  readonly gaps: number;
  /** Core clock by a chain of dependent adds; 0 where it was not taken. */
  readonly hertzBefore: number;
  readonly hertzAfter: number;
  /** CPU time spent, nanoseconds; of A, and of a chase, with what the call itself cost its caller. */
  readonly cpuNs: number;
}

/** Groups of 16 round trips each. */
export interface PingPong {
  /** Mean round trip of each group, nanoseconds. */
  readonly roundTripNs: readonly number[];
  /** Gap time that fell into each group on either thread, nanoseconds: 0 is clean. */
  readonly gapNs: readonly number[];
}

export interface Ring {
  /** Items and nanoseconds of the laps without a gap, warm-up left out. */
  readonly items: number;
  readonly elapsedNs: number;
  readonly laps: number;
  readonly cleanLaps: number;
  /** Payload words that arrived different from what was sent: must be 0. */
  readonly corrupt: number;
}

export interface Visit {
  readonly outcome: VisitOutcome;
  readonly a: ThreadEvidence;
  readonly b: ThreadEvidence;
  /** One-line compare-and-swap ping-pong before and after the steps: the placement ruler. */
  readonly rulerBefore: PingPong;
  readonly rulerAfter: PingPong;
  readonly store2: PingPong;
  readonly ring1: PingPong;
  readonly ring512: Ring;
  readonly ring1Item: Ring;
  readonly ringLine: Ring;
  /** Single hand-offs on a paced schedule, half a round trip from the intended start, nanoseconds. */
  readonly experiencedNs: readonly number[];
  /** Where the lines lay when the visit ended; -1 where the kernel would not say. */
  readonly pageNodeA: number;
  readonly pageNodeB: number;
  /** Wall time from the rendezvous to the end, nanoseconds. */
  readonly elapsedNs: number;
}

export interface MemoryPlan {
  readonly cpu: number;
  readonly node: number;
  readonly bytes: number;
  readonly loads: number;
  readonly hugePages: boolean;
  readonly deadlineNs: number;
}

export interface MemoryVisit {
  readonly outcome: VisitOutcome;
  readonly thread: ThreadEvidence;
  readonly loads: number;
  /** Dependent loads of flushed lines, in groups of 64: mean of each group, nanoseconds per load. */
  readonly loadNs: readonly number[];
  readonly gapNs: readonly number[];
  /** Pages sampled before and after the chase, and how many of them lay on the node asked for. */
  readonly pagesChecked: number;
  readonly pagesOnNode: number;
  /** Bytes of the pages behind the buffer: 4096, 2097152…; 0 when mixed or unknown. */
  readonly pageBytes: number;
}

export interface DriftPlan {
  readonly bufferNode: number;
  readonly readerCpu: number;
  /** Whole MiB. */
  readonly bytes: number;
  readonly seconds: number;
  readonly hugePages: boolean;
}

export interface RunningDrift {
  /** What is known by now; null before the first row. */
  seen(): DriftSeen | null;
  /** Ends it within a moment. */
  stop(): void;
  /** When it has ended; rejects as every call does. */
  readonly ended: Promise<void>;
}

export interface DriftSeen {
  /** Of the buffer, as numa_maps of this process has it. */
  readonly address: bigint;
  /** Of the pages that are counted, and of those that came: 0 when mixed or unknown. */
  readonly pageBytes: number;
  readonly backingBytes: number;
  /** One at the start, while the policy holds the pages, and one each second. */
  readonly rows: readonly DriftRow[];
}

export interface DriftRow {
  readonly elapsedNs: number;
  /** Times that the reader had read all of the buffer. */
  readonly passes: number;
  readonly readerCpu: number;
  /** By node, those that have any. */
  readonly pages: ReadonlyMap<number, number>;
  readonly unknownPages: number;
}
