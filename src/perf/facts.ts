import { Absent, Denied } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseCpulist } from '../parse/cpulist.ts';
import { parseInteger } from '../parse/integer.ts';
import { parsePmuFormat } from '../parse/pmu_format.ts';
import { parseCapabilities, parseSeccomp } from '../parse/status.ts';
import type { Facts, PmuDevice } from '../pmu/facts.ts';
import type { Topology } from '../topology.ts';
import { readerOf } from '../topology/reader.ts';
import type { Reader } from '../topology/reader.ts';

const devices = '/sys/bus/event_source/devices';
const paranoidFile = '/proc/sys/kernel/perf_event_paranoid';
const watchdogFile = '/proc/sys/kernel/nmi_watchdog';
const tracefsRoots = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];

const capSysAdmin = 21n;
const capPerfmon = 38n;

/** Throws Absent where the kernel shows no counters at all. `tracepoints`: `system:name` of those wanted. */
export async function readFacts(
  files: Files,
  topology: Topology,
  tracepoints: readonly string[] = [],
): Promise<Facts> {
  const names = await files.list(devices);
  const reader = readerOf(files);
  const status = (await reader.get('/proc/self/status', (text) => text)) ?? '';
  const can = (bit: bigint) => status.includes('CapEff:') && ((parseCapabilities(status) >> bit) & 1n) === 1n;
  const [paranoid, watchdog, pmus, traced] = await Promise.all([
    reader.get(paranoidFile, parseInteger),
    reader.get(watchdogFile, parseInteger),
    readPmus(reader, names),
    readTracepoints(files, reader, tracepoints),
  ]);
  return {
    pmus,
    paranoid,
    nmiWatchdog: watchdog === 1,
    capabilities: { perfmon: can(capPerfmon), sysAdmin: can(capSysAdmin) },
    seccomp: parseSeccomp(status),
    smt: topology.cores.some(({ cpus }) => cpus.length > 1),
    ...traced,
  };
}

/** Changes when a PMU comes or goes, or somebody loosens or tightens the sysctls: three files. */
export async function factsFingerprint(files: Files): Promise<string> {
  const reader = readerOf(files);
  const text = (path: string) => reader.get(path, (found) => found.trim());
  const names = await reader.list(devices);
  return JSON.stringify([names, await text(paranoidFile), await text(watchdogFile)]);
}

async function readPmus(reader: Reader, names: readonly string[]): Promise<PmuDevice[]> {
  // The boxes of an uncore PMU are all alike, and a big machine has hundreds of them with a dozen files each.
  const shared = new Map<string, ReturnType<typeof readShape>>();
  const shapeOf = (name: string) => {
    const kind = name.startsWith('uncore_') ? name.replace(/_\d+$/, '') : name;
    const shape = shared.get(kind) ?? readShape(reader, `${devices}/${name}`);
    shared.set(kind, shape);
    return shape;
  };
  const read = await Promise.all(
    names.map(async (name): Promise<PmuDevice | null> => {
      const at = `${devices}/${name}`;
      const [type, cpus, shape] = await Promise.all([
        reader.get(`${at}/type`, parseInteger),
        reader.first([
          [`${at}/cpumask`, parseCpulist],
          [`${at}/cpus`, parseCpulist],
        ]),
        shapeOf(name),
      ]);
      return type === null ? null : { name, type, cpus, ...shape };
    }),
  );
  return read.filter((pmu) => pmu !== null);
}

async function readShape(reader: Reader, at: string): Promise<Pick<PmuDevice, 'format' | 'events'>> {
  const texts = async <T>(
    folder: string,
    parse: (text: string) => T,
  ): Promise<Readonly<Record<string, T>>> => {
    const names = await reader.list(`${at}/${folder}`);
    const all = await Promise.all(
      // Beside an event `x` stand x.scale and x.unit.
      names
        .filter((name) => !name.includes('.'))
        .map(async (name) => [name, await reader.get(`${at}/${folder}/${name}`, parse)] as const),
    );
    return Object.fromEntries(
      all.flatMap(([name, value]): [string, T][] => (value === null ? [] : [[name, value]])),
    );
  };
  const [format, events] = await Promise.all([
    texts('format', parsePmuFormat),
    texts('events', (text) => text.trim()),
  ]);
  return { format, events };
}

/** In a container the folder is there and empty; elsewhere only root may look. */
async function readTracepoints(
  files: Files,
  reader: Reader,
  wanted: readonly string[],
): Promise<Pick<Facts, 'tracepoints' | 'tracefs'>> {
  let tracefs: 'absent' | 'denied' = 'absent';
  for (const root of tracefsRoots) {
    const there = await files.list(`${root}/events`).then(
      () => true,
      (thrown: unknown) => {
        if (thrown instanceof Denied) tracefs = 'denied';
        else if (!(thrown instanceof Absent)) throw thrown;
        return false;
      },
    );
    if (!there) continue;
    const ids = await Promise.all(
      wanted.map(async (name) => {
        const id = await reader.get(`${root}/events/${name.replace(':', '/')}/id`, parseInteger);
        return id === null ? [] : [[name, id] as const];
      }),
    );
    return { tracefs: 'read', tracepoints: Object.fromEntries(ids.flat()) };
  }
  return { tracefs, tracepoints: {} };
}
