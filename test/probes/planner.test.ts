import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laneKey, type Lane } from '../../src/probes/lanes.ts';
import {
  createPlanner,
  expectedRevisitSeconds,
  goodForSeconds,
  promisedRevisitSeconds,
  tickSeconds,
  type Due,
} from '../../src/probes/planner.ts';
import type { Distance } from '../../src/topology.ts';

const inner: readonly Distance[] = ['smt', 'llc', 'node', 'socket'];

/** Lanes of a machine with these classes inside each socket, and all its socket pairs. */
function lanesFor(sockets: number, classes: readonly Distance[] = inner): Lane[] {
  const ids = Array.from({ length: sockets }, (_, id) => id);
  return [
    ...classes.flatMap((distance) => ids.map((id) => ({ distance, socketA: id, socketB: id, places: [] }))),
    ...ids.flatMap((a) =>
      ids
        .filter((b) => b > a)
        .map((b) => ({ distance: 'cross_socket' as const, socketA: a, socketB: b, places: [] })),
    ),
  ];
}

interface Seen {
  readonly at: number;
  readonly lane: Lane;
  readonly due: Due;
}

function drive(
  lanes: readonly Lane[],
  sockets: number,
  seconds: number,
  affordable: (lane: Lane, now: number) => boolean = () => true,
  options: Parameters<typeof createPlanner>[0] = {},
): Seen[] {
  const tick = tickSeconds(2, sockets);
  const planner = createPlanner(options);
  const seen: Seen[] = [];
  for (let step = 0; step * tick <= seconds; step += 1) {
    const at = step * tick;
    const choice = planner.next(lanes, sockets, at, (lane) => affordable(lane, at));
    if (choice) seen.push({ at, ...choice });
  }
  return seen;
}

/** The longest time that anything with this key waited, the end of the run included. */
function longestWaits(
  seen: readonly Seen[],
  keyOf: (lane: Lane) => string,
  end: number,
): Map<string, number> {
  const last = new Map<string, number>();
  const waits = new Map<string, number>();
  for (const { at, lane } of seen) {
    const key = keyOf(lane);
    waits.set(key, Math.max(waits.get(key) ?? 0, at - (last.get(key) ?? 0)));
    last.set(key, at);
  }
  for (const [key, at] of last) waits.set(key, Math.max(waits.get(key) ?? 0, end - at));
  return waits;
}

const pairKey = ({ socketA, socketB }: Lane) => `${socketA}/${socketB}`;

