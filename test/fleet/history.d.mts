import type { Fleet } from './fleet.mjs';

/** Recorded series that a host has in the history. */
export const seriesOfHost: number;
export function writeHistory(
  file: string,
  fleet: Fleet,
  cluster: string,
  from: number,
  to: number,
  stepSeconds: number,
): Promise<void>;
