import { z } from 'zod';
import type { Ring } from '../host/host.ts';
import type { Metric } from '../sample.ts';
import { kind, type Probe } from '../source.ts';
import { tickSeconds } from './planner.ts';
import { usable } from './taint.ts';
import type { Visitor } from './visit.ts';

const labels = ['src_socket', 'dst_socket', 'distance', 'batch'] as const;
const batches = ['1', '512', 'line'] as const;

const ringItems = {
  name: 'numacanary_probe_ring_items_total',
  kind: 'counter',
  labels,
  per: ['directed_lane'],
  closed: { batch: batches },
  help:
    'Items of 8 bytes that crossed a single-producer single-consumer ring from a CPU of src_socket to one of ' +
    'dst_socket, the ring on the producer’s node. batch: items per published index, or one cache line of 7.',
  tells:
    'Over ring_seconds_total: items a second; batch 1 shows what a per-item queue pays for the distance.',
} as const satisfies Metric;

const ringSeconds = {
  name: 'numacanary_probe_ring_seconds_total',
  kind: 'counter',
  labels,
  per: ['directed_lane'],
  closed: { batch: batches },
  help: 'Time in which those items crossed, by the consumer’s clock, undisturbed laps only.',
  tells: 'The divisor of ring_items_total.',
} as const satisfies Metric;

export const throughputOptions = z.strictObject({
  /** One visit this often on one and two sockets, oftener on more. */
  period_seconds: z.number().min(5).max(600).default(20),
  /** Time for each of the three rings. */
  step_us: z.int().min(100).max(2000).default(500),
});

export const throughput = (options: z.output<typeof throughputOptions>, visitor: Visitor): Probe => ({
  name: 'throughput',
  metrics: [ringItems, ringSeconds],
  periodSeconds: (topology) => tickSeconds(options.period_seconds, topology.sockets.length),
  async read(context) {
    const clean = await visitor.visit(context, {
      probe: 'throughput',
      steps: ['ring_512', 'ring_1', 'ring_line'],
      stepNs: options.step_us * 1000,
      deadlineNs: 10e6,
      tickSeconds: tickSeconds(options.period_seconds, context.topology.sockets.length),
      directed: true,
    });
    return clean.flatMap(({ lane, from, to, visit }) => {
      const crossed = (batch: (typeof batches)[number], ring: Ring) => {
        if (!usable(ring)) return [];
        const labels = { src_socket: String(from), dst_socket: String(to), distance: lane.distance, batch };
        return [
          { metric: ringItems, labels, value: ring.items },
          { metric: ringSeconds, labels, value: ring.elapsedNs / 1e9 },
        ];
      };
      return [
        ...crossed('512', visit.ring512),
        ...crossed('1', visit.ring1Item),
        ...crossed('line', visit.ringLine),
      ];
    });
  },
});

export const throughputKind = (visitor: Visitor) =>
  kind('throughput', throughputOptions, (options) => throughput(options, visitor));
