import { z } from 'zod';
import type { Metric } from '../sample.ts';
import { kind, type Probe } from '../source.ts';
import { boundsOn, histogramOf } from './histogram.ts';
import { laneLabels } from './lanes.ts';
import { tickSeconds } from './planner.ts';
import type { Visitor } from './visit.ts';

const experiencedSeconds = {
  name: 'numacanary_probe_experienced_latency_seconds',
  kind: 'histogram',
  labels: ['src_socket', 'dst_socket', 'distance'],
  per: ['lane'],
  help:
    'Single hand-offs on a paced schedule, half a round trip from the intended start: preemption, interrupts and ' +
    'steal are in it (halved, as all of the round trip), up to the 20 ms that a visit lasts.',
  tells: 'What a latency-sensitive thread lives through on this host, scheduler included.',
  bounds: [3e-7, 3e-6, 3e-5, 1e-3],
} as const satisfies Metric;

export const experiencedOptions = z.strictObject({
  /** One visit this often on one and two sockets, oftener on more. */
  period_seconds: z.number().min(2).max(600).default(10),
  /** Time over which the hand-offs of one visit are spread. */
  step_us: z.int().min(100).max(5000).default(1000),
});

export const experienced = (options: z.output<typeof experiencedOptions>, visitor: Visitor): Probe => ({
  name: 'experienced',
  metrics: [experiencedSeconds],
  periodSeconds: (topology) => tickSeconds(options.period_seconds, topology.sockets.length),
  async read(context) {
    const sockets = context.topology.sockets.length;
    const clean = await visitor.visit(context, {
      probe: 'experienced',
      steps: ['experienced'],
      stepNs: options.step_us * 1000,
      deadlineNs: 20e6,
      tickSeconds: tickSeconds(options.period_seconds, sockets),
    });
    const bounds = boundsOn(experiencedSeconds, sockets, context.topology.numaNodes.length);
    return clean.map(({ lane, visit }) => ({
      metric: experiencedSeconds,
      labels: laneLabels(lane),
      value: histogramOf(
        bounds,
        visit.experiencedNs.map((ns) => ns / 1e9),
      ),
    }));
  },
});

export const experiencedKind = (visitor: Visitor) =>
  kind('experienced', experiencedOptions, (options) => experienced(options, visitor));
