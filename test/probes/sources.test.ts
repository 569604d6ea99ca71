import { describe, expect, it } from 'vitest';
import { Absent } from '../../src/errors.ts';
import { createLatest } from '../../src/latest.ts';
import { experienced, experiencedOptions } from '../../src/probes/experienced.ts';
import { boundsOn } from '../../src/probes/histogram.ts';
import { probes } from '../../src/probes/index.ts';
import { latency, latencyOptions } from '../../src/probes/latency.ts';
import { memory, memoryLanes, memoryOptions } from '../../src/probes/memory.ts';
import { throughput, throughputOptions } from '../../src/probes/throughput.ts';
import { visits } from '../../src/probes/visits.ts';
import { run } from '../../src/run.ts';
import type { HistogramValue, Sample } from '../../src/sample.ts';
import type { Source } from '../../src/source.ts';
import { distanceOf } from '../../src/topology.ts';
import { cleanThread, cleanVisit, fakeNative, type FakeNativeOptions } from '../fakeNative.ts';
import type { MachineName } from '../machines.ts';
import { world } from './world.ts';

async function setUp(name: MachineName, native: FakeNativeOptions = {}) {
  const helper = fakeNative(native);
  const at = await world(name, { native: helper });
  const { visitor } = at;
  return {
    ...at,
    helper,
    latency: latency(latencyOptions.parse({}), visitor),
    throughput: throughput(throughputOptions.parse({}), visitor),
    experienced: experienced(experiencedOptions.parse({}), visitor),
    memory: memory(memoryOptions.parse({}), visitor),
    visits: visits(at.courtesy, visitor),
  };
}

const named = (samples: readonly Sample[], name: string) =>
  samples.filter(({ metric }) => metric.name === `numacanary_${name}`);
const isHistogram = (value: Sample['value']): value is HistogramValue => typeof value !== 'number';

describe('latency', () => {
  it('is half of the round trip over two lines, in seconds, with its distribution', async () => {
    const at = await setUp('one-socket', { visit: (plan) => cleanVisit(plan, 200) });
    const samples = await at.tick(at.latency, 2);
    const llc = samples.filter(({ labels }) => labels['distance'] === 'llc');
    const [median] = named(llc, 'probe_latency_median_seconds').filter(
      ({ labels }) => labels['pattern'] === 'store2',
    );
    expect(median?.value).toBeCloseTo(150e-9, 15);
    expect(median?.labels).toEqual({
      src_socket: '0',
      dst_socket: '0',
      distance: 'llc',
      pattern: 'store2',
      home: 'writer',
      host_load: 'idle',
    });
    const [swap] = named(llc, 'probe_latency_median_seconds').filter(
      ({ labels }) => labels['pattern'] === 'cas1',
    );
    expect(swap?.value).toBeCloseTo(100e-9, 15);
    const [histogram] = named(llc, 'probe_latency_seconds');
    if (!histogram || !isHistogram(histogram.value)) throw new Error('no histogram');
    expect(histogram.value.sum).toBeCloseTo(25 * 150e-9, 15);
    expect(histogram.value.counts.reduce((sum, count) => sum + count, 0)).toBe(25);
    expect(named(llc, 'probe_latency_floor_seconds')[0]?.value).toBeCloseTo(150e-9, 15);
    expect(named(llc, 'probe_latency_max_seconds')[0]?.value).toBeCloseTo(150e-9, 15);
    expect(named(llc, 'probe_last_clean_timestamp_seconds')[0]?.value).toBeCloseTo(1_700_000_000.2, 1);
  });

  it('leaves groups with a gap out of everything it says', async () => {
    const at = await setUp('one-socket', {
      visit: (plan) => ({
        ...cleanVisit(plan),
        a: { ...cleanThread(plan.cpuA), involuntarySwitches: 1 },
        store2: { roundTripNs: [200, 4e6, 200, 200], gapNs: [0, 4e6, 0, 0] },
      }),
    });
    const samples = await at.tick(at.latency, 2);
    expect(named(samples, 'probe_latency_max_seconds').map(({ value }) => value)).toEqual([1e-7, 1e-7]);
    const [histogram] = named(samples, 'probe_latency_seconds');
    expect(histogram?.value).toMatchObject({ sum: 3e-7 });
  });

  it('says nothing of a tainted visit', async () => {
    const at = await setUp('one-socket', { visit: (plan) => ({ ...cleanVisit(plan), outcome: 'deadline' }) });
    expect(await at.tick(at.latency, 2)).toEqual([]);
    expect(await at.tick(at.throughput, 20)).toEqual([]);
  });

  it.each(['two-socket', 'nps4'] as const)(
    'shows a link of %s that became twice as slow in full within a minute, in each class',
    async (name) => {
      let slow = 1;
      const at = await setUp(name, { visit: (plan) => cleanVisit(plan, 100 * slow) });
      const latest = createLatest(at.clock);
      const tickFor = async (seconds: number) => {
        const period = at.latency.periodSeconds(at.topology);
        for (let passed = 0; passed < seconds; passed += period) {
          const outcome = run(at.latency, at.context, 10);
          await at.clock.advance(period);
          latest.add(at.latency, await outcome);
        }
      };
      const medians = () =>
        latest
          .families()
          .filter(({ metric }) => metric.name === 'numacanary_probe_latency_median_seconds')
          .flatMap(({ values }) => values)
          .filter(({ labels }) => labels['pattern'] === 'store2' && labels['home'] === 'writer')
          .filter(({ labels }) => labels['distance'] === 'cross_socket');
      await tickFor(120);
      expect(medians().map(({ value }) => Math.round(Number(value) * 1e9))).toEqual([75]);
      slow = 2;
      await tickFor(60);
      expect(medians().map(({ value }) => Math.round(Number(value) * 1e9))).toEqual([150]);
      expect(
        at.visitor.totals().visits.every(({ outcome, count }) => outcome === 'clean' || count === 0),
      ).toBe(true);
    },
  );

  it('points out a distance that is faster than a nearer one, and keeps its sample', async () => {
    const at = await setUp('two-socket', {
      visit: (plan) => cleanVisit(plan, distanceOf(at.topology, plan.cpuA, plan.cpuB) === 'llc' ? 50 : 100),
    });
    const samples = await at.tick(at.latency, 2);
    const mismatch = named(samples, 'probe_class_mismatch').map(({ labels, value }) => [
      labels['distance'],
      value,
    ]);
    expect(mismatch).toEqual([
      ['smt', 0],
      ['llc', 1],
      ['cross_socket', 0],
    ]);
    expect(named(samples, 'probe_latency_seconds')).toHaveLength(3);
  });

  it('has coarser bounds on machines of many nodes, all of which small machines have too', async () => {
    const { latency: probe, experienced: beside } = await setUp('two-socket');
    for (const { metrics } of [probe, beside]) {
      const [histogram] = metrics.filter(({ kind }) => kind === 'histogram');
      if (!histogram) throw new Error('no histogram');
      const all = boundsOn(histogram, 2, 2);
      expect(all).toEqual(histogram.bounds);
      for (const nodes of [8, 32]) {
        const kept = boundsOn(histogram, 8, nodes);
        expect(kept.every((bound) => all.includes(bound))).toBe(true);
        expect(kept.length).toBeLessThanOrEqual(all.length);
      }
    }
    const [latencies] = probe.metrics;
    if (!latencies) throw new Error('no metrics');
    expect([4, 8, 32].map((nodes) => boundsOn(latencies, 2, nodes).length)).toEqual([26, 13, 8]);
    expect(boundsOn(latencies, 2, 2)[0]).toBe(15e-9);
    expect(boundsOn(latencies, 2, 8).at(-1)).toBeCloseTo(1.431e-6, 9);
  });
});

