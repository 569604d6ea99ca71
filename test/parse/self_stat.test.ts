import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseSelfStat } from '../../src/parse/self_stat.ts';

const rest =
  'S 1 4711 4711 0 -1 4194304 9216 0 0 0 31 7 0 0 20 0 11 0 8815 1102741504 12034 18446744073709551615 1';

describe('/proc/self/stat', () => {
  it.each(['node', 'a ) b', 'x) R 9 (', ''])('of a process called %j', (name) => {
    expect(parseSelfStat(`4711 (${name}) ${rest}\n`)).toEqual({
      cpuTicks: 38,
      startTicks: 8815,
    });
  });

  it.each(['', '4711 (node) S 1 4711', `4711 (node) ${rest.replace(' 31 ', ' -31 ')}`])(
    'refuses %j',
    (text) => {
      expect(() => parseSelfStat(text)).toThrow(ParseError);
    },
  );
});
