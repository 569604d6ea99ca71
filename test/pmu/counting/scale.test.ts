import { describe, expect, it } from 'vitest';
import { ofAlways, ofTurn } from '../../../src/pmu/counting/scale.ts';

const interval = (value: number, enabledNs: number, runningNs: number) => ({ value, enabledNs, runningNs });

describe('the share of an interval', () => {
  it.each([
    ['that ran all the time is as counted', interval(1_000, 15e9, 15e9), 1_000, 15e9],
    ['that ran half the time is doubled', interval(1_000, 15e9, 7.5e9), 2_000, 7.5e9],
    ['that counted nothing while it ran is 0', interval(0, 15e9, 1e9), 0, 1e9],
    ['that never ran is unknown', interval(0, 15e9, 0), null, 0],
    ['whose running is ahead of its enabled is as counted', interval(1_000, 15e9, 15e9 + 40), 1_000, 15e9],
  ])('%s', (_, given, counts, runningNs) => {
    expect(ofAlways(given)).toEqual({ counts, runningNs, ofNs: 15e9 });
  });

  it.each([
    ['in which no time passed', interval(0, 0, 0)],
    ['in which the counter began anew', interval(-5, 10, 10)],
    ['in which its times began anew', interval(5, -10, -10)],
  ])('%s says nothing at all', (_, given) => {
    expect(ofAlways(given)).toBeNull();
    expect(ofTurn(given, 10e9)).toBeNull();
  });

  it('of a turn stands for the time since the last turn ended', () => {
    expect(ofTurn(interval(1_000, 1e9, 1e9), 10e9)).toEqual({ counts: 10_000, runningNs: 1e9, ofNs: 10e9 });
    expect(ofTurn(interval(1_000, 1e9, 0.5e9), 10e9)).toEqual({
      counts: 20_000,
      runningNs: 0.5e9,
      ofNs: 10e9,
    });
    expect(ofTurn(interval(0, 1e9, 0), 10e9)).toEqual({ counts: null, runningNs: 0, ofNs: 10e9 });
  });

  it('of a turn is not less than what was counted when the wall clock saw less', () => {
    expect(ofTurn(interval(1_000, 1e9, 1e9), 0.5e9)).toEqual({ counts: 1_000, runningNs: 1e9, ofNs: 1e9 });
  });
});
