import { z } from 'zod';
import { Absent } from '../errors.ts';
import { vmstatCounter } from '../parse/vmstat.ts';
import type { Metric } from '../sample.ts';
import { kind } from '../source.ts';
import type { Context, Sampler } from '../source.ts';
import { burstSeconds } from './burst_seconds.ts';
import { createWindowMax } from './window.ts';
import type { WindowMax } from './window.ts';

const windowSeconds = 300;
/** A tick that came late is followed by one in time: what happens in a moment is no rate of a second. */
const leastSeconds = 0.5;

const migrationsMax = {
  name: 'numacanary_page_migrations_max_per_second',
  kind: 'gauge',
  labels: ['window'],
  closed: { window: ['5m'] },
  help:
    'Most pages that the kernel moved, or tried to, in any one second of the window: pgmigrate_success and pgmigrate_fail of ' +
    '/proc/vmstat, looked at every second.',
  tells:
    'Bursts that an average hides: fifty pages in a tenth of a second stall who touches them, and are three a second over a scrape interval.',
} as const satisfies Metric;

export const vmstatBurstOptions = z.strictObject({
  /** Pages moved in a second, above which it is a second of burst. */
  threshold_pages: z.int().min(1).max(1e9).default(50),
});

/** What outlives a reload of the configuration. */
export interface VmstatBurstBooks {
  readonly window: WindowMax;
  seconds: number;
}

export const createVmstatBurstBooks = (): VmstatBurstBooks => ({
  window: createWindowMax(windowSeconds),
  seconds: 0,
});

export const vmstatBurst = (
  { threshold_pages: threshold }: z.output<typeof vmstatBurstOptions>,
  books: VmstatBurstBooks,
): Sampler => {
  let before: { readonly at: number; readonly moved: number } | undefined;

  return {
    name: 'vmstat_burst',
    metrics: [migrationsMax, burstSeconds],
    async tick(context) {
      const { clock } = context.host;
      if (before && clock.now() - before.at < leastSeconds) return;
      const moved = await movedSoFar(context);
      const now = { at: clock.now(), moved };
      if (before) {
        const seconds = now.at - before.at;
        const perSecond = (moved - before.moved) / seconds;
        books.window.add(now.at, Math.max(0, perSecond));
        if (perSecond > threshold) books.seconds += seconds;
      }
      before = now;
    },
    async read(context) {
      if (!before) await movedSoFar(context);
      const max = books.window.max(context.host.clock.now());
      return [
        ...(max === undefined ? [] : [{ metric: migrationsMax, labels: { window: '5m' }, value: max }]),
        { metric: burstSeconds, labels: { socket: '', signal: 'page_migrations' }, value: books.seconds },
      ];
    },
  };
};

/** Of success alone the kernel can be asked; a kernel that cannot migrate has neither. */
async function movedSoFar({ host: { files } }: Context): Promise<number> {
  const text = await files.read('/proc/vmstat');
  const moved = vmstatCounter(text, 'pgmigrate_success');
  if (moved === undefined) throw new Absent('/proc/vmstat: this kernel does not migrate pages');
  return moved + (vmstatCounter(text, 'pgmigrate_fail') ?? 0);
}

export const vmstatBurstKind = (books: VmstatBurstBooks) =>
  kind('vmstat_burst', vmstatBurstOptions, (options) => vmstatBurst(options, books));
