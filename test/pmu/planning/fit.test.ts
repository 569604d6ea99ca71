import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, roomOfBox, roomOfCore } from '../../../src/pmu/planning/fit.ts';
import type { Need, Room } from '../../../src/pmu/planning/fit.ts';
import { unknownModel } from '../../../src/pmu/catalogue/unknown_model.ts';
import { amd, factsOf, intel, modelOf } from '../models.ts';

const need = (signal: string, counters: readonly number[] = [], offcore: bigint | null = null): Need => ({
  signal,
  counters,
  offcore,
});
const any = (count: number) => Array.from({ length: count }, () => need('load_l1'));
const low = (count: number) => Array.from({ length: count }, () => need('load_l1', [0, 1, 2, 3]));
const fixed = ['cycles', 'instructions', 'ref_cycles'].map((signal) => need(signal));
const room = (changes: Partial<Room> = {}): Room => ({
  general: 8,
  usable: 7,
  fixed: new Set(['cycles', 'instructions', 'ref_cycles']),
  offcore: 2,
  ...changes,
});
const bare = { general: 2, usable: 2, fixed: new Set<string>(), offcore: 0 };

describe('events fit', () => {
  it.each([
    ['four loads beside the three fixed ones', [...fixed, ...low(4)], room(), true],
    ['a fifth that needs the same counters', low(5), room(), false],
    ['a fifth that may go anywhere', [...low(4), ...any(1)], room(), true],
    ['as many as we may use', any(7), room(), true],
    ['one more than we may use, though a counter is free', any(8), room(), false],
    ['the only counter of one, taken by another that can move', [need('a'), need('b', [0])], bare, true],
    ['two that need the same counter', [need('a', [0]), need('b', [0])], bare, false],
    [
      'three in a ring of two counters',
      [need('a', [0, 1]), need('b', [0, 1]), need('c', [0, 1])],
      room(),
      false,
    ],
    ['a counter that the machine lacks', [need('a', [5])], bare, false],
    ['second cycles on a general counter', [...fixed, need('cycles'), ...any(6)], room(), true],
    ['second cycles without a general counter left', [...fixed, need('cycles'), ...any(7)], room(), false],
    ['reference cycles twice', [need('ref_cycles'), need('ref_cycles')], room(), false],
    ['reference cycles on a general counter, where none is fixed', [need('ref_cycles')], bare, true],
    ['two offcore values', [need('a', [], 1n), need('b', [], 2n)], room(), true],
    ['three offcore values', [need('a', [], 1n), need('b', [], 2n), need('c', [], 3n)], room(), false],
    ['an offcore value twice', [need('a', [], 1n), need('b', [], 2n), need('c', [], 2n)], room(), true],
    ['an offcore value without a register', [need('a', [], 1n)], bare, false],
    ['nothing', [], { ...bare, general: 0, usable: 0 }, true],
  ])('or not: %s', (_, needs, where, expected) => {
    expect(fits(needs, where)).toBe(expected);
  });

  it('exactly when some way to place them exists', () => {
    const counters = fc.uniqueArray(fc.integer({ min: 0, max: 3 }));
    const needs = fc
      .record({ cycles: counters, ref_cycles: counters, load_l1: counters, load_l2: counters })
      .chain((all) => fc.array(fc.constantFrom(...Object.entries(all)), { maxLength: 5 }))
      .map((some) => some.map(([signal, allowed]) => need(signal, allowed)));
    const where = fc.record({
      general: fc.integer({ min: 0, max: 4 }),
      usable: fc.integer({ min: 0, max: 4 }),
      fixed: fc
        .uniqueArray(fc.constantFrom('cycles', 'ref_cycles'))
        .map((signals) => new Set<string>(signals)),
    });
    fc.assert(
      fc.property(needs, where, (some, about) => {
        expect(fits(some, room(about))).toBe(someWay(some, room(about), new Set()));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Tries every counter for the first, and so on. */
function someWay([first, ...others]: readonly Need[], where: Room, taken: ReadonlySet<string>): boolean {
  if (!first) return [...taken].filter((name) => name.startsWith('general')).length <= where.usable;
  const general = Array.from({ length: where.general }, (_, counter) => counter)
    .filter((counter) => first.counters.length === 0 || first.counters.includes(counter))
    .filter(() => first.signal !== 'ref_cycles' || !where.fixed.has('ref_cycles'))
    .map((counter) => `general ${counter}`);
  const own = where.fixed.has(first.signal) ? [first.signal] : [];
  return [...own, ...general]
    .filter((counter) => !taken.has(counter))
    .some((counter) => someWay(others, where, new Set([...taken, counter])));
}

describe('the room of a core', () => {
  const skylake = modelOf({
    counters: { general: 4, without_smt: 8, fixed: ['cycles', 'instructions', 'ref_cycles'], offcore: 2 },
    signals: {},
    groups: {},
  });
  const arm = modelOf({ counters: { general: null, fixed: ['cycles'] }, signals: {}, groups: {} });
  it.each([
    ['leaves one counter to others', intel, {}, 1, [8, 7, true]],
    ['leaves as many as asked for', intel, {}, 3, [8, 5, true]],
    ['never leaves us fewer than five', intel, {}, 6, [8, 5, true]],
    ['leaves none where there are four', skylake, {}, 1, [4, 4, true]],
    ['has more with SMT off', skylake, { smt: false }, 1, [8, 7, true]],
    ['has no counter for cycles beside the watchdog', intel, { nmiWatchdog: true }, 1, [8, 7, false]],
    [
      'has one counter fewer beside the watchdog where none is fixed',
      amd,
      { nmiWatchdog: true },
      0,
      [6, 5, false],
    ],
    ['has six where only the machine knows', arm, {}, 1, [6, 5, true]],
    ['has four and nothing fixed where nobody knows', unknownModel, {}, 1, [4, 4, false]],
  ])('%s', (_, model, changes, leave, expected) => {
    const { general, usable, fixed: own } = roomOfCore(model, factsOf(changes), leave);
    expect([general, usable, own.has('cycles')]).toEqual(expected);
  });
});

describe('the room of a box', () => {
  it.each([
    ['amd_df', 4],
    ['amd_l3', 6],
  ])('of %s has %i counters', (pmu, count) => {
    expect(fits(any(count), roomOfBox(amd, pmu))).toBe(true);
    expect(fits(any(count + 1), roomOfBox(amd, pmu))).toBe(false);
  });
});
