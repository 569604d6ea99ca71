import { describe, expect, it } from 'vitest';
import { median, quantile } from '../src/quantile.ts';

describe('quantile', () => {
  it.each([
    { values: [], q: 0.5, is: undefined },
    { values: [7], q: 0.9, is: 7 },
    { values: [3, 1, 2], q: 0.5, is: 2 },
    { values: [1, 2, 3, 4], q: 0.5, is: 2.5 },
    { values: [1, 2, 3, 4, 5], q: 0, is: 1 },
    { values: [1, 2, 3, 4, 5], q: 1, is: 5 },
    { values: [10, 20], q: 0.9, is: 19 },
  ])('of $values at $q is $is', ({ values, q, is }) => {
    expect(quantile(values, q)).toBe(is);
  });

  it('leaves its input in the order it came', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});
