import { describe, expect, it } from 'vitest';
import { formatRate, formatSeconds, formatTable } from '../../src/commands/format.ts';

describe('what a terminal shows', () => {
  it.each([
    [8.5e-8, '85.0 ns'],
    [3.05e-7, '305 ns'],
    [1.2345e-6, '1.23 us'],
    [0.0031, '3.10 ms'],
    [2, '2.00 s'],
    [0, '0.00 ns'],
    [null, '-'],
    [undefined, '-'],
  ])('%s seconds reads as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it.each([
    [1.06e9, '1.06 G/s'],
    [145e6, '145 M/s'],
    [12_300, '12.3 k/s'],
    [7, '7.00 /s'],
    [null, '-'],
  ])('%s items a second read as %s', (perSecond, text) => {
    expect(formatRate(perSecond)).toBe(text);
  });

  it('a table lines its columns up', () => {
    expect(
      formatTable([
        ['pair', 'ns'],
        ['cross', '305'],
      ]),
    ).toBe('pair    ns\ncross  305');
  });
});
