import { expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseThrottled } from '../../src/parse/cpustat.ts';

it('reads the throttled periods of cgroup v2 and v1', () => {
  expect(parseThrottled('usage_usec 9\nnr_periods 50\nnr_throttled 12\nthrottled_usec 3\n')).toBe(12);
  expect(parseThrottled('nr_periods 0\nnr_throttled 0\nthrottled_time 0\n')).toBe(0);
});

it('says nothing where the kernel does not count them, as in the root cgroup', () => {
  expect(parseThrottled('usage_usec 9\nuser_usec 5\nsystem_usec 4\n')).toBeUndefined();
});

it('refuses a count that is none', () => {
  expect(() => parseThrottled('nr_throttled many\n')).toThrow(ParseError);
});
