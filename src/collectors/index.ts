import type { Kind } from '../source.ts';
import { hostInfo } from './host_info.ts';
import { createResctrlBooks, resctrl } from './resctrl.ts';
import { self } from './self.ts';

/** What collectors have added up and a reload must not lose. */
export interface CollectorBooks {
  readonly resctrl: ReturnType<typeof createResctrlBooks>;
}

export const createCollectorBooks = (): CollectorBooks => ({ resctrl: createResctrlBooks() });

/** In the order of pages, docs and config.example.yml. */
export const collectorKinds = (books: CollectorBooks): readonly Kind[] => [
  hostInfo,
  resctrl(books.resctrl),
  self,
];
