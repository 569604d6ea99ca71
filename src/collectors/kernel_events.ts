import { z } from 'zod';
import type { Counters } from '../perf/counters.ts';
import { createCounters } from '../perf/engine.ts';
import { kernelSignalNames, kernelSignals, tracepointsOf } from '../pmu/kernel_signals.ts';
import { pmuReasons } from '../pmu/plan.ts';
import { planKernel } from '../pmu/planning/plan_kernel.ts';
import type { Books } from '../pmu/counting/totals.ts';
import type { Metric } from '../sample.ts';
import type { Kind, Source } from '../source.ts';
import { missingStates, statusOf, totalsOf } from './counted.ts';

const status = {
  name: 'numacanary_kernel_signal_status',
  kind: 'gauge',
  labels: ['signal', 'status', 'reason'],
  closed: { signal: kernelSignalNames, status: missingStates, reason: pmuReasons },
  inPlaceOfAnother: true,
  help:
    'Why a software event or tracepoint is not counted: a series for each such signal, always 1; none for one that is ' +
    'counted. `numacanary doctor` says in a sentence what to do about a reason.',
  tells: 'What this host cannot tell: tracepoints need tracefs, all of it needs permission.',
} as const satisfies Metric;

const metrics: readonly Metric[] = [
  ...new Set(Object.values(kernelSignals).map(({ metric }) => metric)),
  status,
];

export const kernelEventsOptions = z.strictObject({
  /** Each is a file on every CPU, sched_migrate_task one for each direction. */
  signals: z
    .array(z.enum(kernelSignalNames))
    .meta({ allowed: `a list of ${kernelSignalNames.join(', ')}` })
    .default([...kernelSignalNames]),
});
export type KernelEventsOptions = z.output<typeof kernelEventsOptions>;

export interface KernelPlan {
  readonly options: KernelEventsOptions;
  readonly includeIsolated: boolean;
  readonly books: Books;
}

/** Nothing of it needs a counter of the hardware, so nothing takes turns. */
export const kernelCounters = ({ options: { signals }, includeIsolated, books }: KernelPlan): Counters =>
  createCounters({
    name: 'kernel_events',
    books,
    tracepoints: tracepointsOf(signals),
    turnPeriodSeconds: 0,
    planner: ({ topology }, facts, fds) => planKernel({ signals, facts, topology, fds, includeIsolated }),
  });

/** Software events and tracepoints, by what counts the hardware. */
export const kernelEvents = (counters: Counters): Source => ({
  name: 'kernel_events',
  metrics,
  async read(context) {
    const reading = await counters.read(context);
    return [...totalsOf(reading), ...statusOf(status, reading)];
  },
});

/** Made of counters that were made by its options. */
export const kernelEventsKind = (counters: Counters): Kind => ({
  name: 'kernel_events',
  options: kernelEventsOptions,
  make: () => kernelEvents(counters),
});
