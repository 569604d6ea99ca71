import { z } from 'zod';
import { Absent, Denied } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { parseNumaMaps } from '../parse/numa_maps.ts';
import type { Metric, Sample } from '../sample.ts';
import { kind } from '../source.ts';
import type { Sampler } from '../source.ts';
import { findProcesses, statOf } from './drift_find.ts';
import type { Process, Target } from './drift_find.ts';
import { moved, processes, readSeconds, residentBytes, states } from './drift_metrics.ts';
import { lookOf, movedBetween, sumOf } from './drift_moved.ts';
import type { Bytes, Look } from './drift_moved.ts';

const target = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.:-]{1,40}$/)
      .meta({ allowed: '1 to 40 letters, digits and _ . : -' }),
    command: z
      .string()
      .regex(/^[^\n]{1,15}$/)
      .meta({ allowed: 'a name as in /proc/<pid>/comm, which has 15 characters at most' })
      .optional(),
    cgroup: z
      .string()
      .regex(/^(?!\.\.?(?:\/|$))[^/\0]+(?:\/(?!\.\.?(?:\/|$))[^/\0]+)*$/)
      .meta({ allowed: 'a path below /sys/fs/cgroup, as in system.slice/x.service' })
      .optional(),
  })
  .refine(({ command, cgroup }) => (command === undefined) !== (cgroup === undefined))
  .meta({ allowed: 'a name, and either a command or a cgroup' });

export const driftOptions = z.strictObject({
  watch: z
    .array(target)
    .max(10)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length)
    .meta({
      allowed: 'a list of at most 10 targets with names of their own, each with a command or a cgroup',
    })
    .default([]),
  /** From the start of one round to the start of the next. */
  period_seconds: z.number().min(10).max(86_400).default(300),
  /** Of each target, the largest first. */
  max_processes: z.int().min(1).max(256).default(16),
  /** A process that takes longer to read is read ever more rarely. */
  max_read_seconds: z
    .number()
    .positive()
    .max(60)
    .meta({ allowed: 'a number above 0, at most 60' })
    .default(0.5),
});

/** What outlives a reload of the configuration, by name of the target. */
export interface DriftBooks {
  readonly moved: Map<string, number>;
  readonly readSeconds: Map<string, number>;
}

export const createDriftBooks = (): DriftBooks => ({ moved: new Map(), readSeconds: new Map() });

/** A process and how it was last seen. It is read in one round of `every`, which grows while its reads take too long. */
interface Watched {
  readonly look: Look | null;
  readonly every: number;
  readonly wait: number;
}

interface Standing {
  readonly target: Target;
  readonly bytes: Bytes;
  readonly counts: Readonly<Record<(typeof states)[number], number>>;
}

const mostRounds = 16;
/** Of the period, for finding processes; the rest is for reading them. */
const [findingShare, readingShare] = [0.25, 0.6];

const advice =
  'drift: /proc/<pid>/numa_maps of the processes watched may not be read: run as the user they run as, or grant CAP_SYS_PTRACE';

