import type { Counters } from '../perf/counters.ts';
import type { Kind, Sampler } from '../source.ts';
import { createBurstBooks, pmuBurstKind } from './pmu_burst.ts';
import { createVmstatBurstBooks, vmstatBurstKind } from './vmstat_burst.ts';

/** What samplers have seen and a reload must not lose. */
export const createSamplerBooks = () => ({
  pmuBurst: createBurstBooks(),
  vmstatBurst: createVmstatBurstBooks(),
});

/** In the order of pages, docs and config.example.yml. */
export const samplerKinds = (
  books: ReturnType<typeof createSamplerBooks>,
  hardware: Pick<Counters, 'always' | 'peek'>,
): readonly Kind<Sampler>[] => [pmuBurstKind(hardware, books.pmuBurst), vmstatBurstKind(books.vmstatBurst)];
