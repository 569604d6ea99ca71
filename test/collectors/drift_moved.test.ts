import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookOf, movedBetween, movedBytes } from '../../src/collectors/drift_moved.ts';
import type { NumaMapping } from '../../src/parse/numa_maps.ts';

const MiB = 1024 ** 2;
const bytes = (...own: readonly number[]) => new Map(own.map((value, node) => [node, value * MiB]));
const mapping = (start: string, ...own: readonly number[]): NumaMapping => ({
  start,
  policy: 'default',
  bytes: bytes(...own),
});

const amounts = fc.array(fc.nat(2 ** 40), { minLength: 2, maxLength: 8 });
const mapOf = (own: readonly number[]) => new Map(own.map((value, node) => [node, value]));

describe('movedBytes', () => {
  it.each([
    ['nothing changes', [5, 7], [5, 7], 0],
    ['it grows on one node', [5, 7], [9, 7], 0],
    ['it grows on both', [5, 7], [6, 9], 0],
    ['it gives back', [5, 7], [2, 7], 0],
    ['some moves', [5, 7], [2, 10], 3],
    ['all of it moves to a node that had none', [5, 0], [0, 5], 5],
    ['some moves while it grows where that comes from', [10, 0], [9, 3], 1],
    ['some moves while it grows where that goes', [10, 0], [7, 8], 3],
    ['three nodes take turns', [6, 6, 6], [3, 9, 6], 3],
  ])('is right where %s', (_, before, after, moved) => {
    expect(movedBytes(bytes(...before), bytes(...after))).toBe(moved * MiB);
  });

  it('is 0 without change, and 0 for pure growth or shrinkage', () => {
    fc.assert(
      fc.property(amounts, amounts, (before, by) => {
        const grown = before.map((own, node) => own + (by[node] ?? 0));
        expect(movedBytes(mapOf(before), mapOf(before))).toBe(0);
        expect(movedBytes(mapOf(before), mapOf(grown))).toBe(0);
        expect(movedBytes(mapOf(grown), mapOf(before))).toBe(0);
      }),
    );
  });

  it('is what was moved, where nothing else happened', () => {
    fc.assert(
      fc.property(
        amounts,
        fc.nat(7),
        fc.nat(7),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (before, from, to, part) => {
          const [source, sink] = [from % before.length, to % before.length];
          const moves = source === sink ? 0 : Math.floor((before[source] ?? 0) * part);
          const after = [...before];
          after[source] = (after[source] ?? 0) - moves;
          after[sink] = (after[sink] ?? 0) + moves;
          expect(movedBytes(mapOf(before), mapOf(after))).toBe(moves);
        },
      ),
    );
  });

  it('is half of what changed once growth is taken out, never more than there was, and the same both ways', () => {
    fc.assert(
      fc.property(amounts, amounts, (before, after) => {
        const changes = Array.from({ length: 8 }, (_, node) => (after[node] ?? 0) - (before[node] ?? 0));
        const grown = Math.abs(changes.reduce((sum, own) => sum + own, 0));
        const moved = movedBytes(mapOf(before), mapOf(after));
        expect(moved).toBe((changes.reduce((sum, own) => sum + Math.abs(own), 0) - grown) / 2);
        expect(moved).toBeLessThanOrEqual(before.reduce((sum, own) => sum + own, 0));
        expect(movedBytes(mapOf(after), mapOf(before))).toBe(moved);
      }),
    );
  });
});

describe('movedBetween', () => {
  const before = lookOf([mapping('a', 8, 0), mapping('b', 4, 4)]);

  it('adds up what each mapping moved', () => {
    expect(movedBetween(before, lookOf([mapping('a', 5, 3), mapping('b', 6, 2)]))).toBe(5 * MiB);
  });

  it('is no move where one mapping is freed and another filled', () => {
    expect(movedBetween(before, lookOf([mapping('b', 4, 4), mapping('c', 0, 8)]))).toBe(0);
    expect(movedBetween(before, lookOf([mapping('a', 0, 0), mapping('b', 4, 12)]))).toBe(0);
  });

  it('keeps only mappings of a MiB and more, and adds up all', () => {
    const { bytes: sum, mappings } = lookOf([mapping('a', 0.5, 0.25), mapping('b', 0.5, 0.5)]);
    expect([...mappings.keys()]).toEqual(['b']);
    expect(Object.fromEntries(sum)).toEqual({ 0: MiB, 1: 0.75 * MiB });
  });
});
