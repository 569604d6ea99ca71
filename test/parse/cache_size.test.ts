import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseCacheSize } from '../../src/parse/cache_size.ts';

describe('parseCacheSize', () => {
  it.each([
    ['32768K\n', 33_554_432],
    ['480M', 503_316_480],
    ['512', 512],
  ])('reads %j', (text, bytes) => {
    expect(parseCacheSize(text)).toBe(bytes);
  });

  it.each(['', 'K', '-1K', '32 K', '32k', '1T'])('refuses %j', (text) => {
    expect(() => parseCacheSize(text)).toThrow(ParseError);
  });
});
