import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseDomain, parseMonitored } from '../../src/parse/resctrl.ts';

describe('parseMonitored', () => {
  it.each([
    ['193460335812\n', 193460335812],
    ['0\n', 0],
    ['Unavailable\n', null],
    ['Unassigned\n', null],
    ['Error\n', null],
  ])('reads %j as %s', (text, value) => {
    expect(parseMonitored(text)).toBe(value);
  });

  it.each(['', '-1', '12.5', 'unavailable'])('refuses %j', (text) => {
    expect(() => parseMonitored(text)).toThrow(ParseError);
  });
});

describe('parseDomain', () => {
  it.each([
    ['mon_L3_00', 0],
    ['mon_L3_128', 128],
    ['mon_PERF_PKG_00', null],
    ['mon_sub_L3_00', null],
    ['mon_L2_01', null],
  ])('%s is L3 cache %s', (name, id) => {
    expect(parseDomain(name)).toBe(id);
  });
});
