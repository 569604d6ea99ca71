import { expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseUid } from '../../src/parse/uid.ts';

it.each([
  ['Name:\tnode\nUid:\t1000\t1000\t1000\t1000\nGid:\t0\n', 1000],
  ['Uid:\t0\t65534\t0\t0\n', 65534],
])('reads the effective user of %j', (text, uid) => {
  expect(parseUid(text)).toBe(uid);
});

it('refuses a status without one', () => {
  expect(() => parseUid('Name:\tnode\n')).toThrow(ParseError);
});
