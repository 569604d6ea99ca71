/** For a CPU that the catalogue does not know: what every PMU counts, by the kernel's own names for it. */
import type { Model, ModelEvent } from './model.ts';

const generic = (event: string, config: bigint): ModelEvent => ({
  event,
  pmu: 'cpu',
  fields: {},
  config,
  config1: 0n,
  generic: true,
  counters: [],
  scale: 1,
  and: [],
  boxes: 'all',
  read_in: [],
});

export const unknownModel: Model = {
  id: 'unknown',
  name: 'CPU without a model',
  match: { vendor: '', models: [] },
  unit: 'accesses',
  // The poorest have four.
  counters: { general: 4, fixed: [], offcore: 0, uncore: {} },
  read_in: [],
  signals: {
    cycles: generic('PERF_COUNT_HW_CPU_CYCLES', 0n),
    instructions: generic('PERF_COUNT_HW_INSTRUCTIONS', 1n),
    ref_cycles: generic('PERF_COUNT_HW_REF_CPU_CYCLES', 9n),
  },
  groups: { core: ['cycles', 'instructions', 'ref_cycles'] },
  notes: [],
};
