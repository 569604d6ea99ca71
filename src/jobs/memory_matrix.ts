import { z } from 'zod';
import { Absent } from '../errors.ts';
import { planMemory } from '../probes/plan.ts';
import { measureMemory } from '../probes/sweep.ts';
import type { Visitor } from '../probes/visit.ts';
import { kind, type Job } from '../source.ts';
import { memoryNodesOf } from '../topology.ts';
import { cronOption } from './cron.ts';

export const memoryMatrixOptions = z.strictObject({
  cron: cronOption.default('17 3 * * *'),
});

/** DRAM latency from every node to every node; the memory probe exports only what stands for the machine. */
export const memoryMatrixKind = (visitor: Visitor) =>
  kind('memory_matrix', memoryMatrixOptions, ({ cron }): Job => ({
    name: 'memory_matrix',
    metrics: [],
    cron,
    async run(context, progress) {
      const { topology, signal } = context;
      const eligible = visitor.eligible(topology);
      const from = [...new Set(eligible.map(({ numaNode }) => numaNode))].toSorted((a, b) => a - b);
      const to = memoryNodesOf(topology).map(({ id }) => id);
      const result = await measureMemory(from, to, {
        plan: (cpuNode, memoryNode) => {
          const plan = planMemory(topology, eligible, cpuNode, memoryNode);
          if (!plan) throw new Absent(`no CPU of node ${cpuNode} that may be used`);
          return plan;
        },
        visit: (plan) => visitor.onDemand.chase(context, plan),
        onProgress: (matrix, done, total) => progress(done, total, matrix),
        signal,
      });
      return { result, samples: [] };
    },
  }));
