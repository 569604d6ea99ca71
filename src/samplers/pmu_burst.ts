import { z } from 'zod';
import { Absent } from '../errors.ts';
import type { Clock } from '../host/host.ts';
import type { Counters } from '../perf/counters.ts';
import { intervalOf } from '../pmu/counting/interval.ts';
import type { Group, Place, Stand } from '../pmu/plan.ts';
import { ofAlways } from '../pmu/counting/scale.ts';
import type { Metric, Sample } from '../sample.ts';
import { kind } from '../source.ts';
import type { Context, Sampler } from '../source.ts';
import { burstSeconds } from './burst_seconds.ts';
import { createWindowMax } from './window.ts';
import type { WindowMax } from './window.ts';

const windowSeconds = 300;
const window = '5m';
/** Each CPU looked at is interrupted for it: so few, and others every ten seconds. */
const cpusPerSocket = 4;
const ticksPerSet = 10;
/** A tick that came late is followed by one in time; what happens in a moment is no burst of a second. */
const leastSeconds = 0.5;

const [localSignal, remoteSignal, linkSignal] = [
  'load_local_dram',
  'load_remote_dram',
  'interconnect_tx',
] as const;

const ratioMax = {
  name: 'numacanary_pmu_remote_dram_ratio_max',
  kind: 'gauge',
  labels: ['socket', 'window'],
  closed: { window: [window] },
  per: ['socket'],
  help:
    'Greatest share of DRAM loads that went to another node in any one second of the window: remote_dram / (local_dram + remote_dram) ' +
    'of pmu_loads_total, on 4 CPUs of the socket, others every 10 s. Seconds with fewer loads than min_loads_per_second are left out.',
  tells: 'Bursts of remote access that a rate over a scrape interval flattens.',
} as const satisfies Metric;

const linkMax = {
  name: 'numacanary_interconnect_bytes_per_second_max',
  kind: 'gauge',
  labels: ['socket', 'window'],
  closed: { window: [window] },
  per: ['socket'],
  help: 'Most that a socket sent to others in any one second of the window, from the same counters as interconnect_bytes_total.',
  tells: 'Whether the links were full for a moment, which an average hides.',
} as const satisfies Metric;

export const pmuBurstOptions = z.strictObject({
  /** A second with a greater share is a second of burst. */
  threshold_ratio: z.number().positive().max(1).meta({ allowed: 'a number above 0, at most 1' }).default(0.3),
  /**
   * DRAM loads a second, of the CPUs looked at together, below which their share means nothing: a million is about
   * a fortieth of what four CPUs can wait for one after the other.
   */
  min_loads_per_second: z.number().min(0).max(1e9).default(1e6),
});

/** What outlives a reload of the configuration, by socket. */
export interface BurstBooks {
  readonly ratios: Map<number, WindowMax>;
  readonly links: Map<number, WindowMax>;
  readonly seconds: Map<number, number>;
}

export const createBurstBooks = (): BurstBooks => ({
  ratios: new Map(),
  links: new Map(),
  seconds: new Map(),
});

/** Counts at one moment, by where they were taken. */
interface Look {
  readonly at: number;
  readonly words: ReadonlyMap<Group, ReadonlyMap<Place, Uint32Array>>;
}

