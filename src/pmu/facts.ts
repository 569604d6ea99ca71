/** What the host says of its counters: read by perf/facts.ts, reasoned about by the rest of pmu/. Types only. */
import type { FormatField } from '../parse/pmu_format.ts';

export type { FormatField };

export interface Facts {
  /** By name, as in /sys/bus/event_source/devices. */
  readonly pmus: readonly PmuDevice[];
  /** kernel.perf_event_paranoid; null where the kernel has none. */
  readonly paranoid: number | null;
  /** kernel.nmi_watchdog: it holds a counter of every CPU. */
  readonly nmiWatchdog: boolean;
  readonly capabilities: { readonly perfmon: boolean; readonly sysAdmin: boolean };
  /** A seccomp filter is on this process. */
  readonly seccomp: boolean;
  /** Two threads share a core. */
  readonly smt: boolean;
  /** Tracepoint ids by `system:name`; null where tracefs cannot be read, and why. */
  readonly tracepoints: Readonly<Record<string, number>>;
  readonly tracefs: 'read' | 'absent' | 'denied';
}

export interface PmuDevice {
  readonly name: string;
  readonly type: number;
  /** CPUs to open it on: `cpumask` of an uncore PMU, `cpus` of a core PMU that is not everybody's; null: any. */
  readonly cpus: readonly number[] | null;
  /** By field, the bits it takes: sysfs format/. */
  readonly format: Readonly<Record<string, FormatField>>;
  /** Events that the kernel names itself: sysfs events/, `event=0x04,umask=0x03`. */
  readonly events: Readonly<Record<string, string>>;
}