export const drift = (options: z.output<typeof driftOptions>, books: DriftBooks): Sampler => {
  const { watch, period_seconds: period } = options;
  let round: AsyncGenerator<void, void> | undefined;
  let next = -Infinity;
  let known = new Map<string, Watched>();
  let standing: { readonly until: number; readonly targets: readonly Standing[] } | undefined;
  let trouble: unknown;

  async function* wholeRound(host: Host): AsyncGenerator<void, void> {
    const { files, clock } = host;
    const began = clock.now();
    await files.read('/proc/self/numa_maps'); // a kernel without NUMA has none
    const found = yield* findProcesses(files, watch, period * findingShare);
    const chosen = [...found].map(([target, all]) => ({
      target,
      all,
      own: all.toSorted((a, b) => b.residentPages - a.residentPages).slice(0, options.max_processes),
    }));
    const reads = chosen.flatMap(({ target, own }) => own.map((process) => ({ target, process })));
    const spacing = (period * readingShare) / Math.max(1, reads.length);
    const seen = new Map<string, Watched>();
    const denied = new Set<Process>();
    let due = clock.now();
    for (const { target, process } of reads) {
      for (; clock.now() < due;) yield;
      due += spacing;
      const key = keyOf(target, process);
      const watched = await look(host, target, process, known.get(key));
      if (watched === 'denied') denied.add(process);
      else if (watched) seen.set(key, watched);
      yield;
    }
    known = seen;
    const targets = chosen.map(({ target, all, own }): Standing => {
      const looks = own.flatMap((process) => seen.get(keyOf(target, process))?.look ?? []);
      return {
        target,
        bytes: sumOf(looks.map(({ bytes }) => bytes)),
        counts: {
          watched: looks.length,
          left_out: all.length - own.length,
          denied: own.filter((process) => denied.has(process)).length,
        },
      };
    });
    const now = clock.now();
    standing = { until: now + 3 * Math.max(period, now - began), targets };
  }

  /** Null: it has gone. */
  async function look(
    { files, clock, log }: Host,
    { name }: Target,
    { pid, startTicks }: Process,
    before: Watched | undefined,
  ): Promise<Watched | 'denied' | null> {
    if (before && before.wait > 0) return { ...before, wait: before.wait - 1 };
    const began = clock.now();
    const text = await files.read(`/proc/${pid}/numa_maps`).catch((thrown: unknown) => {
      if (thrown instanceof Absent) return null;
      if (thrown instanceof Denied) return 'denied' as const;
      throw thrown;
    });
    const seconds = clock.now() - began;
    if (text === null || text === 'denied') return text;
    // It was found minutes ago: the id may be another's by now.
    if ((await statOf(files, pid))?.startTicks !== startTicks) return null;
    add(books.readSeconds, name, seconds);
    const now = lookOf(parseNumaMaps(text));
    add(books.moved, name, before?.look ? movedBetween(before.look, now) : 0);
    const every = nextEvery(seconds, before?.every ?? 1);
    if (every > (before?.every ?? 1))
      log.warn('numa_maps takes long: read more rarely', {
        target: name,
        pid,
        start: startTicks,
        seconds,
        rounds: every,
      });
    return { look: now, every, wait: every - 1 };
  }

  const nextEvery = (seconds: number, every: number) =>
    seconds > options.max_read_seconds ? Math.min(mostRounds, 2 * every) : Math.max(1, Math.floor(every / 2));

  return {
    name: 'drift',
    metrics: [residentBytes, moved, processes, readSeconds],
    async tick({ host }) {
      if (watch.length === 0) return;
      const now = host.clock.now();
      if (!round) {
        if (now < next) return;
        next = now + period;
        round = wholeRound(host);
      }
      try {
        const { done } = await round.next();
        if (!done) return;
        trouble = undefined;
      } catch (thrown) {
        trouble = thrown; // told at the scrape
      }
      round = undefined;
    },
    async read({ host: { clock } }) {
      if (watch.length === 0) throw new Absent('no target is configured: collectors.drift.watch names them');
      if (trouble !== undefined) throw trouble;
      const fresh = standing && clock.now() <= standing.until ? standing.targets : [];
      const total = (state: (typeof states)[number]) =>
        fresh.reduce((sum, { counts }) => sum + counts[state], 0);
      if (total('denied') > 0 && total('watched') === 0) throw new Denied(advice);
      const names = watch.map(({ name }) => name);
      return [
        ...fresh.flatMap(samplesOf),
        ...totals(moved, books.moved, names),
        ...totals(readSeconds, books.readSeconds, names),
      ];
    },
  };
};

export const driftKind = (books: DriftBooks) =>
  kind('drift', driftOptions, (options) => drift(options, books));

const keyOf = ({ name }: Target, { pid, startTicks }: Process) => `${name} ${pid} ${startTicks}`;

function add(totals: Map<string, number>, name: string, value: number): void {
  totals.set(name, (totals.get(name) ?? 0) + value);
}

const samplesOf = ({ target: { name: target }, bytes, counts }: Standing): Sample[] => [
  ...[...bytes].map(([node, value]) => ({
    metric: residentBytes,
    labels: { target, numa_node: String(node) },
    value,
  })),
  ...states.map((state) => ({ metric: processes, labels: { target, state }, value: counts[state] })),
];

const totals = (metric: Metric, values: ReadonlyMap<string, number>, names: readonly string[]): Sample[] =>
  names.flatMap((target) => {
    const value = values.get(target);
    return value === undefined ? [] : [{ metric, labels: { target }, value }];
  });
