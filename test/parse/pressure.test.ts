import { expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parsePressure } from '../../src/parse/pressure.ts';

it.each([
  [
    'some avg10=0.06 avg60=0.21 avg300=0.99 total=8537362\nfull avg10=9.00 avg60=0.13 avg300=0.96 total=1\n',
    0.0006,
  ],
  ['some avg10=100.00 avg60=0.21 avg300=0.99 total=8537362\n', 1],
])('takes the last ten seconds of "some" as a share: %j', (text, share) => {
  expect(parsePressure(text)).toBeCloseTo(share, 9);
});

it.each(['', 'full avg10=1.00 avg60=0 avg300=0 total=0\n', 'some avg10=much avg60=0\n'])(
  'refuses %j',
  (text) => {
    expect(() => parsePressure(text)).toThrow(ParseError);
  },
);
