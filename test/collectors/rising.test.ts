import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRising } from '../../src/collectors/rising.ts';
import type { Row } from '../../src/collectors/rising.ts';

const socketOf = (cpu: number) => (cpu < 2 ? 0 : 1);
const all = [0, 1, 2, 3];
const row = (counts: readonly number[], line = 'TLB', fallen: Row['fallen'] = 'wrapped'): Row => ({
  line,
  series: 's',
  fallen,
  counts,
});
const totals = (rising: ReturnType<typeof createRising>) => [...(rising.totalsOf('s') ?? [])];

describe('totals of what the kernel counts by line and CPU', () => {
  it('begin at 0, and are exact from then on', () => {
    const rising = createRising();
    rising.add(all, [row([5, 5, 5, 5])], socketOf);
    rising.add(all, [row([6, 7, 5, 15])], socketOf);
    expect(totals(rising)).toEqual([
      [0, 3],
      [1, 10],
    ]);
  });

  it('go on where 32 bits of one CPU are full', () => {
    const rising = createRising();
    rising.add(all, [row([2 ** 32 - 5, 0, 0, 0])], socketOf);
    rising.add(all, [row([7, 0, 0, 0])], socketOf);
    expect(totals(rising)[0]).toEqual([0, 12]);
  });

  it('take an IRQ that begins anew for a new one', () => {
    const rising = createRising();
    rising.add(all, [row([1000, 0, 0, 0], '40', 'begun_anew')], socketOf);
    rising.add(all, [row([30, 0, 0, 0], '40', 'begun_anew')], socketOf);
    expect(totals(rising)[0]).toEqual([0, 30]);
  });

  it('wait out a time that the kernel takes back a little of', () => {
    const rising = createRising();
    for (const steal of [5000, 5010, 5009, 5010, 5012])
      rising.add(all, [row([steal, 0, 0, 0], 'steal', 'corrected')], socketOf);
    expect(totals(rising)[0]).toEqual([0, 12]);
  });

  it('do not take for new what a line has behind it when it is first looked at', () => {
    const rising = createRising();
    rising.add(all, [row([1, 1, 1, 1])], socketOf);
    rising.add(all, [row([1, 1, 1, 1]), row([900_000, 0, 0, 0], '41', 'begun_anew')], socketOf);
    expect(totals(rising)).toEqual([
      [0, 0],
      [1, 0],
    ]);
  });

  it('leave out the interval in which a CPU went or came back with its history', () => {
    const rising = createRising();
    rising.add(all, [row([1, 1, 1, 1])], socketOf);
    rising.add([0, 1, 2], [row([2, 2, 2])], socketOf);
    rising.add([0, 1, 2], [row([3, 3, 3])], socketOf);
    rising.add(all, [row([3, 3, 3, 5000])], socketOf);
    rising.add(all, [row([3, 3, 3, 5001])], socketOf);
    expect(totals(rising)).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });

  it('never fall, and rise by no more than was counted, whatever comes and goes', () => {
    const step = fc.record({
      columns: fc.subarray(all, { minLength: 1 }),
      gains: fc.array(fc.nat({ max: 1000 }), { minLength: 4, maxLength: 4 }),
      reset: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const rising = createRising();
        const kernel = [100, 200, 300, 400];
        let [most, last] = [0, 0];
        for (const { columns, gains, reset } of steps) {
          for (const cpu of all) kernel[cpu] = (reset ? 0 : (kernel[cpu] ?? 0)) + (gains[cpu] ?? 0);
          most += gains.reduce((sum, gain) => sum + gain, 0);
          rising.add(columns, [row(columns.map((cpu) => kernel[cpu] ?? 0), '40', 'begun_anew')], socketOf); // prettier-ignore
          const now = totals(rising).reduce((sum, [, value]) => sum + value, 0);
          expect(now).toBeGreaterThanOrEqual(last);
          expect(now).toBeLessThanOrEqual(most);
          last = now;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
