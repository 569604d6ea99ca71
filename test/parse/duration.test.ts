import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/parse/duration.ts';

describe('a duration as Go writes it', () => {
  it.each([
    ['0', 0],
    ['100ms', 0.1],
    ['1s', 1],
    ['1m30s', 90],
    ['1.5h', 5400],
    ['250us', 250e-6],
    ['250µs', 250e-6],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBeCloseTo(seconds, 9);
  });

  it.each(['', '1', 's', '1 s', '-1s', '1s!', '1d', '1s 2s', 'ns', `${'9'.repeat(400)}s`])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );
});
