import { expect, it } from 'vitest';
import type { OpenPerf, PerfEvent } from '../src/host/host.ts';
import { fakePerf } from './fakePerf.ts';
import { fakeClock } from './fakes.ts';

const event = (cpu: number, leader: number, type = 4): PerfEvent => ({
  type,
  config: 1n,
  config1: 0n,
  config2: 0n,
  cpu,
  leader,
});

/** value, enabled and running in seconds, errno. */
async function read(perf: OpenPerf, leaders?: readonly number[]) {
  const { words } = await perf.read(leaders);
  return Array.from({ length: words.length / 8 }, (_, i) => {
    const word = (at: number) => words[8 * i + at] ?? NaN;
    const long = (at: number) => word(at) + word(at + 1) * 2 ** 32;
    return [long(0), long(2) / 1e9, long(4) / 1e9, word(6)];
  });
}

it('counts while a group is on, and stands still while it is off', async () => {
  const clock = fakeClock();
  const perf = await fakePerf({ clock }).perfOpen([event(0, 0), event(0, 0)]);
  await perf.enable(true);
  await clock.advance(2);
  await perf.enable(false);
  await clock.advance(5);
  expect(await read(perf)).toEqual([
    [2000, 2, 2, 0],
    [2000, 2, 2, 0],
  ]);
});

it('adds up a rate that changes with time', async () => {
  const clock = fakeClock();
  const perf = await fakePerf({ clock, rate: () => (now) => (now >= 1003 ? 80 : 8) }).perfOpen([event(0, 0)]);
  await perf.enable(true);
  await clock.advance(5);
  expect(await read(perf)).toEqual([[3 * 8 + 2 * 80, 5, 5, 0]]);
});

it('shares counters out among groups, software events left alone', async () => {
  const clock = fakeClock();
  const events = [event(0, 0), event(0, 0), event(0, 2), event(0, 2), event(0, 4, 1), event(1, 5)];
  const perf = await fakePerf({ clock, counters: () => 3 }).perfOpen(events);
  await perf.enable(true);
  await clock.advance(4);
  expect((await read(perf)).map(([value, , running]) => [value, running])).toEqual([
    [2000, 2],
    [2000, 2],
    [2000, 2],
    [2000, 2],
    [4000, 4],
    [4000, 4],
  ]);
});

it('refuses a sibling that does not fit, what it was told to refuse with its group, and too many files', async () => {
  const clock = fakeClock();
  const fake = fakePerf({ clock, counters: () => 1, fds: 2, open: (_, i) => (i === 2 ? 'ENOENT' : null) });
  const perf = await fake.perfOpen([
    event(0, 0),
    event(0, 0),
    event(0, 2),
    event(0, 2),
    event(0, 4),
    event(0, 5),
  ]);
  expect(perf.errors).toEqual([null, 'EINVAL', 'ENOENT', 'ECANCELED', null, 'EMFILE']);
  expect(fake.openFds).toBe(2);
  await perf.close();
  await perf.close();
  expect(fake.openFds).toBe(0);
  await expect(perf.read()).rejects.toMatchObject({ code: 'EBADF' });
  await expect(fake.perfOpen([event(0, 1), event(0, 1)])).rejects.toMatchObject({ code: 'EINVAL' });
});

it('leaves what was not asked for as it was last read', async () => {
  const clock = fakeClock();
  const perf = await fakePerf({ clock }).perfOpen([event(0, 0), event(1, 1)]);
  await perf.enable(true, [0]);
  await clock.advance(1);
  await perf.enable(true, [1]);
  await clock.advance(1);
  expect((await read(perf, [1])).map(([value]) => value)).toEqual([0, 1000]);
  expect((await read(perf, [0])).map(([value]) => value)).toEqual([2000, 1000]);
});

it('lets a CPU go: groups come apart, single events freeze, and only an open starts anew', async () => {
  const clock = fakeClock();
  const fake = fakePerf({ clock, migrates: ({ type }) => type === 20 });
  const events = [event(1, 0), event(1, 0), event(1, 2), event(1, 3, 20)];
  const perf = await fake.perfOpen(events);
  await perf.enable(true);
  await clock.advance(1);
  fake.offline(1);
  expect((await fake.perfOpen([event(1, 0)])).errors).toEqual(['ENODEV']);
  fake.online(1);
  await clock.advance(1);
  const [leader, , single, migrating] = await read(perf);
  expect(leader?.[3]).toBe(5);
  expect(single).toEqual([1000, 1, 1, 0]);
  expect(migrating).toEqual([2000, 2, 2, 0]);
  expect((await fake.perfOpen([event(1, 0)])).errors).toEqual([null]);
});

it.each([
  ['a member on another CPU', [event(0, 0), event(1, 0)]],
  ['a member apart from its group', [event(0, 0), event(0, 1), event(0, 0)]],
])('refuses %s as the helper does', async (_, events) => {
  await expect(fakePerf({ clock: fakeClock() }).perfOpen(events)).rejects.toMatchObject({ code: 'EINVAL' });
});
