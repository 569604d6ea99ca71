import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBudget } from '../../src/probes/budget.ts';

it('lets a pair overdraw once, and then wait its debt off', () => {
  const budget = createBudget({ perPair: 0.0005, perSocket: 0.005 }); // 1 ms of CPU time a second, holds 10 ms
  expect(budget.affordable(0, 1, 0)).toBe(true);
  budget.charge(1, 0, 0.015, 0);
  expect(budget.affordable(0, 1, 4)).toBe(false);
  expect(budget.affordable(0, 1, 6)).toBe(true);
});

it('keeps a share for others from who asks for no more than is to spare', () => {
  const budget = createBudget({ perPair: 0.0005, perSocket: 0.005 });
  budget.charge(0, 1, 0.006, 0);
  expect(budget.affordable(0, 1, 0)).toBe(true);
  expect(budget.affordable(0, 1, 0, 0.5)).toBe(false);
  expect(budget.affordable(0, 1, 1.5, 0.5)).toBe(true);
});

it('counts pairs apart, and sockets over all their pairs', () => {
  const budget = createBudget({ perPair: 0.0005, perSocket: 0.0006 });
  budget.charge(0, 1, 0.02, 0);
  expect(budget.affordable(0, 2, 0)).toBe(true);
  budget.charge(0, 2, 0.02, 0);
  expect(budget.affordable(0, 3, 0)).toBe(false);
  expect(budget.affordable(3, 3, 0)).toBe(true);
});

it('spends no more than income over any time, but for a full bucket and the last visit', () => {
  const gap = fc.double({ min: 0.1, max: 5, noNaN: true });
  const cost = fc.double({ min: 0.0001, max: 0.006, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, cost), { minLength: 20, maxLength: 300 }), (visits) => {
      const budget = createBudget({ perPair: 0.0005, perSocket: 0.005 });
      let now = 0;
      let spent = 0;
      for (const [wait, seconds] of visits) {
        now += wait;
        if (!budget.affordable(0, 1, now)) continue;
        budget.charge(0, 1, seconds, now);
        spent += seconds;
      }
      expect(spent).toBeLessThanOrEqual(0.001 * (now + 10) + 0.006 + 1e-9);
    }),
  );
});
