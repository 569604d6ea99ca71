import { createConditionBooks } from '../conditions/books.ts';
import type { Counters } from '../perf/counters.ts';
import type { Model } from '../pmu/catalogue/model.ts';
import type { Kind } from '../source.ts';
import { createWorkloadBooks } from '../workloads/books.ts';
import type { WorkloadBooks } from '../workloads/books.ts';
import { devices } from './devices.ts';
import { createDriftBooks, driftKind } from './drift.ts';
import { conditionsKind } from './conditions.ts';
import { hostInfo } from './host_info.ts';
import { interrupts } from './interrupts.ts';
import { kernelEventsKind } from './kernel_events.ts';
import { nodeMemory } from './node_memory.ts';
import { numastat } from './numastat.ts';
import { pmuKind } from './pmu.ts';
import { pressure } from './pressure.ts';
import { createResctrlBooks, resctrl } from './resctrl.ts';
import { createRising } from './rising.ts';
import type { Rising } from './rising.ts';
import { self } from './self.ts';
import { createVmstatBooks, vmstat } from './vmstat.ts';
import type { VmstatBooks } from './vmstat.ts';
import { workloads } from './workloads.ts';

/** What collectors have added up and a reload must not lose. */
export interface CollectorBooks {
  readonly resctrl: ReturnType<typeof createResctrlBooks>;
  readonly vmstat: VmstatBooks;
  readonly workloads: WorkloadBooks;
  readonly interrupts: Rising;
  readonly steal: Rising;
  readonly drift: ReturnType<typeof createDriftBooks>;
  readonly conditions: ReturnType<typeof createConditionBooks>;
}

export const createCollectorBooks = (): CollectorBooks => ({
  resctrl: createResctrlBooks(),
  vmstat: createVmstatBooks(),
  workloads: createWorkloadBooks(),
  interrupts: createRising(),
  steal: createRising(),
  drift: createDriftBooks(),
  conditions: createConditionBooks(),
});

/** What collectors read that others made: counters outlive the sources that publish them. */
export interface Counting {
  readonly hardware: Counters;
  readonly kernel: Counters;
  /** Shipped ones with the user's over them. */
  readonly models: readonly Model[];
}

/** In the order of pages, docs and config.example.yml. */
export const collectorKinds = (
  books: CollectorBooks,
  { hardware, kernel, models }: Counting,
): readonly Kind[] => [
  hostInfo,
  conditionsKind(books.conditions),
  pmuKind(hardware, models),
  kernelEventsKind(kernel),
  resctrl(books.resctrl),
  vmstat(books.vmstat),
  numastat,
  nodeMemory,
  workloads(books.workloads),
  interrupts(books.interrupts),
  devices,
  pressure(books.steal),
  driftKind(books.drift),
  self,
];
