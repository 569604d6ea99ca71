/** How many counters of a CPU are free: nothing says so, but as many events run at one time. */
import type { Clock, Native, OpenPerf } from '../host/host.ts';
import type { Trial } from '../pmu/held.ts';
import { intervalOf } from '../pmu/counting/interval.ts';
import { eventType } from '../pmu/reasons.ts';

/** Mispredicted branches: no CPU in the catalogue has a counter made for them, any general one counts them. */
const event = { type: eventType.hardware, config: 5n, config1: 0n, config2: 0n };

/** Several turns of the kernel, which gives every event that waits a counter within 10 ms. */
const lookSeconds = 0.03;
/** The two times are not taken in one instant. */
const wholeRatio = 0.99;

/** Takes counters away from others for a moment where there are too few: for a person who asks, not for a daemon. */
export async function tryCounters(
  { native, clock }: { readonly native: Native; readonly clock: Clock },
  { cpu, socket, most }: { readonly cpu: number; readonly socket: number; readonly most: number },
): Promise<Trial> {
  const perf = await native.perfOpen(
    Array.from({ length: most }, (_, leader) => ({ ...event, cpu, leader })),
  );
  try {
    const refused = perf.errors.findIndex((error) => error !== null);
    const opened = refused < 0 ? most : refused;
    let ran = 0;
    while (ran < opened && (await allRun(perf, clock, ran + 1))) ran += 1;
    return { cpu, socket, opened, ran, error: perf.errors[opened] ?? null };
  } finally {
    await perf.close();
  }
}

/** Switches on one more, the last of this many, and looks whether none has to wait. */
async function allRun(perf: OpenPerf, clock: Clock, events: number): Promise<boolean> {
  await perf.enable(true, [events - 1]);
  const before = await perf.read();
  await clock.sleep(lookSeconds);
  const after = await perf.read();
  return Array.from({ length: events }, (_, index) => intervalOf(before.words, after.words, index)).every(
    (interval) =>
      interval !== null && interval.enabledNs > 0 && interval.runningNs >= wholeRatio * interval.enabledNs,
  );
}
