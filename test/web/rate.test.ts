import { describe, expect, it } from 'vitest';
import { createRate } from '../../src/web/rate.ts';
import { fakeClock } from '../fakes.ts';

describe('the rate limit', () => {
  it('lets a burst through, and then one each interval', async () => {
    const clock = fakeClock();
    const take = createRate(clock);
    const limit = { intervalSeconds: 10, burst: 3 };
    expect([take(limit), take(limit), take(limit)]).toEqual([null, null, null]);
    expect(take(limit)).toBeCloseTo(10);
    await clock.advance(4);
    expect(take(limit)).toBeCloseTo(6);
    await clock.advance(6);
    expect(take(limit)).toBeNull();
    expect(take(limit)).toBeCloseTo(10);
    await clock.advance(1000);
    expect([take(limit), take(limit), take(limit)]).toEqual([null, null, null]);
    expect(take(limit)).not.toBeNull();
  });

  it('takes another limit from one request to the next', () => {
    const take = createRate(fakeClock());
    expect(take({ intervalSeconds: 1, burst: 1 })).toBeNull();
    expect(take({ intervalSeconds: 5, burst: 100 })).toBeCloseTo(5);
  });
});
