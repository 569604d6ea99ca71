import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseMemTotal } from '../../src/parse/meminfo.ts';

describe('parseMemTotal', () => {
  it.each([
    ['Node 0 MemTotal:       131732940 kB\nNode 0 MemFree: 5 kB\n', 134_894_530_560],
    ['\nNode 33 MemTotal:     16777216 kB\n', 17_179_869_184], // old kernels begin with an empty line
    ['MemTotal:       32489480 kB\n', 33_269_227_520],
    ['Node 1 MemTotal:       0 kB\n', 0],
  ])('reads %j', (text, bytes) => {
    expect(parseMemTotal(text)).toBe(bytes);
  });

  it.each(['', 'MemFree: 5 kB', 'MemTotal: 5 MB', 'MemTotal: -5 kB', 'XMemTotal: 5 kB'])(
    'refuses %j',
    (text) => {
      expect(() => parseMemTotal(text)).toThrow(ParseError);
    },
  );
});
