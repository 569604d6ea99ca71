import { expect, it } from 'vitest';
import { tryCounters } from '../../src/perf/room.ts';
import { fakePerf } from '../fakePerf.ts';
import type { FakePerfOptions } from '../fakePerf.ts';
import { fakeClock } from '../fakes.ts';
import { fakeNative } from '../fakeNative.ts';

async function tried(options: Omit<FakePerfOptions, 'clock'>) {
  const clock = fakeClock();
  const perf = fakePerf({ clock, ...options });
  const trying = tryCounters({ native: fakeNative({ perf }), clock }, { cpu: 3, socket: 1, most: 8 });
  await clock.advance(1);
  return { trial: await trying, perf };
}

it('finds as many counters as events run without waiting for each other', async () => {
  const { trial } = await tried({ counters: () => 6 });
  expect(trial).toEqual({ cpu: 3, socket: 1, opened: 8, ran: 6, error: null });
});

it('tries no more than there are', async () => {
  expect((await tried({})).trial).toMatchObject({ opened: 8, ran: 8 });
});

it('says what the kernel said where nothing can be opened', async () => {
  const { trial, perf } = await tried({ open: () => 'ENOENT' });
  expect(trial).toMatchObject({ opened: 0, ran: 0, error: 'ENOENT' });
  expect(perf.calls.some(({ call }) => call === 'read')).toBe(false);
});

it('closes everything', async () => {
  for (const options of [{ counters: () => 2 }, { open: () => 'EACCES' as const }]) {
    expect((await tried(options)).perf.openFds).toBe(0);
  }
});
