import { describe, expect, it } from 'vitest';
import { beatSeconds, createHistory, keptPoints } from '../../src/status/history.ts';
import { stepIn } from '../../src/status/step.ts';
import { createSpikes } from '../../src/status/spikes.ts';
import { names } from '../../src/status/families.ts';
import { catalogue } from '../../src/sources.ts';
import type { Metric, Sample } from '../../src/sample.ts';
import { familiesOfReadings, handOffs } from './synthetic.ts';

const counted = (remote: number, all = 2e7) =>
  familiesOfReadings({
    ...handOffs([[0, 1, 'cross_socket', 3e-7]]),
    cycles: [{ labels: { socket: '1', numa_node: '1' }, value: all * 100 }],
    instructions: [{ labels: { socket: '1', numa_node: '1' }, value: all * 150 }],
    loads: [
      { labels: { socket: '1', source: 'remote_dram' }, value: remote },
      { labels: { socket: '1', source: 'local_dram' }, value: all - remote },
    ],
  });

/** What a history knows that has had a beat every quarter of a minute, of which each found a new collection. */
function beaten(beats: number, familiesAt: (beat: number) => ReturnType<typeof counted>) {
  const history = createHistory();
  for (let beat = 0; beat < beats; beat += 1) {
    const now = beat * beatSeconds;
    history.beat({ now, wall: 1e9 + now, sockets: 2, collectedAt: now, families: familiesAt(beat) });
  }
  return history.past(beats * beatSeconds);
}

describe('the history', () => {
  it('makes rates of two collections, and none of the first', () => {
    expect(beaten(1, () => counted(0)).rates).toBeNull();
    const { rates, points } = beaten(2, (beat) => counted(beat * 3e6, 1e7 + beat * 1e7));
    expect(rates?.sockets.get(1)).toMatchObject({ remoteShare: 0.3, instructionsPerCycle: 1.5 });
    expect(points.map(({ remoteShares }) => remoteShares.get(1))).toEqual([undefined, 0.3]);
  });

  it('calls a share of next to nothing unknown', () => {
    const { rates } = beaten(2, (beat) => counted(beat * 300, 1000 + beat * 1000));
    expect(rates?.sockets.get(1)?.remoteShare).toBeNull();
  });

  it('makes nothing of a counter that began anew', () => {
    const { rates } = beaten(2, (beat) => counted(0, beat === 0 ? 4e7 : 1e7));
    expect(rates?.sockets.get(1)).toMatchObject({ instructionsPerCycle: null, remoteShare: null });
  });

  it('keeps so many points and no more, however long it runs', () => {
    const { points } = beaten(3 * keptPoints, () => counted(0));
    expect(points).toHaveLength(keptPoints);
    expect(points.at(-1)?.wall).toBe(1e9 + (3 * keptPoints - 1) * beatSeconds);
  });

  it('has no local hand-off in the place of one between sockets', () => {
    const local = familiesOfReadings(handOffs([[0, 0, 'llc', 5e-8]]));
    const history = createHistory();
    for (const [at, sockets] of [2, 1].entries()) {
      const now = at * beatSeconds;
      history.beat({ now, wall: now, sockets, collectedAt: null, families: local });
    }
    expect(history.past(60).points.map(({ handOffSeconds }) => handOffSeconds)).toEqual([null, 5e-8]);
  });

  it('tells no rates of long ago', () => {
    const history = createHistory();
    for (const now of [0, beatSeconds])
      history.beat({
        now,
        wall: now,
        sockets: 2,
        collectedAt: now,
        families: counted(now * 1e6, 1e7 + now * 1e7),
      });
    expect(history.past(beatSeconds + 300).rates?.sockets.get(1)?.instructionsPerCycle).toBe(1.5);
    expect(history.past(beatSeconds + 301).rates).toBeNull();
  });

  it('leaves out beats that come too early', () => {
    const history = createHistory();
    for (let at = 0; at < 10; at += 0.1)
      history.beat({ now: at, wall: at, sockets: 2, collectedAt: at, families: counted(0) });
    expect(history.past(60).points.length).toBeLessThanOrEqual(2);
  });

  it('goes on with what the canary says where nobody reads the counters', () => {
    const history = createHistory();
    for (let now = 0; now < 60; now += beatSeconds)
      history.beat({ now, wall: now, sockets: 2, collectedAt: 0, families: counted(0) });
    expect(history.past(60).points.map(({ handOffSeconds }) => handOffSeconds)).toEqual([
      3e-7, 3e-7, 3e-7, 3e-7,
    ]);
    expect(history.past(60).rates).toBeNull();
  });
});

