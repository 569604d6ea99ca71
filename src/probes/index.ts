import type { Kind, Probe } from '../source.ts';
import { experiencedKind } from './experienced.ts';
import { latencyKind } from './latency.ts';
import { memoryKind } from './memory.ts';
import { throughputKind } from './throughput.ts';
import type { Visitor } from './visit.ts';

/** In the order in which they begin: latency first, so that data stands within seconds. */
export const probes = (visitor: Visitor): readonly Kind<Probe>[] => [
  latencyKind(visitor),
  throughputKind(visitor),
  experiencedKind(visitor),
  memoryKind(visitor),
];
