import { z } from 'zod';
import { Absent, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseStalled } from '../parse/pressure.ts';
import { parseProcStat } from '../parse/procstat.ts';
import type { Metric, Sample } from '../sample.ts';
import { kind } from '../source.ts';
import { cpuOf } from '../topology.ts';
import type { Topology } from '../topology.ts';
import type { Rising } from './rising.ts';

const resources = ['cpu', 'memory', 'io'] as const;

const stalled = {
  name: 'numacanary_pressure_stalled_seconds_total',
  kind: 'counter',
  labels: ['resource', 'kind'],
  closed: { resource: resources, kind: ['some', 'full'] },
  atMost: 5,
  help:
    'Time in which some task of the host waited for the resource, and in which none that could have run did: total of /proc/pressure. ' +
    'For the CPU full means nothing on a whole host and is left out.',
  tells:
    'What a slow number may be due to beside NUMA: memory pressure is reclaim, which also decides on whose node pages end up.',
} as const satisfies Metric;

const steal = {
  name: 'numacanary_steal_seconds_total',
  kind: 'counter',
  labels: ['socket'],
  per: ['socket'],
  help: 'Time in which virtual CPUs of a socket wanted to run and the hypervisor ran others: column steal of /proc/stat. From 0 at the start, and 0 for good on bare metal.',
  tells:
    'Whose slowness it is: a virtual socket with steal shares its real one, and no number taken on it is about NUMA alone.',
} as const satisfies Metric;

/** USER_HZ: fixed at 100 in the ABI of every architecture we run on. */
const ticksPerSecond = 100;

/** What takes time from everything else. */
export const pressure = (books: Rising) =>
  kind('pressure', z.object({}), () => ({
    name: 'pressure',
    metrics: [stalled, steal],
    async read({ host: { files }, topology }) {
      const samples = [...(await stalls(files)), ...(await steals(files, topology, books))];
      if (samples.length === 0) throw new Absent('neither /proc/pressure nor /proc/stat is there');
      return samples;
    },
  }));

/** A kernel that was started with psi=0 has the files and does not open them: EOPNOTSUPP is absent, too. */
async function stalls(files: Files): Promise<Sample[]> {
  const found = await Promise.all(
    resources.map(async (resource) => {
      const text = await files.read(`/proc/pressure/${resource}`).catch(nullIfAbsent);
      if (text === null) return [];
      const { some, full } = parseStalled(text);
      return [
        { metric: stalled, labels: { resource, kind: 'some' }, value: some },
        ...(full === null || resource === 'cpu'
          ? []
          : [{ metric: stalled, labels: { resource, kind: 'full' }, value: full }]),
      ];
    }),
  );
  return found.flat();
}

/** One that is offline has no line, and comes back with its history: the books know what of it is new. */
async function steals(files: Files, topology: Topology, books: Rising): Promise<Sample[]> {
  const text = await files.read('/proc/stat').catch(nullIfAbsent);
  if (text === null) return [];
  const ticks = parseProcStat(text);
  const counts = [...ticks.values()].map((one) => one.steal);
  const row = { line: 'steal', series: 'steal', fallen: 'corrected' as const, counts };
  books.add([...ticks.keys()], [row], (cpu) => cpuOf(topology, cpu)?.socket);
  return [...(books.totalsOf('steal') ?? [])].map(([socket, total]) => ({
    metric: steal,
    labels: { socket: String(socket) },
    value: total / ticksPerSecond,
  }));
}
