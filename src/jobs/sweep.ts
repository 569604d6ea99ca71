import { z } from 'zod';
import { coresOf, planVisit } from '../probes/plan.ts';
import { emptyMatrix, sweep, type Matrix } from '../probes/sweep.ts';
import type { Visitor } from '../probes/visit.ts';
import { kind, type Job } from '../source.ts';
import { cronOption } from './cron.ts';

export const sweepOptions = z.strictObject({
  /** Off by default: it grows as the square of the cores. `numacanary probe --matrix` is the sweep by hand. */
  cron: cronOption.default(null),
});

/** Every core with every core by compare-and-swap, out of the probes' budget; goes on where it was stopped. */
export const sweepKind = (visitor: Visitor) =>
  kind('sweep', sweepOptions, ({ cron }): Job => ({
    name: 'sweep',
    metrics: [],
    cron,
    async run(context, progress, before) {
      const { topology, signal } = context;
      const cores = coresOf(visitor.eligible(topology));
      const result = await sweep(unfinished(before, cores) ?? emptyMatrix(cores), {
        plan: (cpuA, cpuB) => planVisit(topology, visitor.spin(topology), [cpuA, cpuB], []),
        visit: (plan) => visitor.onDemand.visit(context, plan),
        onProgress: (matrix) => progress(matrix.done, matrix.total, matrix),
        signal,
      });
      return { result, samples: [] };
    },
  }));

/** The matrix of a run that was broken off, if it was of these CPUs. */
function unfinished(before: unknown, cpus: readonly number[]): Matrix | undefined {
  const matrix = before as Matrix | null; // what this job itself returned or reported
  return matrix && matrix.done < matrix.total && matrix.cpus.join() === cpus.join() ? matrix : undefined;
}
