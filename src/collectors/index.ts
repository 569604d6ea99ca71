import type { Kind } from '../source.ts';
import { hostInfo } from './host_info.ts';
import { self } from './self.ts';

/** In the order of pages, docs and config.example.yml. */
export const collectorKinds: readonly Kind[] = [hostInfo, self];
