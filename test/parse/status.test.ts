import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import {
  parseCapabilities,
  parseCpusAllowed,
  parseMemsAllowed,
  parseSeccomp,
} from '../../src/parse/status.ts';

describe('parseCpusAllowed', () => {
  it('prefers the list to the mask', () => {
    const text = 'Name:\tnode\nCpus_allowed:\t5\nCpus_allowed_list:\t0,2\nMems_allowed_list:\t0-1\n';
    expect(parseCpusAllowed(text)).toEqual([0, 2]);
  });

  it('reads the mask where there is no list', () => {
    expect(parseCpusAllowed('Cpus_allowed:\t00000001,00000003\n')).toEqual([0, 1, 32]);
  });

  it('reads the memory nodes likewise', () => {
    expect(parseMemsAllowed('Mems_allowed:\t00000003\nMems_allowed_list:\t0-1,4\n')).toEqual([0, 1, 4]);
    expect(() => parseMemsAllowed('Cpus_allowed_list:\t0')).toThrow(ParseError);
  });

  it.each(['', 'Mems_allowed_list:\t0-1', 'Cpus_allowed_list:\tall'])('refuses %j', (text) => {
    expect(() => parseCpusAllowed(text)).toThrow(ParseError);
  });
});

describe('parseCapabilities', () => {
  it.each([
    { text: 'CapPrm:\t0\nCapEff:\t000001ffffffffff\n', bits: 0x1ff_ffff_ffffn },
    { text: 'CapEff:\t0000000000000000\n', bits: 0n },
    { text: 'CapEff:\t0000004000000000\n', bits: 1n << 38n },
  ])('reads $text', ({ text, bits }) => {
    expect(parseCapabilities(text)).toBe(bits);
  });

  it('refuses a status without them', () => {
    expect(() => parseCapabilities('CapPrm:\t0\n')).toThrow(ParseError);
  });
});

describe('parseSeccomp', () => {
  it.each([
    { text: 'Seccomp:\t0\nSeccomp_filters:\t0\n', on: false },
    { text: 'Seccomp:\t2\nSeccomp_filters:\t1\n', on: true },
    { text: 'Seccomp:\t1\n', on: true },
    { text: 'Name:\tnode\n', on: false },
  ])('reads $text', ({ text, on }) => {
    expect(parseSeccomp(text)).toBe(on);
  });
});
