import { describe, expect, it } from 'vitest';
import type { Visit, VisitPlan } from '../../src/host/host.ts';
import { answer, experiments } from '../../src/probes/experiments.ts';
import type { Experiment } from '../../src/probes/experiments.ts';
import { cleanVisit, visitPlan } from '../fakeNative.ts';

const plan: VisitPlan = { ...visitPlan(0, 1), nodeB: 1 };

function named(name: Experiment['name']): Experiment {
  const found = experiments('bare').find((one) => one.name === name);
  if (!found) throw new Error(`no experiment ${name}`);
  return found;
}

const ask = (name: Experiment['name'], visit: (wanted: VisitPlan) => Visit | undefined, rounds = 12) =>
  answer(named(name), { plan, rounds, visit: async (wanted) => visit(wanted) });

describe('an experiment', () => {
  it.each([
    { name: 'spin', slower: (wanted: VisitPlan) => wanted.spin === 'pause', verdict: 'a' },
    { name: 'spin', slower: (wanted: VisitPlan) => wanted.spin === 'bare', verdict: 'b' },
    { name: 'padding', slower: (wanted: VisitPlan) => wanted.strideBytes === 64, verdict: 'b' },
    { name: 'home', slower: (wanted: VisitPlan) => wanted.nodeA === 1, verdict: 'a' },
    { name: 'pinning', slower: (wanted: VisitPlan) => !wanted.pinned, verdict: 'a' },
  ] as const)(
    'of $name answers $verdict when the other is twice as slow',
    async ({ name, slower, verdict }) => {
      const found = await ask(name, (wanted) => {
        const fast = cleanVisit(wanted, 100);
        // Only the step is slower: the ruler says that it is the same place.
        return slower(wanted) ? { ...cleanVisit(wanted, 200), rulerBefore: fast.rulerBefore } : fast;
      });
      expect(found).toMatchObject({ verdict, pairs: 12, advice: named(name).advice[verdict] });
    },
  );

  it('finds no difference where there is none', async () => {
    expect(await ask('padding', (wanted) => cleanVisit(wanted, 100))).toMatchObject({
      verdict: 'none',
      ratio: 1,
    });
  });

  it('says what batching gains', async () => {
    const { ratio, verdict } = await ask('batch', (wanted) => cleanVisit(wanted, 100));
    expect(verdict).toBe('b');
    expect(ratio).toBeCloseTo(7.38, 1);
  });

  it('does not compare two placements: neighbours whose rulers differ are left out', async () => {
    let turn = 0;
    const found = await ask('padding', (wanted) => cleanVisit(wanted, turn++ % 2 === 0 ? 100 : 300));
    expect(found).toMatchObject({ verdict: 'unknown', pairs: 0, ratio: null });
  });

  it('does not answer from disturbed visits', async () => {
    expect(await ask('spin', () => undefined)).toMatchObject({ verdict: 'unknown', ratio: null });
  });

  it('of the home needs two nodes', async () => {
    const same = { ...plan, nodeB: 0 };
    const found = await answer(named('home'), { plan: same, rounds: 5, visit: async () => undefined });
    expect(found).toMatchObject({ verdict: 'not_applicable', pairs: 0 });
  });
});
