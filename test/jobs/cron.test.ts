import { array, assert, constantFrom, property, tuple } from 'fast-check';
import { validate } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { isCron } from '../../src/jobs/cron.ts';

describe('isCron', () => {
  it.each(['17 3 * * *', '*/10 0-6,22 * * 1-5', '0 0 1 1 0', '59 23 31 12 7', '0-30/5 * * * *', '* * * * *'])(
    'takes %j, and so does node-cron',
    (text) => {
      expect(isCron(text)).toBe(true);
      expect(validate(text)).toBe(true);
    },
  );

  it.each([
    '',
    '17 3 * *',
    '60 3 * * *',
    '17 24 * * *',
    '0 0 0 * *',
    '0 0 * 13 *',
    '0 0 * * 8',
    '5/10 * * * *',
    '0 0 30 2 *',
    '0 0 31 2,4,6,9,11 *',
    'daily',
    '@daily',
  ])('refuses %j', (text) => {
    expect(isCron(text)).toBe(false);
  });

  it('takes nothing that node-cron would throw at when the job is set up', () => {
    const part = constantFrom('*', '*/7', '0', '1', '05', '7', '12', '23', '30', '31', '59', '2-4', '30-31', '1-9/4', '6/2'); // prettier-ignore
    const field = array(part, { minLength: 1, maxLength: 2 }).map((parts) => parts.join());
    const texts = tuple(field, field, field, field, field).map((all) => all.join(' '));
    assert(
      property(texts, (text) => {
        if (isCron(text)) expect(`${text}: ${validate(text)}`).toBe(`${text}: true`);
      }),
      { numRuns: 3000 },
    );
  });

  it.each(['5-1 * * * *', '*/0 * * * *', '*-3 * * * *', '1,,2 * * * *', '0 17 3 * * *', '0 0 * * MON'])(
    'refuses %j too, whatever node-cron thinks of it',
    (text) => {
      expect(isCron(text)).toBe(false);
    },
  );
});
