import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lane, Place } from '../../src/probes/lanes.ts';
import { choosePair, type Knowledge } from '../../src/probes/pair.ts';

const seat = (core: number, llcGroup = 0) => ({
  core,
  llcGroup,
  cpus: [core, core + 100],
  siblings: [core, core + 100],
});
const laneOf = (distance: Lane['distance'], places: readonly Place[]): Lane => ({
  distance,
  socketA: 0,
  socketB: 0,
  places,
});
const pool = [0, 1, 2, 3].map((core) => seat(core));
const llc = laneOf('llc', [{ key: 'llc0', a: pool, b: pool }]);
const know = (known: Partial<Knowledge>): Knowledge => ({
  busy: () => 0,
  lastUsed: () => 0,
  lastPlaced: () => 0,
  ...known,
});
const busyOf = (shares: Readonly<Record<number, number>>) => ({ busy: (cpu: number) => shares[cpu] ?? 0 });
const cpus = (lane: Lane, known: Knowledge) => {
  const pair = choosePair(lane, known);
  return pair && [pair.cpuA, pair.cpuB];
};

const nodeOneLongAgo = ({ key }: Place) => (key === 'node0' ? 5 : 1);
const nodeOneBusy = (cpu: number) => (cpu % 100 >= 10 ? 0.8 : 0);

describe('the pair', () => {
  it('is on the two idlest cores', () => {
    expect(cpus(llc, know(busyOf({ 0: 0.9, 1: 0.4, 3: 0.2 })))).toEqual([2, 3]);
  });

  it('avoids a core whose other thread is busy', () => {
    expect(cpus(llc, know(busyOf({ 100: 0.9, 101: 0.9 })))).toEqual([2, 3]);
  });

  it('is on those longest unused among the equally idle, and takes the rested thread of a core', () => {
    expect(cpus(llc, know({ lastUsed: (cpu) => [4, 3, 1, 2][cpu] ?? 0, busy: (cpu) => cpu / 1000 }))).toEqual(
      [102, 103],
    );
  });

  it('never is both threads of one core but for smt', () => {
    const one = laneOf('llc', [{ key: 'llc0', a: [seat(0)], b: [seat(0)] }]);
    expect(choosePair(one, know({}))).toBeUndefined();
    const smt = laneOf('smt', [{ key: 'llc0', a: pool, b: pool }]);
    expect(cpus(smt, know(busyOf({ 0: 0.3, 1: 0.3, 102: 0.3 })))).toEqual([3, 103]);
  });

  it('has two last-level caches for class node', () => {
    const seats = [seat(0, 0), seat(1, 0), seat(2, 1)];
    const node = laneOf('node', [{ key: 'node0', a: seats, b: seats }]);
    expect(cpus(node, know(busyOf({ 2: 0.9 })))).toEqual([0, 2]);
  });

  it('turns through places, longest unvisited first, and leaves a place whose cores are busy', () => {
    const places = [0, 1].map((node) => {
      const seats = pool.map(({ core }) => seat(core + node * 10));
      return { key: `node${node}`, a: seats, b: seats };
    });
    const lane = laneOf('llc', places);
    expect(choosePair(lane, know({ lastPlaced: nodeOneLongAgo }))?.place.key).toBe('node1');
    expect(choosePair(lane, know({ lastPlaced: nodeOneLongAgo, busy: nodeOneBusy }))?.place.key).toBe(
      'node0',
    );
  });

  it('exists however busy the CPUs are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
        (shares) => {
          const pair = choosePair(llc, know({ busy: (cpu) => shares[cpu % 100] ?? 0 }));
          expect(pair?.cpuA).not.toBe(pair?.cpuB);
          expect(pair).toBeDefined();
        },
      ),
    );
  });
});
