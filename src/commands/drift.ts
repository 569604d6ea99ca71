import { Absent, Denied } from '../errors.ts';
import type { DriftPlan, DriftRow, DriftSeen, Files, Host } from '../host/host.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseNumaMaps } from '../parse/numa_maps.ts';
import { parseVmstat } from '../parse/vmstat.ts';
import { cpuOf } from '../topology.ts';
import type { Topology } from '../topology.ts';

/** What became of a buffer on one node that is read from another. JSON of this is what `numacanary drift --json` prints. */
export interface DriftReport {
  readonly setting: DriftSetting;
  readonly seconds: readonly DriftSecond[];
  /** Cut short by a signal. */
  readonly stopped: boolean;
}

export interface DriftSetting {
  readonly bufferNode: number;
  readonly readerCpu: number;
  readonly readerNode: number | null;
  readonly bytes: number;
  readonly kernel: string | null;
  /** kernel.numa_balancing; null: this kernel has none. */
  readonly numaBalancing: number | null;
}

export interface DriftSecond {
  readonly elapsedSeconds: number;
  readonly readerCpu: number;
  /** Times that the reader had read all of the buffer. */
  readonly passes: number;
  readonly pageBytes: number;
  /** By node, as move_pages says. */
  readonly pages: Readonly<Record<string, number>>;
  readonly unknownPages: number;
  /** The same by /proc/self/numa_maps, a moment later; null where it does not say. */
  readonly numaMaps: { readonly policy: string; readonly pages: Readonly<Record<string, number>> } | null;
  /** Of the whole machine, since the first second; null where this kernel has no such counter. */
  readonly kernel: Readonly<Record<KernelCounter, number | null>>;
}

export const kernelCounters = [
  'numa_pte_updates',
  'numa_hint_faults',
  'numa_hint_faults_local',
  'numa_pages_migrated',
  'pgmigrate_success',
  'pgmigrate_fail',
] as const;
type KernelCounter = (typeof kernelCounters)[number];

export interface DriftRun {
  readonly host: Host;
  readonly topology: Topology;
  readonly plan: DriftPlan;
  readonly onStart: (setting: DriftSetting) => void;
  readonly onSecond: (second: DriftSecond, setting: DriftSetting) => void;
  readonly signal: AbortSignal;
}

/** Between two looks for a new row: what numa_maps says shall be of the same moment. */
const lookSeconds = 0.02;

export async function drift({ host, topology, plan, signal, ...told }: DriftRun): Promise<DriftReport> {
  const { files, clock, native } = host;
  const setting = await settingOf(files, topology, plan);
  const seconds: DriftSecond[] = [];
  let start: ReadonlyMap<string, number> | undefined;
  const running = await native.drift(plan);
  let over = false;
  const ended = running.ended.finally(() => (over = true));
  ended.catch(() => {}); // it is awaited below, after what it had to say until then
  const stop = () => running.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  told.onStart(setting);
  try {
    for (let last = false; !last;) {
      last = over;
      const seen = running.seen();
      if (seen) {
        for (const row of seen.rows.slice(seconds.length)) {
          const now = await vmstat(files);
          start ??= now;
          const second = secondOf(row, seen, await numaMaps(files, seen), changes(start, now));
          seconds.push(second);
          told.onSecond(second, setting);
        }
      }
      if (seconds.length > plan.seconds) stop();
      if (!last) await clock.sleep(lookSeconds);
    }
  } finally {
    stop();
    signal.removeEventListener('abort', stop);
  }
  await ended;
  return { setting, seconds, stopped: signal.aborted };
}

// --- Internal helpers ---

async function settingOf(files: Files, topology: Topology, plan: DriftPlan): Promise<DriftSetting> {
  const [kernel, balancing] = await Promise.all(
    ['osrelease', 'numa_balancing'].map((name) => textOf(files, `/proc/sys/kernel/${name}`)),
  );
  return {
    bufferNode: plan.bufferNode,
    readerCpu: plan.readerCpu,
    readerNode: cpuOf(topology, plan.readerCpu)?.numaNode ?? null,
    bytes: plan.bytes,
    kernel: kernel?.trim() ?? null,
    numaBalancing: balancing === null || balancing === undefined ? null : parseInteger(balancing),
  };
}

/** What cannot be read is no reason to end the experiment. */
async function textOf(files: Files, path: string): Promise<string | null> {
  return files.read(path).catch((thrown: unknown) => {
    if (thrown instanceof Absent || thrown instanceof Denied) return null;
    throw thrown;
  });
}

const vmstat = async (files: Files) => parseVmstat((await textOf(files, '/proc/vmstat')) ?? '');

const changes = (start: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>) =>
  Object.fromEntries(
    kernelCounters.map((name) => {
      const [from, to] = [start.get(name), now.get(name)];
      return [name, from === undefined || to === undefined ? null : to - from];
    }),
  ) as Record<KernelCounter, number | null>; // one for each name

async function numaMaps(files: Files, seen: DriftSeen): Promise<DriftSecond['numaMaps']> {
  const text = await textOf(files, '/proc/self/numa_maps');
  const start = seen.address.toString(16);
  const own = parseNumaMaps(text ?? '').find((mapping) => mapping.start === start);
  if (!own) return null;
  const pages = [...own.bytes].map(([node, bytes]) => [node, bytes / seen.pageBytes] as const);
  return { policy: own.policy, pages: Object.fromEntries(pages) };
}

function secondOf(
  row: DriftRow,
  { pageBytes }: DriftSeen,
  maps: DriftSecond['numaMaps'],
  kernel: DriftSecond['kernel'],
): DriftSecond {
  return {
    elapsedSeconds: row.elapsedNs / 1e9,
    readerCpu: row.readerCpu,
    passes: row.passes,
    pageBytes,
    pages: Object.fromEntries(row.pages),
    unknownPages: row.unknownPages,
    numaMaps: maps,
    kernel,
  };
}
