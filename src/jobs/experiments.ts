import { z } from 'zod';
import { Absent } from '../errors.ts';
import { choosePair } from '../probes/pair.ts';
import { answer, experimentNames, experiments, type Answer } from '../probes/experiments.ts';
import { planVisit } from '../probes/plan.ts';
import type { Visitor } from '../probes/visit.ts';
import type { Metric } from '../sample.ts';
import { kind, type Job } from '../source.ts';
import { distances } from '../topology.ts';
import { cronOption } from './cron.ts';

const experimentRatio = {
  name: 'numacanary_experiment_ratio',
  kind: 'gauge',
  labels: ['experiment', 'distance'],
  closed: { experiment: experimentNames, distance: distances },
  newestOnly: 'distance',
  help:
    'B over A of the daily A/B experiments on the furthest pair of CPUs: padding 128 over 64 bytes, home at the ' +
    'consumer over producer, unpinned over pinned, the other spin method over ours, batch 512 over 1. Items/s for ' +
    'padding, home and batch, hand-off time for pinning and spin. Median of ratios of neighbouring runs.',
  tells: 'Which of the usual remedies is worth its trouble on this machine.',
} as const satisfies Metric;

export const experimentsOptions = z.strictObject({
  cron: cronOption.default('47 3 * * *'),
  rounds: z.int().min(5).max(1000).default(20),
});

const daysGood = 3;

export const experimentsKind = (visitor: Visitor) =>
  kind('experiments', experimentsOptions, ({ cron, rounds }): Job => ({
    name: 'experiments',
    metrics: [experimentRatio],
    cron,
    async run(context, progress) {
      const { topology, signal } = context;
      const furthest = visitor.lanes(topology).at(-1);
      const pair = furthest && choosePair(furthest, strangers);
      if (!furthest || !pair) throw new Absent('no eligible pair of CPUs to experiment on');
      const spin = visitor.spin(topology);
      const questions = experiments(spin);
      const plan = planVisit(topology, spin, [pair.cpuA, pair.cpuB], []);
      const answers: Answer[] = [];
      for (const experiment of questions) {
        const visit = (wanted: typeof plan) => visitor.onDemand.visit(context, wanted);
        answers.push(await answer(experiment, { plan, rounds, visit, signal }));
        progress(answers.length, questions.length, answers);
      }
      const { distance } = furthest;
      return {
        result: answers,
        samples: answers.flatMap(({ name, ratio }) =>
          ratio === null
            ? []
            : [
                {
                  metric: experimentRatio,
                  labels: { experiment: name, distance },
                  value: ratio,
                  goodForSeconds: daysGood * 86_400,
                },
              ],
        ),
      };
    },
  }));

/** Nothing is known of the CPUs: any pair of the furthest kind will do. */
const strangers = { busy: () => undefined, lastUsed: () => 0, lastPlaced: () => 0 };
