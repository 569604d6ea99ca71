import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parsePidStat } from '../../src/parse/pid_stat.ts';

const line = (name: string, flags = 4_194_304, resident = 12_034) =>
  `4711 (${name}) S 1 4711 4711 0 -1 ${flags} 9216 0 0 0 31 7 0 0 20 0 11 0 8815 1102741504 ${resident} 18446744073709551615 1\n`;

describe('parsePidStat', () => {
  it.each(['postgres', 'a ) b', ') (', '(sd-pam)', ''])('reads the name %j', (name) => {
    expect(parsePidStat(line(name))).toEqual({
      command: name,
      kernelThread: false,
      startTicks: 8815,
      residentPages: 12_034,
    });
  });

  it('knows a kernel thread by its flags', () => {
    expect(parsePidStat(line('kworker/0:1', 69_238_880, 0)).kernelThread).toBe(true);
    expect(parsePidStat(line('node', 4_194_560)).kernelThread).toBe(false);
  });

  it.each(['', 'x', '1 (a', ')1(', '1 (a) S 1', line('a').replace('8815', 'x')])('refuses %j', (text) => {
    expect(() => parsePidStat(text)).toThrow(ParseError);
  });

  it('gives a value or a ParseError, whatever it is given', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((name) => line(name)),
      fc.array(fc.integer()).map((all) => `1 (a) S ${all.join(' ')}`),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          const { startTicks, residentPages } = parsePidStat(given);
          expect(startTicks).toBeGreaterThanOrEqual(0);
          expect(residentPages).toBeGreaterThanOrEqual(0);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ParseError);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
