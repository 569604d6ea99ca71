import type { Counters } from '../perf/counters.ts';
import type { Model } from '../pmu/catalogue/model.ts';
import type { Kind } from '../source.ts';
import { hostInfo } from './host_info.ts';
import { kernelEventsKind } from './kernel_events.ts';
import { pmuKind } from './pmu.ts';
import { createResctrlBooks, resctrl } from './resctrl.ts';
import { self } from './self.ts';

/** What collectors have added up and a reload must not lose. */
export interface CollectorBooks {
  readonly resctrl: ReturnType<typeof createResctrlBooks>;
}

export const createCollectorBooks = (): CollectorBooks => ({ resctrl: createResctrlBooks() });

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
  pmuKind(hardware, models),
  kernelEventsKind(kernel),
  resctrl(books.resctrl),
  self,
];
