import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parsePids } from '../../src/parse/pids.ts';

describe('parsePids', () => {
  it.each([
    ['', []],
    ['4711\n1\n', [4711, 1]],
    ['0\n7\n7\n0\n', [7]],
  ])('reads %j', (text, pids) => {
    expect(parsePids(text)).toEqual(pids);
  });

  it.each(['x\n', '-1\n', '1 2\n', '12345678901\n'])('refuses %j', (text) => {
    expect(() => parsePids(text)).toThrow(ParseError);
  });

  it('gives ids above 0 or a ParseError, whatever it is given', () => {
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.nat()).map((all) => all.join('\n')),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          for (const pid of parsePids(given)) expect(pid).toBeGreaterThan(0);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ParseError);
        }
      }),
    );
  });
});
