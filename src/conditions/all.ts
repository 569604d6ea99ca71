import type { Condition } from './condition.ts';
import { cpu } from './cpu.ts';
import { frequency } from './frequency.ts';
import { idle } from './idle.ts';
import { isolation } from './isolation.ts';
import { kernel } from './kernel.ts';
import { memory } from './memory.ts';
import { others } from './others.ts';
import { scheduler } from './scheduler.ts';

/** In the order of the checklist. */
export const conditions: readonly Condition[] = [
  ...kernel,
  ...cpu,
  ...frequency,
  ...idle,
  ...memory,
  ...isolation,
  ...scheduler,
  ...others,
];

export const published = conditions.filter(({ unpublished }) => unpublished === undefined);
export const counted = conditions.filter((one) => one.counted);