export const pmuBurst = (
  options: z.output<typeof pmuBurstOptions>,
  counters: Pick<Counters, 'always' | 'peek'>,
  books: BurstBooks,
): Sampler => {
  let beat = 0;
  let before: Look | undefined;

  /** Looks again at what was looked at a second ago, and at what will be in a second. */
  async function look(next: readonly Stand[], clock: Pick<Clock, 'now'>): Promise<Look> {
    const groups = [...new Set(next.map(({ group }) => group))];
    const stands = groups.flatMap((group) => {
      const places = next.flatMap((stand) => (stand.group === group ? [stand.place] : []));
      const again = before?.words.get(group)?.keys() ?? [];
      return [...new Set([...again, ...places])].map((place) => ({ group, place }));
    });
    const found = await counters.peek(stands);
    const words = new Map(groups.map((group) => [group, new Map<Place, Uint32Array>()]));
    for (const [index, { group, place }] of stands.entries()) {
      const own = found[index];
      if (own) words.get(group)?.set(place, own);
    }
    return { at: clock.now(), words };
  }

  function account({ at, words }: Look): void {
    const seconds = before ? at - before.at : 0;
    if (!before || seconds <= 0) return;
    const loads = new Map<number, { local: number; remote: number }>();
    const sent = new Map<number, number>();
    for (const [group, places] of words) {
      for (const [place, after] of places) {
        const earlier = before.words.get(group)?.get(place);
        if (!earlier) continue;
        const of = (signal: string) => rateOf(group, signal, earlier, after);
        const { socket } = place;
        if (has(linkSignal)(group)) {
          sent.set(socket, (sent.get(socket) ?? 0) + of(linkSignal));
        } else {
          const { local, remote } = loads.get(socket) ?? { local: 0, remote: 0 };
          loads.set(socket, { local: local + of(localSignal), remote: remote + of(remoteSignal) });
        }
      }
    }
    for (const [socket, bytes] of sent) windowOf(books.links, socket).add(at, bytes);
    for (const [socket, { local, remote }] of loads) {
      const burst = books.seconds.get(socket) ?? 0;
      books.seconds.set(socket, burst);
      const all = local + remote;
      if (all === 0 || all < options.min_loads_per_second) continue;
      windowOf(books.ratios, socket).add(at, remote / all);
      if (remote / all > options.threshold_ratio) books.seconds.set(socket, burst + seconds);
    }
  }

  return {
    name: 'pmu_burst',
    metrics: [ratioMax, burstSeconds, linkMax],
    async tick({ host: { clock } }: Context) {
      if (before && clock.now() - before.at < leastSeconds) return;
      const links = counters.always(linkSignal);
      const cores = counters.always(remoteSignal).filter(has(localSignal));
      beat += 1;
      const set = Math.floor(beat / ticksPerSet);
      const next = [
        ...cores.flatMap((group) => watched(group, set).map((place) => ({ group, place }))),
        ...links.flatMap((group) => group.places.map((place) => ({ group, place }))),
      ];
      const now = await look(next, clock);
      account(now);
      const stays = ({ group, place }: Stand) =>
        next.some((one) => one.group === group && one.place === place);
      before = {
        at: now.at,
        words: new Map(
          [...now.words].map(([group, places]) => [
            group,
            new Map([...places].filter(([place]) => stays({ group, place }))),
          ]),
        ),
      };
    },
    async read({ host: { clock } }) {
      // The source pmu is read beside this one, and may be opening them: they answer when they are open.
      await counters.peek([]);
      const now = clock.now();
      if (counters.always(remoteSignal).length + counters.always(linkSignal).length === 0)
        throw new Absent(
          'neither DRAM loads by source nor the links between sockets are counted all the time on this host: ' +
            'numacanary_pmu_signal_status says why',
        );
      return [
        ...maxima(ratioMax, books.ratios, now),
        ...maxima(linkMax, books.links, now),
        ...[...books.seconds].map(([socket, value]) => ({
          metric: burstSeconds,
          labels: { socket: String(socket), signal: 'remote_dram' },
          value,
        })),
      ];
    },
  };
};

export const pmuBurstKind = (counters: Pick<Counters, 'always' | 'peek'>, books: BurstBooks) =>
  kind('pmu_burst', pmuBurstOptions, (options) => pmuBurst(options, counters, books));

const has = (signal: string) => (group: Group) => group.counters.some((counter) => counter.signal === signal);

/** The CPUs of the group that are looked at in this set of ticks, some of each socket, all of them in time. */
function watched(group: Group, set: number): readonly Place[] {
  return [...new Set(group.places.map(({ socket }) => socket))].flatMap((socket) => {
    const places = group.places.filter((place) => place.socket === socket);
    if (places.length <= cpusPerSocket) return places;
    const from = set * cpusPerSocket;
    return Array.from(
      { length: cpusPerSocket },
      (_, index) => places[(from + index) % places.length],
    ).flatMap((place) => place ?? []);
  });
}

/** A second of the counters' own clock, which stands in the readings: ours is late wherever this program is busy. */
function rateOf(group: Group, signal: string, before: Uint32Array, after: Uint32Array): number {
  return group.counters.reduce((sum, counter, index) => {
    const interval = counter.signal === signal ? intervalOf(before, after, index) : null;
    const share = interval && ofAlways(interval);
    return sum + (((share?.counts ?? 0) * counter.scale) / (share?.ofNs ?? 1)) * 1e9;
  }, 0);
}

function windowOf(windows: Map<number, WindowMax>, socket: number): WindowMax {
  const window = windows.get(socket) ?? createWindowMax(windowSeconds);
  windows.set(socket, window);
  return window;
}

const maxima = (metric: Metric, windows: ReadonlyMap<number, WindowMax>, now: number): Sample[] =>
  [...windows].flatMap(([socket, kept]) => {
    const value = kept.max(now);
    return value === undefined ? [] : [{ metric, labels: { socket: String(socket), window }, value }];
  });
