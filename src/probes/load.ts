import { Absent, Denied, ParseError } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseCgroup } from '../parse/cgroup.ts';
import { parseThrottled } from '../parse/cpustat.ts';
import { parsePressure } from '../parse/pressure.ts';
import { parseProcStat, type CpuTicks } from '../parse/procstat.ts';

export const hostLoads = ['idle', 'moderate', 'busy', 'unknown'] as const;
export type HostLoad = (typeof hostLoads)[number];

/** What makes a visit short: each is a reason to take less time, none to take no look. */
export const pressures = ['host_busy', 'cpu_pressure', 'cgroup_pressure', 'cpu_busy'] as const;
export type Pressure = (typeof pressures)[number];

export interface Load {
  readonly host: HostLoad;
  /** By CPU id, 0 to 1, over the time since the reading before. */
  readonly busy: ReadonlyMap<number, number>;
  readonly pressures: readonly Pressure[];
}

const pressing = 0.1; // share of 10 s in which some task waited for a CPU
const tick = 0.01; // seconds

/** Busy share of each CPU between two readings; a CPU that was offline in either is left out. */
export function busyBetween(
  before: ReadonlyMap<number, CpuTicks>,
  after: ReadonlyMap<number, CpuTicks>,
): ReadonlyMap<number, number> {
  const busy = new Map<number, number>();
  for (const [cpu, now] of after) {
    const old = before.get(cpu);
    const total = old ? now.total - old.total : 0;
    // Idle time is an estimate and may step back (NO_HZ): no interval, no share.
    const share = old ? 1 - (now.idle - old.idle) / total : NaN;
    if (total > 0 && share >= 0 && share <= 1) busy.set(cpu, share);
  }
  return busy;
}

export function hostLoadOf(busy: ReadonlyMap<number, number>): HostLoad {
  if (busy.size === 0) return 'unknown';
  const mean = [...busy.values()].reduce((sum, share) => sum + share, 0) / busy.size;
  if (mean < 0.2) return 'idle';
  return mean > 0.7 ? 'busy' : 'moderate';
}

/** Time taken by `column` on these CPUs between two readings, seconds; undefined where either was not read. */
export function ticksBetween(
  column: 'irq' | 'steal',
  cpus: readonly number[],
  before: ReadonlyMap<number, CpuTicks> | undefined,
  after: ReadonlyMap<number, CpuTicks> | undefined,
): number | undefined {
  if (!before || !after) return undefined;
  const sum = cpus.reduce(
    (sum, cpu) => sum + Math.max(0, (after.get(cpu)?.[column] ?? 0) - (before.get(cpu)?.[column] ?? 0)),
    0,
  );
  return sum * tick;
}

/** Undefined for what this kernel or container does not have. */
export interface LoadFiles {
  ticks(): Promise<ReadonlyMap<number, CpuTicks> | undefined>;
  hostPressure(): Promise<number | undefined>;
  ownPressure(): Promise<number | undefined>;
  /** Periods in which our own cgroup was throttled, since it was made. */
  throttled(): Promise<number | undefined>;
}

export function loadFiles(files: Files): LoadFiles {
  const own = ownCgroup(files);
  return {
    ticks: () => optional(async () => parseProcStat(await files.read('/proc/stat'))),
    hostPressure: () => optional(async () => parsePressure(await files.read('/proc/pressure/cpu'))),
    ownPressure: () => optional(async () => parsePressure(await own('cpu.pressure'))),
    throttled: () => optional(async () => parseThrottled(await own('cpu.stat'))),
  };
}

/** A file that was nowhere is looked for again after so many questions: minutes, and throttling is not overlooked for good. */
const looksAgainAfter = 100;

/**
 * Reading /proc/self/cgroup anew each time follows a process that is moved to another one; where the file was found holds
 * for as long as that says the same.
 */
function ownCgroup(files: Files): (name: string) => Promise<string> {
  let cgroup = '';
  const folders = new Map<string, readonly string[]>();
  let left = looksAgainAfter;
  return async (name) => {
    const now = await files.read('/proc/self/cgroup');
    left -= 1;
    if (now !== cgroup || left <= 0) {
      folders.clear();
      left = looksAgainAfter;
    }
    cgroup = now;
    for (const folder of folders.get(name) ?? ownFolders(now)) {
      const text = await optional(() => files.read(`${folder}/${name}`));
      if (text === undefined) continue;
      folders.set(name, [folder]);
      return text;
    }
    // One that was there and is no more is looked for again at once, one that was nowhere is not.
    if (folders.has(name)) folders.delete(name);
    else folders.set(name, []);
    throw new Absent(`${name}: not in our own cgroup`);
  };
}

/**
 * A container in a cgroup namespace is told `/`, which is the root of its own mount and not of the host's: /proc/self/root
 * leads there, wherever the host's /proc and /sys are.
 */
// > 0::/
// > 0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-0123.scope
function ownFolders(text: string): readonly string[] {
  const folders = parseCgroup(text).flatMap(({ version, controllers, path }) =>
    version === 1
      ? [`/sys/fs/cgroup/${controllers}${path}`, `/sys/fs/cgroup/cpu${path}`, '/sys/fs/cgroup/cpu']
      : [
          ...(path === '/' ? ['/proc/self/root/sys/fs/cgroup'] : []),
          `/sys/fs/cgroup${path}`,
          `/sys/fs/cgroup/unified${path}`,
          '/sys/fs/cgroup',
        ],
  );
  return folders.map((folder) => folder.replace(/\/+$/, ''));
}

async function optional<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    // A file that says what we do not understand says nothing: courtesy does without it, the probes go on.
    if (error instanceof Absent || error instanceof Denied || error instanceof ParseError) return undefined;
    throw error;
  }
}

export function pressuresOf(
  host: HostLoad,
  hostPressure: number | undefined,
  ownPressure: number | undefined,
): readonly Pressure[] {
  return [
    ...(host === 'busy' ? (['host_busy'] as const) : []),
    ...((hostPressure ?? 0) > pressing ? (['cpu_pressure'] as const) : []),
    ...((ownPressure ?? 0) > pressing ? (['cgroup_pressure'] as const) : []),
  ];
}