describe('throughput', () => {
  it('counts items and seconds by direction, the ring at home with its producer', async () => {
    const at = await setUp('two-socket');
    const samples: Sample[] = [];
    for (let i = 0; i < 12; i += 1) samples.push(...(await at.tick(at.throughput, 20)));
    const crossing = named(samples, 'probe_ring_items_total').filter(
      ({ labels }) => labels['distance'] === 'cross_socket' && labels['batch'] === '512',
    );
    expect(new Set(crossing.map(({ labels }) => `${labels['src_socket']}>${labels['dst_socket']}`))).toEqual(
      new Set(['0>1', '1>0']),
    );
    expect(crossing[0]?.value).toBe(65_536);
    expect(new Set(samples.map(({ labels }) => labels['batch']))).toEqual(new Set(['1', '512', 'line']));
    const nodeOf = new Map(at.topology.cpus.map(({ id, numaNode }) => [id, numaNode]));
    expect(at.helper.visits.every(({ cpuA, nodeA }) => nodeOf.get(cpuA) === nodeA)).toBe(true);
  });

  it('leaves out the ring of which most laps were disturbed, and keeps the others', async () => {
    const at = await setUp('one-socket', {
      visit: (plan) => {
        const visit = cleanVisit(plan);
        return { ...visit, ring1Item: { ...visit.ring1Item, items: 512, cleanLaps: 2 } };
      },
    });
    const batches = (await at.tick(at.throughput, 20)).map(({ labels }) => labels['batch']);
    expect(new Set(batches)).toEqual(new Set(['512', 'line']));
  });
});

it('experienced latency keeps stalls, of disturbed visits too', async () => {
  const at = await setUp('one-socket', {
    visit: (plan) => ({
      ...cleanVisit(plan),
      a: { ...cleanThread(plan.cpuA), involuntarySwitches: 2, gaps: 1, gapNs: 4e6 },
      experiencedNs: [80, 90, 4e6, 2e7],
    }),
  });
  const [sample] = await at.tick(at.experienced, 10);
  if (!sample || !isHistogram(sample.value)) throw new Error('no histogram');
  expect(sample.value.counts).toEqual([2, 0, 0, 0, 2]);
});

