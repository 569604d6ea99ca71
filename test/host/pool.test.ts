import { expect, it } from 'vitest';
import { createPool } from '../../src/host/pool.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('lets so many work at a time, and the rest in the order they came', async () => {
  const pool = createPool(2);
  const began: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3].map((turn) =>
    pool(async () => {
      began.push(turn);
      await new Promise<void>((resolve) => ends.push(resolve));
      return turn;
    }),
  );
  await settled();
  expect(began).toEqual([0, 1]);
  ends[1]?.();
  await settled();
  expect(began).toEqual([0, 1, 2]);
  ends[0]?.();
  await settled();
  for (const end of ends) end();
  expect(await Promise.all(works)).toEqual([0, 1, 2, 3]);
});

it('goes on after work that failed', async () => {
  const pool = createPool(1);
  const failed = pool(() => Promise.reject(new Error('no')));
  const next = pool(async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  await expect(next).resolves.toBe('yes');
});
