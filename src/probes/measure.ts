import { NativeError } from '../errors.ts';
import type { Clock, Files, ThreadEvidence } from '../host/host.ts';
import type { CpuTicks } from '../parse/procstat.ts';
import type { Books, ProbeName } from './books.ts';
import { busyBetween, hostLoadOf, loadFiles, pressuresOf, ticksBetween, type Load } from './load.ts';
import { stallOf, type Cause, type Surroundings } from './taint.ts';

export interface Act<T> {
  readonly probe: ProbeName;
  readonly cpus: readonly number[];
  readonly call: () => Promise<T>;
  readonly threads: (result: T) => readonly ThreadEvidence[];
  readonly taints: (result: T, around: Surroundings) => readonly Cause[];
}

export type Measured<T> =
  | {
      readonly outcome: 'clean' | 'tainted';
      readonly result: T;
      readonly taints: readonly Cause[];
      readonly cpuSeconds: number;
    }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'overlap' };

/** Watches the host around visits: how busy it is before one, and what happened to it during one. */
export interface Watch {
  /** Undefined while our own cgroup is throttled: then, and only then, load is a reason to stay away. */
  load(): Promise<Load | undefined>;
  measure<T>(act: Act<T>, load: Load): Promise<Measured<T>>;
}

// /proc/stat of a machine with a thousand CPUs costs milliseconds to print: not more than once a second.
const readingSeconds = 1;
// The very first reading has nothing to be compared with; this long makes 20 ticks per CPU.
const firstIntervalSeconds = 0.2;
const restSeconds = 2;

export function createWatch(files: Files, clock: Clock, books: Books): Watch {
  const proc = loadFiles(files);
  let ticks: { at: number; cpus: ReadonlyMap<number, CpuTicks> | undefined } | undefined;
  let load: Load = { host: 'unknown', busy: new Map(), pressures: [] };
  let throttled: number | undefined;
  let back = 1;
  let restUntil = -Infinity;

  const refresh = async () => {
    if (!ticks) {
      ticks = { at: clock.now(), cpus: await proc.ticks() };
      await clock.sleep(firstIntervalSeconds);
    } else if (clock.now() - ticks.at < readingSeconds) {
      return;
    }
    const now = await proc.ticks();
    const busy = now && ticks.cpus ? busyBetween(ticks.cpus, now) : new Map<number, number>();
    ticks = { at: clock.now(), cpus: now };
    const host = hostLoadOf(busy);
    load = { host, busy, pressures: pressuresOf(host, await proc.hostPressure(), await proc.ownPressure()) };
  };

  const rest = () => {
    back = Math.min(16, back * 4);
    restUntil = clock.now() + back * restSeconds;
  };

  return {
    async load() {
      if (clock.now() < restUntil) return undefined;
      const before = throttled;
      throttled = await proc.throttled();
      const grew = before !== undefined && throttled !== undefined && throttled > before;
      // Once rested a visit is made in any case: what throttles it then is seen around the visit itself, and a
      // pod that is throttled all day long is still looked at now and then.
      if (grew && restUntil === -Infinity) {
        rest();
        return undefined;
      }
      if (!grew) back = 1;
      restUntil = -Infinity;
      await refresh();
      return load;
    },

    async measure({ probe, cpus, call, threads, taints }, { host }) {
      const before = await proc.throttled();
      let result;
      try {
        result = await call();
      } catch (error) {
        if (!(error instanceof NativeError) || (error.code !== 'EINVAL' && error.code !== 'EBUSY'))
          throw error;
        if (error.code === 'EBUSY') return { outcome: 'overlap' };
        books.visit(probe, 'refused', host);
        return { outcome: 'refused' };
      }
      const evidence = threads(result);
      throttled = await proc.throttled();
      // Reading the ticks again is dear on large machines, and asked for only where time is missing.
      const after = evidence.some(({ gaps }) => gaps > 0) ? await proc.ticks() : undefined;
      const around = {
        throttledPeriods: before === undefined || throttled === undefined ? undefined : throttled - before,
        stealSeconds: ticksBetween('steal', cpus, ticks?.cpus, after),
        irqSeconds: ticksBetween('irq', cpus, ticks?.cpus, after),
      };
      if ((around.throttledPeriods ?? 0) > 0) rest();
      const found = taints(result, around);
      const outcome = found.length === 0 ? ('clean' as const) : ('tainted' as const);
      const cpuSeconds = evidence.reduce((sum, { cpuNs }) => sum + cpuNs, 0) / 1e9;
      const stall = stallOf(evidence, around);
      books.visit(probe, outcome, host);
      books.tainted(found);
      books.spent(cpuSeconds);
      if (stall.seconds > 0) books.stalled(stall.cause, stall.seconds);
      return { outcome, result, taints: found, cpuSeconds };
    },
  };
}
