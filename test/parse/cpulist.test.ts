import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { formatCpulist, parseCpulist, parseCpumask } from '../../src/parse/cpulist.ts';

describe('parseCpulist', () => {
  it.each([
    ['0-3,8,10-11\n', [0, 1, 2, 3, 8, 10, 11]],
    ['0\n', [0]],
    ['\n', []],
    ['', []],
    [' \n', []], // nohz_full of some kernels
    ['  (null)\n', []],
    ['0-1\n\0', [0, 1]],
    ['250-252', [250, 251, 252]],
    ['8,0-1,1', [0, 1, 8]],
  ])('reads %j', (text, ids) => {
    expect(parseCpulist(text)).toEqual(ids);
  });

  it.each([
    '3-1',
    '0-',
    '-1',
    'a',
    '0,,2',
    '1.5',
    '0-3:2/4',
    '0-4294967295',
    '0x3',
    '0-1048575,'.repeat(6000) + '0',
  ])('refuses %j', (text) => {
    expect(() => parseCpulist(text)).toThrow(ParseError);
  });
});

describe('parseCpumask', () => {
  it.each([
    ['00000000,00002222\n', [1, 5, 9, 13]],
    ['3', [0, 1]],
    ['0000,0000003f\n\0', [0, 1, 2, 3, 4, 5]],
    ['80000001,00000000,80000000\n', [31, 64, 95]],
    ['00000000', []],
  ])('reads %j', (text, ids) => {
    expect(parseCpumask(text)).toEqual(ids);
  });

  it.each(['', '0-3', '000000000', 'g', '1,', '0x1'])('refuses %j', (text) => {
    expect(() => parseCpumask(text)).toThrow(ParseError);
  });
});

describe('formatCpulist', () => {
  it.each(['', '0', '0-3,8,10-11', '1,3,5', '4-20'])('writes %j back as it was read', (text) => {
    expect(formatCpulist(parseCpulist(text))).toBe(text);
  });
});
