/** The processes of each target, found a few at a time: a host may run thirty thousand. */
import { Absent, Denied, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parsePids } from '../parse/pids.ts';
import { parsePidStat } from '../parse/pid_stat.ts';

export interface Target {
  /** Value of the label. */
  readonly name: string;
  readonly command?: string | undefined;
  /** Below the root of the cgroup file system, with all that is in it. */
  readonly cgroup?: string | undefined;
}

export interface Process {
  readonly pid: number;
  /** With the id it names one process, of all that ever had the id. */
  readonly startTicks: number;
  readonly residentPages: number;
}

const [leastAtOnce, mostAtOnce] = [32, 256];
const foldersAtMost = 256;

/** Gives way between its portions; done within `seconds`, looked after once a second, where the host is not too large. */
export async function* findProcesses(
  files: Files,
  targets: readonly Target[],
  seconds: number,
): AsyncGenerator<void, ReadonlyMap<Target, readonly Process[]>> {
  const byCommand = targets.filter(({ command }) => command !== undefined);
  const inCgroup = new Map<Target, ReadonlySet<number>>();
  for (const target of targets) {
    if (target.cgroup === undefined) continue;
    inCgroup.set(target, await pidsOf(files, target.cgroup));
    yield;
  }
  const everybody = byCommand.length > 0 ? await files.folders('/proc') : [];
  const pids = new Set([
    ...everybody.filter((name) => /^\d+$/.test(name)).map(Number),
    ...[...inCgroup.values()].flatMap((own) => [...own]),
  ]);
  const found = new Map(targets.map((target) => [target, [] as Process[]]));
  const atOnce = Math.min(mostAtOnce, Math.max(leastAtOnce, Math.ceil(pids.size / seconds)));
  for (const portion of portions([...pids], atOnce)) {
    const stats = await Promise.all(portion.map((pid) => statOf(files, pid)));
    for (const [index, pid] of portion.entries()) {
      const stat = stats[index];
      if (!stat || stat.kernelThread) continue;
      const { startTicks, residentPages } = stat;
      for (const [target, own] of found)
        if (target.command === stat.command || inCgroup.get(target)?.has(pid))
          own.push({ pid, startTicks, residentPages });
    }
    yield;
  }
  return found;
}

/** Null for one that has gone; under hidepid those of others are not there or denied. */
export const statOf = (files: Files, pid: number) =>
  files
    .read(`/proc/${pid}/stat`)
    .then(parsePidStat)
    .catch((thrown: unknown) => {
      if (thrown instanceof Absent || thrown instanceof Denied) return null;
      throw thrown;
    });

/** Version 2, or of version 1 the hierarchy of systemd, or that of memory. */
const roots = ['', '/systemd', '/memory'].map((root) => `/sys/fs/cgroup${root}`);

/** Of the group and of all groups in it. */
async function pidsOf(files: Files, cgroup: string): Promise<ReadonlySet<number>> {
  for (const root of roots) {
    const folders = [`${root}/${cgroup}`];
    if (!(await files.folders(folders[0] ?? '').catch(nullIfAbsent))) continue;
    const pids = new Set<number>();
    for (let index = 0; index < Math.min(folders.length, foldersAtMost); index += 1) {
      const at = folders[index] ?? '';
      const [procs, inside] = await Promise.all([
        files.read(`${at}/cgroup.procs`).catch(nullIfAbsent),
        files.folders(at).catch(nullIfAbsent),
      ]);
      for (const pid of parsePids(procs ?? '')) pids.add(pid);
      folders.push(...(inside ?? []).map((name) => `${at}/${name}`));
    }
    return pids;
  }
  return new Set();
}

function* portions<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
