import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parsePmuFormat } from '../../src/parse/pmu_format.ts';

describe('the format of a PMU field', () => {
  it.each([
    ['config:0-7\n', 'config', [[0, 7]]],
    ['config:18', 'config', [[18, 18]]],
    ['config:8-15,32-55\n', 'config', [[8, 15], [32, 55]]],
    ['config:0-7,32-35,59-60', 'config', [[0, 7], [32, 35], [59, 60]]],
    ['config1:1,6-10,44\n', 'config1', [[1, 1], [6, 10], [44, 44]]],
    ['config1:0-63', 'config1', [[0, 63]]],
    ['config2:0-31', 'config2', [[0, 31]]],
    ['config3:0-63', 'config3', [[0, 63]]],
  ])('%j goes to %s', (text, word, bits) => {
    expect(parsePmuFormat(text)).toEqual({ word, bits });
  }); // prettier-ignore

  it.each(['', 'config', 'config:', 'config4:0-7', 'config:7-0', 'config:0-64', 'config:0-7,', 'umask:8-15', 'config:a'])(
    'refuses %j',
    (text) => expect(() => parsePmuFormat(text)).toThrow(ParseError),
  ); // prettier-ignore
});
