import type { MemoryPlan, MemoryVisit, Native, Visit, VisitPlan } from '../host/host.ts';
import type { Act } from './measure.ts';
import { memoryTaintsOf, taintsOf, type Purpose } from './taint.ts';

type Doing<T> = Omit<Act<T>, 'probe'>;

/** A plan as something to measure: what is called, on whose evidence it is judged. */
export const actOfVisit = (native: Native, plan: VisitPlan, purpose: Purpose): Doing<Visit> => ({
  cpus: [plan.cpuA, plan.cpuB],
  call: () => native.visit(plan),
  threads: ({ outcome, a, b }) => (outcome === 'not_coscheduled' ? [a, b].map(spentOnly) : [a, b]),
  taints: (visit, around) => taintsOf(purpose, plan, visit, around),
});

export const actOfChase = (native: Native, plan: MemoryPlan): Doing<MemoryVisit> => ({
  cpus: [plan.cpu],
  call: () => native.memory(plan),
  threads: ({ thread }) => [thread],
  taints: (visit, around) => memoryTaintsOf(plan, visit, around),
});

/** Of threads that did not meet, what they cost is true and the rest is not. */
const spentOnly = (thread: Visit['a']) => ({ ...thread, gapNs: 0, gaps: 0 });
