import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseDistance } from '../../src/parse/distance.ts';

describe('parseDistance', () => {
  it.each([
    ['10 16 32 33\n', [10, 16, 32, 33]],
    ['10\n', [10]],
  ])('reads %j', (text, row) => {
    expect(parseDistance(text)).toEqual(row);
  });

  it.each(['', '\n', '10 x', '10 -1', '10,20', '9'.repeat(400)])('refuses %j', (text) => {
    expect(() => parseDistance(text)).toThrow(ParseError);
  });
});
