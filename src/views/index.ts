import { placementViews } from './placement.ts';
import { pmuViews } from './pmu.ts';
import type { View } from './view.ts';

/** In the order of docs/metrics.md. */
export const views: readonly View[] = [...pmuViews, ...placementViews];
