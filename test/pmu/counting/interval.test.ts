import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalOf } from '../../../src/pmu/counting/interval.ts';
import { wordsOf } from '../readings.ts';

const zero = { value: 0n, enabled: 0n, running: 0n };
const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const small = fc.bigInt({ min: 0n, max: 2n ** 53n - 1n });

describe('an interval', () => {
  it('is exact whatever the counter stood at', () => {
    fc.assert(
      fc.property(word, small, (start, step) => {
        const end = start + step < 2n ** 64n ? start + step : start;
        const interval = intervalOf(
          wordsOf([{ value: start, enabled: start, running: 0n }]),
          wordsOf([{ value: end, enabled: end, running: 0n }]),
          0,
        );
        expect(interval).toEqual({
          value: Number(end - start),
          enabledNs: Number(end - start),
          runningNs: 0,
        });
      }),
    );
  });

  it('reads the event that was asked for', () => {
    const after = wordsOf([zero, { value: 7n, enabled: 20n, running: 10n }]);
    expect(intervalOf(wordsOf([zero, zero]), after, 1)).toEqual({ value: 7, enabledNs: 20, runningNs: 10 });
  });

  it('begins at nothing where the event was just opened', () => {
    const after = wordsOf([{ value: 2n ** 40n, enabled: 5n, running: 5n }]);
    expect(intervalOf(null, after, 0)).toEqual({ value: 2 ** 40, enabledNs: 5, runningNs: 5 });
  });

  it('is negative where the counter began anew', () => {
    const before = wordsOf([{ value: 2n ** 33n, enabled: 9n, running: 9n }]);
    expect(intervalOf(before, wordsOf([{ value: 1n, enabled: 2n, running: 2n }]), 0)).toEqual({
      value: 1 - 2 ** 33,
      enabledNs: -7,
      runningNs: -7,
    });
  });

  // The words of a failed reading are 0: the next one would seem to have counted all of the past.
  it('does not exist where a reading at one of its ends failed', () => {
    const good = wordsOf([{ value: 2n ** 40n, enabled: 5n, running: 5n }]);
    const bad = wordsOf([{ ...zero, errno: 5 }]);
    expect(intervalOf(good, bad, 0)).toBeNull();
    expect(intervalOf(bad, good, 0)).toBeNull();
    expect(intervalOf(null, bad, 0)).toBeNull();
  });

  it('does not exist beyond the list', () => {
    expect(intervalOf(null, wordsOf([zero]), 1)).toBeNull();
  });
});
