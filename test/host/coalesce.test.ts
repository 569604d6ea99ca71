import { describe, expect, it } from 'vitest';
import { createCoalesce } from '../../src/host/coalesce.ts';

/** Work that ends when the test says so. */
function slow() {
  const ends: ((value: number) => void)[] = [];
  const work = () => new Promise<number>((resolve) => ends.push(resolve));
  return { work, ends };
}

describe('coalesce', () => {
  it('has all who ask while one is under way share the next, which begins after it', async () => {
    const coalesce = createCoalesce<number>();
    const { work, ends } = slow();
    const first = coalesce('a', work);
    const others = Array.from({ length: 1000 }, () => coalesce('a', work));
    expect(ends).toHaveLength(1);
    ends[0]?.(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(ends).toHaveLength(2);
    ends[1]?.(2);
    expect(new Set(await Promise.all(others))).toEqual(new Set([2]));
    expect(ends).toHaveLength(2);
  });

  it('lets nobody wait for work of another name', async () => {
    const coalesce = createCoalesce<number>();
    const { work, ends } = slow();
    void coalesce('hangs', work);
    expect(ends).toHaveLength(1);
    expect(await coalesce('other', async () => 3)).toBe(3);
  });

  it('goes on after a failure', async () => {
    const coalesce = createCoalesce<number>();
    const first = coalesce('a', () => Promise.reject(new Error('no')));
    const second = coalesce('a', async () => 2);
    await expect(first).rejects.toThrow('no');
    expect(await second).toBe(2);
  });
});
