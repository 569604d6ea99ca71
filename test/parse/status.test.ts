import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseCpusAllowed, parseMemsAllowed } from '../../src/parse/status.ts';

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
