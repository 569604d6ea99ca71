import { describe, expect, it } from 'vitest';
import { Absent } from '../../src/errors.ts';
import { createVmstatBurstBooks, vmstatBurst, vmstatBurstOptions } from '../../src/samplers/vmstat_burst.ts';
import { fakeWorld } from '../fakeWorld.ts';
import { filesOf } from '../fakes.ts';

/** A kernel that has moved so many pages; the test says how many more before each look. */
function watching(books = createVmstatBurstBooks(), options: Record<string, number> = {}) {
  let [moved, failed] = [1000, 0];
  const tree: Record<string, string> = {};
  const write = () => (tree['/proc/vmstat'] = `pgmigrate_success ${moved}\npgmigrate_fail ${failed}\n`);
  write();
  const world = fakeWorld(filesOf(tree));
  const context = { ...world, signal: new AbortController().signal };
  const sampler = vmstatBurst(vmstatBurstOptions.parse(options), books);
  return {
    tree,
    books,
    sampler,
    context,
    async second(pages: number, seconds = 1, fails = 0) {
      moved += pages;
      failed += fails;
      write();
      await world.clock.advance(seconds);
      await sampler.tick(context);
    },
    told: async () =>
      Object.fromEntries(
        (await sampler.read(context)).map(({ metric, value }) => [
          metric.name.replace('numacanary_', ''),
          value,
        ]),
      ),
  };
}

describe('vmstat_burst', () => {
  it('keeps the worst second of five minutes, and the seconds above the threshold for good', async () => {
    const at = watching();
    for (const pages of [0, 10, 400, 60, 0]) await at.second(pages, 1, pages / 10);
    expect(await at.told()).toEqual({ page_migrations_max_per_second: 440, burst_seconds_total: 2 });
    for (let second = 0; second < 299; second += 1) await at.second(1);
    expect(await at.told()).toEqual({ page_migrations_max_per_second: 66, burst_seconds_total: 2 });
  });

  it('counts what failed to move, too: the kernel took the time for it', async () => {
    const at = watching();
    await at.second(0);
    await at.second(0, 1, 51);
    expect(await at.told()).toMatchObject({ burst_seconds_total: 1 });
  });

  it('takes no moment for a second, and no long gap for a burst', async () => {
    const at = watching();
    await at.second(0);
    await at.second(40, 0.1);
    expect(await at.told()).toEqual({ burst_seconds_total: 0 });
    await at.second(0, 0.9);
    expect(await at.told()).toEqual({ page_migrations_max_per_second: 40, burst_seconds_total: 0 });
    await at.second(600, 60);
    expect(await at.told()).toEqual({ page_migrations_max_per_second: 40, burst_seconds_total: 0 });
  });

  it('goes on where it was after a reload', async () => {
    const before = watching();
    await before.second(0);
    await before.second(90);
    const after = watching(before.books, { threshold_pages: 1000 });
    expect(await after.told()).toEqual({ page_migrations_max_per_second: 90, burst_seconds_total: 1 });
    await after.second(0);
    await after.second(500);
    expect(await after.told()).toMatchObject({ burst_seconds_total: 1 });
  });

  it('is absent on a kernel that does not migrate', async () => {
    const at = watching();
    at.tree['/proc/vmstat'] = 'nr_free_pages 12\n';
    await expect(at.sampler.read(at.context)).rejects.toThrow(Absent);
  });
});
