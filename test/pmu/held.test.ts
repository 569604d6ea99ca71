import { describe, expect, it } from 'vitest';
import { judgeHeld, mostCounters } from '../../src/pmu/held.ts';
import type { Trial } from '../../src/pmu/held.ts';
import type { Model } from '../../src/pmu/catalogue/model.ts';
import { factsOf, intel } from './models.ts';

const withCounters = (counters: Partial<Model['counters']>): Model => ({
  ...intel,
  counters: { ...intel.counters, ...counters },
});
const amd = withCounters({ general: 6, fixed: [] });
const arm = withCounters({ general: null, fixed: [] });
const trial = (ran: number, changes: Partial<Trial> = {}): Trial => ({
  cpu: 4,
  socket: 0,
  opened: 8,
  ran,
  error: null,
  ...changes,
});

describe('judgeHeld', () => {
  it.each([
    ['all are free', intel, 8, false, 'CPU 4: all 8 general counters are free', 0],
    ['somebody counts', intel, 6, false, 'CPU 4: 2 of 8 general counters are held by somebody else', 0],
    ['one is missing', intel, 7, false, 'CPU 4: 1 of 8 general counters is held by somebody else', 0],
    // Its cycles sit on the fixed counter.
    ['the watchdog is on', intel, 8, true, 'CPU 4: all 8 general counters are free', 0],
    [
      'the watchdog takes one of AMD’s',
      amd,
      5,
      true,
      'CPU 4: 1 of 6 general counters is held by the NMI watchdog, the others are free',
      1,
    ],
    [
      'the watchdog and somebody else',
      amd,
      3,
      true,
      'CPU 4: 3 of 6 general counters are held by somebody else (the NMI watchdog accounts for one)',
      1,
    ],
    [
      'only the machine knows',
      arm,
      6,
      false,
      'CPU 4: 6 general counters are free; how many there are is not known',
      0,
    ],
    [
      'none is in the catalogue',
      null,
      3,
      false,
      'CPU 4: 3 general counters are free; how many there are is not known',
      0,
    ],
  ])('says it where %s', (_, model, ran, nmiWatchdog, sentence, byWatchdog) => {
    const held = judgeHeld(trial(ran), model, factsOf({ nmiWatchdog }), false);
    expect(held).toMatchObject({ sentence, byWatchdog, free: ran });
  });

  it('has no number where nothing can be opened, and the kernel’s word for why', () => {
    const held = judgeHeld(trial(0, { opened: 0, error: 'EACCES' }), intel, factsOf(), false);
    expect(held).toMatchObject({ free: null, sentence: expect.stringContaining('EACCES') });
  });

  it('leaves open in a guest whether the hypervisor shows them', () => {
    expect(judgeHeld(trial(4), intel, factsOf(), true).sentence).toContain('or not shown by the hypervisor');
  });

  it('knows that there may be more than were tried', () => {
    const all = trial(mostCounters, { opened: mostCounters });
    expect(judgeHeld(all, arm, factsOf(), false).sentence).toContain(`at least ${mostCounters}`);
  });
});
