import { describe, expect, it } from 'vitest';
import { Absent } from '../../src/errors.ts';
import { eventWords } from '../../src/pmu/counting/interval.ts';
import type { Group, Place, Stand } from '../../src/pmu/plan.ts';
import { hardwareSignals } from '../../src/pmu/signals.ts';
import { createBurstBooks, pmuBurst, pmuBurstOptions } from '../../src/samplers/pmu_burst.ts';
import type { Sample } from '../../src/sample.ts';
import { fakeWorld } from '../fakeWorld.ts';

const attr = { type: 4, config: 0n, config1: 0n, config2: 0n };
const group = (name: string, signals: readonly (keyof typeof hardwareSignals)[], places: readonly Place[]): Group => ({
  name,
  rank: 0,
  when: 'always',
  counters: signals.map((signal) => ({ signal, attr, ...hardwareSignals[signal], scale: 1 })),
  places,
}); // prettier-ignore

const places = Array.from({ length: 16 }, (_, cpu) => ({ cpu, socket: cpu < 8 ? 0 : 1, numaNode: 0 }));
const loads = group('loads', ['load_local_dram', 'load_remote_dram'], places);
const links = group('links', ['interconnect_tx'], [{ cpu: 0, socket: 0, numaNode: null }]);

/** Counts a second of each event on a CPU, all the time on. */
type Rates = (group: Group, cpu: number, now: number) => readonly number[];

function watching(
  rates: Rates,
  options: Record<string, number> = {},
  groups: readonly Group[] = [loads, links],
  delay: () => number = () => 0,
) {
  const world = fakeWorld();
  const asked: number[][] = [];
  let lookedAt = world.clock.now();
  const values = new Map<string, number>();
  const books = createBurstBooks();
  const counters = {
    always: (signal: string) =>
      groups.filter((one) => one.counters.some((counter) => counter.signal === signal)),
    peek: async (stands: readonly Stand[]) => {
      asked.push(stands.map(({ place }) => place.cpu));
      const ns = BigInt(Math.round((world.clock.now() - 1000) * 1e9));
      const time = [Number(ns & 0xffffffffn), Number(ns >> 32n)];
      const passed = world.clock.now() - lookedAt;
      lookedAt = world.clock.now();
      const found = stands.map(({ group: one, place }) => {
        const words = new Uint32Array(one.counters.length * eventWords);
        for (const [index, rate] of rates(one, place.cpu, world.clock.now()).entries()) {
          const key = `${one.name} ${place.cpu} ${index}`;
          const value = (values.get(key) ?? 0) + rate * passed;
          values.set(key, value);
          words.set([value >>> 0, Math.floor(value / 2 ** 32), ...time, ...time], index * eventWords);
        }
        return words;
      });
      // Something else of this program takes so long before it sees the answer.
      await world.clock.advance(delay());
      return found;
    },
  };
  const sampler = pmuBurst(pmuBurstOptions.parse(options), counters, books);
  const context = { ...world, signal: new AbortController().signal };
  return {
    ...world,
    asked,
    seconds: async (count: number) => {
      for (let second = 0; second < count; second += 1) {
        await world.clock.advance(1);
        await sampler.tick(context);
      }
    },
    tick: () => sampler.tick(context),
    read: async () => (await sampler.read(context)).map(line),
    again: () => pmuBurst(pmuBurstOptions.parse(options), counters, books),
    context,
  };
}

const line = ({ metric, labels, value }: Sample) =>
  `${metric.name.replace('numacanary_', '')} ${labels['socket']} ${Number(value).toFixed(2)}`;

const quiet = 1e6;
/** Socket 1 goes to remote memory from the 100th second to the 108th. */
const burst: Rates = ({ name }, cpu, now) => {
  if (name === 'links') return [now > 1100 && now <= 1108 ? 5e8 : 1e8];
  return cpu >= 8 && now > 1100 && now <= 1108 ? [quiet, 3 * quiet] : [quiet, 0.05 * quiet];
};

describe('pmu_burst', () => {
  it('shows a burst of eight seconds at a scrape four minutes later', async () => {
    const { seconds, read } = watching(burst);
    await seconds(340);
    expect(await read()).toEqual([
      'pmu_remote_dram_ratio_max 0 0.05',
      'pmu_remote_dram_ratio_max 1 0.75',
      'interconnect_bytes_per_second_max 0 500000000.00',
      'burst_seconds_total 0 0.00',
      'burst_seconds_total 1 8.00',
    ]);
  });

  it('forgets the maximum with the window, not the seconds', async () => {
    const { seconds, read } = watching(burst);
    await seconds(420);
    expect(await read()).toContain('pmu_remote_dram_ratio_max 1 0.05');
    expect(await read()).toContain('burst_seconds_total 1 8.00');
  });

  it('is not changed by being read, nor by a reload', async () => {
    const { seconds, read, again, context } = watching(burst);
    await seconds(120);
    const told = await read();
    expect(await read()).toEqual(told);
    expect((await again().read(context)).map(line)).toEqual(told);
  });

  it('looks at four CPUs of each socket, at others every ten seconds, and at all in time', async () => {
    const { seconds, asked } = watching(() => [quiet, 0], {}, [loads]);
    await seconds(40);
    expect(asked[3]).toEqual([0, 1, 2, 3, 8, 9, 10, 11]);
    expect(asked[9]).toEqual([0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]);
    expect(asked[10]).toEqual([4, 5, 6, 7, 12, 13, 14, 15]);
    expect(new Set(asked.flat()).size).toBe(16);
    expect(Math.max(...asked.map((cpus) => cpus.length))).toBe(16);
  });

  it('does not miss the second in which it turns to other CPUs', async () => {
    const { seconds, read } = watching(() => [quiet, quiet], {}, [loads]);
    await seconds(61);
    expect(await read()).toContain('burst_seconds_total 0 60.00');
  });

  it('says nothing of seconds with few loads', async () => {
    const { seconds, read } = watching(() => [100, 900], { min_loads_per_second: 4001 }, [loads]);
    await seconds(10);
    expect(await read()).toEqual(['burst_seconds_total 0 0.00', 'burst_seconds_total 1 0.00']);
  });

  it('takes the time from the counters, however late this program sees what they say', async () => {
    let late = 0.4;
    const { seconds, clock, tick, read } = watching(
      () => [1e8],
      {},
      [links],
      () => late,
    );
    await seconds(1);
    late = 0;
    // The second look is a second after the first, and 0.6 s after the first was seen.
    await clock.advance(0.6);
    await tick();
    expect(await read()).toEqual(['interconnect_bytes_per_second_max 0 100000000.00']);
  });

  it('takes no moment for a second when a tick in time follows a late one', async () => {
    const { seconds, clock, tick, read } = watching(
      (_, __, now) => [now > 1002 && now < 1003 ? 1e9 : 1e8],
      {},
      [links],
    );
    await seconds(2);
    await clock.advance(0.1);
    await tick();
    await clock.advance(0.9);
    await tick();
    expect(await read()).toEqual(['interconnect_bytes_per_second_max 0 100000000.00']);
  });

  it('is absent where neither is counted all the time', async () => {
    const { seconds, read } = watching(burst, {}, []);
    await seconds(3);
    await expect(read()).rejects.toThrow(Absent);
  });
});
