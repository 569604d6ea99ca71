import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseInteger } from '../../src/parse/integer.ts';

describe('parseInteger', () => {
  it.each([
    ['36\n', 36],
    ['-1\n', -1],
    ['65535', 65_535],
  ])('reads %j', (text, value) => {
    expect(parseInteger(text)).toBe(value);
  });

  it.each(['', '\n', '1.5', '0x10', '1 2', 'unknown', '9'.repeat(400)])('refuses %j', (text) => {
    expect(() => parseInteger(text)).toThrow(ParseError);
  });
});