describe('the planner', () => {
  it.each([2, 4, 8])('sees every lane of %d sockets in turn where the budget is short', (sockets) => {
    const lanes = lanesFor(sockets);
    const readyAt = new Map<string, number>();
    const planner = createPlanner({ burst: true, floorSeconds: 28 });
    const tick = tickSeconds(2, sockets);
    const seen: Seen[] = [];
    for (let at = 0; at < 1200; at += tick) {
      const choice = planner.next(lanes, sockets, at, (lane) => (readyAt.get(pairKey(lane)) ?? 0) <= at);
      if (!choice) continue;
      readyAt.set(pairKey(choice.lane), at + 20);
      seen.push({ at, ...choice });
    }
    const waits = longestWaits(seen, laneKey, 1200);
    expect(waits.size).toBe(lanes.length);
    // Four lanes within a socket, one visit to the pair in 20 to 30 s.
    expect(Math.max(...waits.values())).toBeLessThanOrEqual(4 * 32);
  });

  it('visits every class once at the start, whatever the budget says', () => {
    const planner = createPlanner({ burst: true });
    const lanes = lanesFor(2);
    const first = Array.from({ length: 5 }, () => planner.next(lanes, 2, 0, () => false));
    expect(first.map((choice) => choice?.lane.distance)).toEqual([...inner, 'cross_socket']);
    expect(first.every((choice) => choice?.due === 'burst')).toBe(true);
    expect(planner.bursting(lanes)).toBe(false);
    expect(planner.next(lanes, 2, 0, () => false)).toBeUndefined();
  });

  it('visits a class that came up later at once', () => {
    const planner = createPlanner({ burst: true });
    planner.next(lanesFor(1, ['llc']), 1, 0, () => true);
    expect(planner.next(lanesFor(2, ['llc']), 2, 2, () => false)).toMatchObject({
      due: 'burst',
      lane: { distance: 'cross_socket' },
    });
  });

  it.each([
    [2, 240],
    [3, 240],
    [4, 240],
    [8, 240],
  ])(
    'comes back to each socket pair of %i sockets as promised, and in under four minutes',
    (sockets, most) => {
      for (const classes of [inner, inner.slice(0, 2), inner.slice(0, 3)]) {
        const lanes = lanesFor(sockets, classes);
        const waits = longestWaits(drive(lanes, sockets, 1200), pairKey, 1200);
        expect(waits.size).toBe((sockets * (sockets + 1)) / 2);
        // One tick more: a round does not begin on a pair's own tick.
        const promised = promisedRevisitSeconds(lanes, sockets) + tickSeconds(2, sockets);
        expect(Math.max(...waits.values())).toBeLessThanOrEqual(Math.min(promised, most));
      }
    },
  );

  it.each([2, 3, 4, 8])('takes as long for each lane of %i sockets as it says it expects', (sockets) => {
    const lanes = lanesFor(sockets);
    const seen = drive(lanes, sockets, 3000);
    for (const lane of lanes) {
      const visits = seen.filter((one) => laneKey(one.lane) === laneKey(lane)).length;
      const expected = expectedRevisitSeconds(lane, lanes, sockets, tickSeconds(2, sockets));
      expect(3000 / visits).toBeGreaterThan(expected * 0.95);
      expect(3000 / visits).toBeLessThan(expected * 1.05);
    }
  });

  it('gives every class its turns: none waits longer than a round', () => {
    const waits = longestWaits(drive(lanesFor(8), 8, 600), ({ distance }) => distance, 600);
    expect(waits.size).toBe(5);
    expect(Math.max(...waits.values())).toBeLessThanOrEqual(4.5);
  });

  it.each([2, 4, 8])(
    'keeps the floor of 30 s for each pair of %i sockets with an empty budget',
    (sockets) => {
      const tick = tickSeconds(2, sockets);
      const floor = { floorSeconds: 30 - tick };
      const seen = drive(lanesFor(sockets), sockets, 600, () => false, floor);
      expect(seen.every(({ due }) => due === 'floor')).toBe(true);
      // All pairs fall due together the first time, and each tick takes one: from then on they are spread.
      const settled = seen.filter(({ at }) => at > 60).map((one) => ({ ...one, at: one.at - 60 }));
      const waits = longestWaits(settled, pairKey, 540);
      expect(waits.size).toBe((sockets * (sockets + 1)) / 2);
      expect(Math.max(...waits.values())).toBeLessThanOrEqual(30);
    },
  );

  it('leaves out what is not affordable, and nothing else', () => {
    const seen = drive(lanesFor(2), 2, 200, ({ distance }) => distance !== 'cross_socket');
    expect(new Set(seen.map(({ lane }) => lane.distance))).toEqual(new Set(inner));
    expect(seen).toHaveLength(101);
  });

  it('does not let a class that was banned for long crowd out the others afterwards', () => {
    const after = drive(lanesFor(2), 2, 480, ({ distance }, now) => distance !== 'llc' || now > 400).filter(
      ({ at }) => at > 400,
    );
    const shares = after.filter(({ lane }) => lane.distance === 'llc').length / after.length;
    expect(shares).toBeLessThan(0.3);
  });

  it('never skips an affordable class, whatever comes and goes', () => {
    const machine = fc.record({
      sockets: fc.integer({ min: 1, max: 8 }),
      classes: fc.subarray([...inner], { minLength: 1 }),
      poor: fc.subarray<Distance>([...inner, 'cross_socket']),
    });
    fc.assert(
      fc.property(machine, ({ sockets, classes, poor }) => {
        const lanes = lanesFor(sockets, classes);
        const rich = lanes.filter(({ distance }) => !poor.includes(distance));
        const seen = drive(lanes, sockets, 300, ({ distance }) => !poor.includes(distance));
        expect(new Set(seen.map(({ lane }) => laneKey(lane)))).toEqual(new Set(rich.map(laneKey)));
      }),
    );
  });
});

it('lets a value stand for three visits, and for two minutes at least', () => {
  expect([goodForSeconds(8), goodForSeconds(60)]).toEqual([120, 180]);
});