const metric = (name: string) => ({ name }) as Metric;

function visit(medianSeconds: number, maxSeconds: number, distance = 'cross_socket'): Sample[] {
  const labels = { src_socket: '0', dst_socket: '1', distance };
  return [
    {
      metric: metric(names.handOffMedian),
      labels: { ...labels, pattern: 'store2', home: 'writer', host_load: 'idle' },
      value: medianSeconds,
    },
    { metric: metric(names.handOffMax), labels: { ...labels, window: '5m' }, value: maxSeconds },
  ];
}

describe('spikes', () => {
  it('are means well above the pair’s own median, with pair, time and value', () => {
    const spikes = createSpikes();
    for (let at = 0; at < 10; at += 1) spikes.visited(visit(3e-7, 3.5e-7), at);
    spikes.visited(visit(3.1e-7, 9e-7), 10);
    expect(spikes.all()).toEqual([
      {
        sourceSocket: 0,
        targetSocket: 1,
        distance: 'cross_socket',
        beganAt: 10,
        seenAt: 10,
        visits: 1,
        seconds: 9e-7,
        medianSeconds: 3e-7,
      },
    ]);
  });

  it('need a median first', () => {
    const spikes = createSpikes();
    for (let at = 0; at < 4; at += 1) spikes.visited(visit(3e-7, 3e-6), at);
    expect(spikes.all()).toEqual([]);
  });

  it('are not made of a few nanoseconds above a median of a few', () => {
    const spikes = createSpikes();
    for (let at = 0; at < 10; at += 1) spikes.visited(visit(2e-8, 6e-8), at);
    expect(spikes.all()).toEqual([]);
  });

  it('are one while visits in a row see it, and none once the median has followed', () => {
    const spikes = createSpikes();
    for (let at = 0; at < 31; at += 1) spikes.visited(visit(3e-7, 3e-7), at);
    for (let at = 31; at < 131; at += 1) spikes.visited(visit(9e-7, 9e-7), at);
    expect(spikes.all()).toHaveLength(1);
    expect(spikes.all()[0]).toMatchObject({ beganAt: 31, medianSeconds: 3e-7 });
    expect(spikes.all()[0]?.visits).toBeLessThan(20);
  });

  it('are bounded, and so are the pairs that are watched', () => {
    const spikes = createSpikes();
    for (let at = 0; at < 2000; at += 1)
      for (const high of [3e-7, at % 2 === 0 ? 3e-7 : 3e-6]) spikes.visited(visit(3e-7, high), at);
    for (let at = 0; at < 5000; at += 1) spikes.visited(visit(3e-7, 3e-7, `d${at}`), at);
    expect(spikes.all().length).toBe(50);
  });
});

const level = (value: number, count: number) =>
  Array.from({ length: count }, (_, at) => value * (1 + ((at * 7) % 5) / 100));

describe('a step', () => {
  it('is found where the level changed for good', () => {
    expect(stepIn([...level(300, 40), ...level(400, 20)])).toMatchObject({ at: 40 });
    expect(stepIn([...level(400, 20), null, ...level(300, 40)])?.at).toBe(21);
  });

  it('is none in what goes up and down, in a tenth, or in a few values', () => {
    expect(stepIn(Array.from({ length: 120 }, (_, at) => (at % 2 === 0 ? 300 : 400)))).toBeNull();
    expect(stepIn([...level(300, 40), ...level(320, 40)])).toBeNull();
    expect(stepIn([...level(300, 40), ...level(900, 5)])).toBeNull();
    expect(stepIn([])).toBeNull();
    expect(stepIn([null, null, 300])).toBeNull();
  });
});

describe('what the page reads', () => {
  it('is declared by somebody', () => {
    const declared = new Set<string>(catalogue().map(({ metric: { name } }) => name));
    expect(Object.values(names).filter((name) => !declared.has(name))).toEqual([]);
  });
});
