import type { Visitor } from '../probes/visit.ts';
import type { Job, Kind } from '../source.ts';
import { experimentsKind } from './experiments.ts';
import { memoryMatrixKind } from './memory_matrix.ts';
import { sweepKind } from './sweep.ts';

/** Slow work, by cron or by hand; results under /api/v1/matrix. */
export const jobs = (visitor: Visitor): readonly Kind<Job>[] => [
  memoryMatrixKind(visitor),
  experimentsKind(visitor),
  sweepKind(visitor),
];