describe('memory', () => {
  it('goes from each node to its own memory, over each pair of sockets both ways, and to memory-only nodes', async () => {
    const at = await setUp('memory-only-node');
    const lanes = memoryLanes(at.topology, at.visitor.eligible(at.topology));
    expect(lanes.map(({ cpuNode, memoryNode }) => `${cpuNode}>${memoryNode}`)).toEqual([
      '0>0',
      '1>1',
      '0>1',
      '1>0',
      '1>2',
    ]);
  });

  it('takes one neighbour inside a socket, and never a node without memory', async () => {
    const at = await setUp('memoryless-node');
    const lanes = memoryLanes(at.topology, at.visitor.eligible(at.topology));
    expect(lanes.some(({ memoryNode }) => memoryNode === 1)).toBe(false);
    expect(lanes.some(({ cpuNode, memoryNode }) => cpuNode === 2 && memoryNode === 3)).toBe(true);
  });

  it('stays near a hundred lanes on eight sockets of four nodes', async () => {
    const at = await setUp('eight-socket-snc4');
    expect(memoryLanes(at.topology, at.visitor.eligible(at.topology))).toHaveLength(32 + 8 + 56);
  });

  it('says what a load costs, from where to where, and on which pages', async () => {
    const at = await setUp('two-socket');
    const samples: Sample[] = [];
    for (let i = 0; i < 4; i += 1) samples.push(...(await at.tick(at.memory, 10)));
    expect(samples).toHaveLength(4);
    expect(samples[0]).toMatchObject({
      value: 90e-9,
      labels: { cpu_numa_node: '0', memory_numa_node: '0', page_size: '2m' },
    });
  });
});

it('the books are told at every scrape, from the first on', async () => {
  const at = await setUp('two-socket');
  const before = await at.visits.read(at.context);
  expect(named(before, 'probe_visits_total').every(({ value }) => value === 0)).toBe(true);
  expect(
    named(before, 'probe_pairs_available').map(({ labels, value }) => [labels['distance'], value]),
  ).toEqual([
    ['smt', 2],
    ['llc', 2],
    ['node', 0],
    ['socket', 0],
    ['cross_socket', 1],
  ]);
  expect(named(before, 'probe_core_hertz')).toEqual([]);
  expect(named(before, 'probe_budget_cpus')[0]?.value).toBeCloseTo(0.003);
  await at.tick(at.latency, 2);
  const after = await at.visits.read(at.context);
  expect(named(after, 'probe_core_hertz').map(({ value }) => value)).toEqual([3e9, 3e9]);
  expect(named(after, 'probe_cpu_seconds_total')[0]?.value).toBeCloseTo(3 * 0.6e-3, 9);
  await at.clock.advance(200);
  expect(named(await at.visits.read(at.context), 'probe_core_hertz')).toEqual([]);
});

it('every source says only what it declared, on every machine', async () => {
  for (const name of [
    'two-socket',
    'nps4',
    'eight-socket-snc4',
    'memory-only-node',
    'memoryless-node',
  ] as const) {
    const at = await setUp(name);
    const sources: readonly Source[] = [at.latency, at.throughput, at.experienced, at.memory, at.visits];
    for (const source of sources) {
      for (let i = 0; i < 6; i += 1) {
        const outcome = run(source, at.context, 30);
        await at.clock.advance(2);
        expect(await outcome).toMatchObject({ status: 'ok' });
      }
    }
  }
});

it('the list of probes can be made without any option', async () => {
  const { visitor } = await world('one-socket');
  const made = probes(visitor).map((kind) => kind.make({}));
  expect(made.map(({ name }) => name)).toEqual(['latency', 'throughput', 'experienced', 'memory']);
});

it.each([
  ['two-socket', 400],
  ['nps4', 600],
  ['eight-socket', 2000],
  ['eight-socket-snc4', 2250],
] as const)(
  'the probes of %s have no more than %i series when every lane has been seen',
  async (name, most) => {
    const at = await setUp(name);
    const latest = createLatest(at.clock);
    const probed: readonly Source[] = [at.latency, at.throughput, at.experienced, at.memory];
    for (const source of probed) latest.register(source);
    for (let i = 0; i < 130; i += 1) {
      for (const source of probed) {
        const outcome = run(source, at.context, 10);
        await at.clock.advance(0.3);
        latest.add(source, await outcome);
      }
    }
    const published = latest.families().flatMap(({ values }) => values);
    const books = await at.visits.read(at.context);
    const series = [...published, ...books].map(({ value }) =>
      isHistogram(value) ? value.bounds.length + 3 : 1,
    );
    const total = series.reduce((sum, one) => sum + one, 0);
    expect(total).toBeLessThanOrEqual(most);
    expect(total).toBeGreaterThan(most / 2);
  },
);

it('the books stand where there is no helper', async () => {
  const at = await setUp('two-socket');
  const native = { ...at.context.host.native, clock: () => Promise.reject(new Absent('no library')) };
  const told = await at.visits.read({ ...at.context, host: { ...at.context.host, native } });
  expect(named(told, 'probe_clock_step_seconds')).toEqual([]);
  expect(named(told, 'probe_skipped_total').length).toBeGreaterThan(0);
});
