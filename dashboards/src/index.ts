import type { Board } from './board.ts';
import { canaryHealth } from './canary_health.ts';
import { fleet } from './fleet.ts';
import { host } from './host.ts';
import { workload } from './workload.ts';

/** By the name of the file. */
export const boards: Readonly<Record<string, Board>> = {
  fleet,
  host,
  workload,
  'canary-health': canaryHealth,
};
