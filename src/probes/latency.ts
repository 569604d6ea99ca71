import { z } from 'zod';
import type { Sample } from '../sample.ts';
import { kind, type Probe } from '../source.ts';
import type { Metric } from '../sample.ts';
import { median } from '../quantile.ts';
import { boundsOn, histogramOf } from './histogram.ts';
import { laneLabels } from './lanes.ts';
import { hostLoads } from './load.ts';
import { createOrder } from './order.ts';
import { goodForSeconds, tickSeconds } from './planner.ts';
import { cleanGroups } from './taint.ts';
import type { CleanVisit, Visitor } from './visit.ts';

const laneNames = ['src_socket', 'dst_socket', 'distance'] as const;
const gaugeNames = [...laneNames, 'pattern', 'home', 'host_load'] as const;
const homes = ['writer', 'reader'] as const;

const latencySeconds = {
  name: 'numacanary_probe_latency_seconds',
  kind: 'histogram',
  labels: laneNames,
  per: ['lane'],
  help:
    'Hand-off of a cache line between two CPUs: half a round trip over two lines, one per direction, plain stores, ' +
    'lines on their writer’s node. Means of 16 hand-offs: no tail. Comparable with c2clat; CAS tools print about half.',
  tells: 'What a load that hits a line just written by the other CPU costs, and since when.',
  // Up to 1.43 us; above it is +Inf. Narrow enough that a tenth more shows as a shift between two buckets.
  bounds: Array.from({ length: 26 }, (_, k) => nano(15 * 1.2 ** k)),
  thinned: [
    { aboveNodes: 4, every: 2 },
    { aboveNodes: 16, every: 3 },
  ],
} as const satisfies Metric;

const medianSeconds = {
  name: 'numacanary_probe_latency_median_seconds',
  kind: 'gauge',
  labels: gaugeNames,
  per: ['lane'],
  closed: { pattern: ['cas1', 'store2'], home: homes, host_load: hostLoads },
  atMost: 3, // cas1 has the lines on their writer's node only
  newestOnly: 'host_load',
  fold: { kind: 'median', of: 5 },
  help:
    'Median hand-off, half a round trip, over the last 5 clean visits at this host_load. pattern: cas1 is one line by compare-and-swap, ' +
    'store2 two lines by plain stores. home: whose memory node holds the lines.',
  tells: 'The one number of a distance; it moves in full within three visits of a change.',
} as const satisfies Metric;

const floorSeconds = {
  name: 'numacanary_probe_latency_floor_seconds',
  kind: 'gauge',
  labels: gaugeNames,
  per: ['lane'],
  closed: { pattern: ['store2'], home: ['writer'], host_load: hostLoads },
  newestOnly: 'host_load',
  fold: { kind: 'min', windowSeconds: 600 },
  help: 'Least mean of 16 hand-offs, half a round trip, in the last 10 minutes at this host_load.',
  tells: 'What the wires and caches allow: when it rises, the hardware or its clock changed, not the load.',
} as const satisfies Metric;

const maxSeconds = {
  name: 'numacanary_probe_latency_max_seconds',
  kind: 'gauge',
  labels: [...laneNames, 'window'],
  per: ['lane'],
  closed: { window: ['5m'] },
  fold: { kind: 'max', windowSeconds: 300 },
  help: 'Greatest mean of 16 undisturbed hand-offs, half a round trip, in the last 5 minutes.',
  tells: 'A burst of contention on the interconnect that a slow scrape of the median misses.',
} as const satisfies Metric;

const lastClean = {
  name: 'numacanary_probe_last_clean_timestamp_seconds',
  kind: 'gauge',
  labels: laneNames,
  per: ['lane'],
  help: 'When the last clean latency visit ended, seconds since 1970.',
  tells: 'Whether the canary still sings: its age is the age of every latency beside it.',
} as const satisfies Metric;

const classMismatch = {
  name: 'numacanary_probe_class_mismatch',
  kind: 'gauge',
  labels: laneNames,
  per: ['lane'],
  help: '1 where this distance measures more than 25 % faster than a nearer one of the same sockets, else 0.',
  tells:
    'That the topology the kernel was told is not the topology the caches have, as in many virtual machines.',
} as const satisfies Metric;

export const latencyOptions = z.strictObject({
  /** One visit this often on one and two sockets, oftener on more. */
  period_seconds: z.number().min(0.5).max(60).default(2),
  /** Time for the store ping-pong; the whole visit is about twice as long. */
  step_us: z.int().min(20).max(1000).default(300),
});

export const latency = (options: z.output<typeof latencyOptions>, visitor: Visitor): Probe => {
  const order = createOrder();
  return {
    name: 'latency',
    metrics: [latencySeconds, medianSeconds, floorSeconds, maxSeconds, lastClean, classMismatch],
    periodSeconds: (topology) => tickSeconds(options.period_seconds, topology.sockets.length),
    async read(context) {
      const sockets = context.topology.sockets.length;
      const clean = await visitor.visit(context, {
        probe: 'latency',
        steps: ['store2'],
        stepNs: options.step_us * 1000,
        deadlineNs: 5e6,
        tickSeconds: tickSeconds(options.period_seconds, sockets),
        homes: true,
        burst: true,
        floor: true,
      });
      const bounds = boundsOn(latencySeconds, sockets, context.topology.numaNodes.length);
      return clean.flatMap((one) => {
        const now = context.host.clock.wall();
        const common = samplesOf(one, bounds, now);
        if (one.home === 'reader') return common;
        const goodFor = goodForSeconds(one.revisitSeconds);
        const mismatch = order.contradicts(one.lane, middle(one), context.host.clock.now(), goodFor);
        const labels = laneLabels(one.lane);
        return [
          ...common,
          { metric: classMismatch, labels, value: Number(mismatch), goodForSeconds: goodFor },
        ];
      });
    },
  };
};

export const latencyKind = (visitor: Visitor) =>
  kind('latency', latencyOptions, (options) => latency(options, visitor));

function samplesOf(one: CleanVisit, bounds: readonly number[], now: number): readonly Sample[] {
  const { lane, home, hostLoad, visit } = one;
  const labels = laneLabels(lane);
  // One visit in three has the other home, so that each home comes round no less than every third time.
  const goodFor = { goodForSeconds: goodForSeconds(one.revisitSeconds * (home === 'reader' ? 3 : 1)) };
  const handOffs = cleanGroups(visit.store2).map(oneWay);
  const gauge = (pattern: 'cas1' | 'store2') => ({ ...labels, pattern, home, host_load: hostLoad });
  const stamp = { metric: lastClean, labels, value: now };
  const store2 = median(handOffs);
  const middles =
    store2 === undefined
      ? []
      : [{ metric: medianSeconds, labels: gauge('store2'), value: store2, ...goodFor }];
  if (home === 'reader') return [...middles, stamp];

  const swaps = [...cleanGroups(visit.rulerBefore), ...cleanGroups(visit.rulerAfter)].map(oneWay);
  const cas1 = median(swaps);
  if (cas1 !== undefined)
    middles.push({ metric: medianSeconds, labels: gauge('cas1'), value: cas1, ...goodFor });
  return [
    { metric: latencySeconds, labels, value: histogramOf(bounds, handOffs) },
    ...middles,
    { metric: floorSeconds, labels: gauge('store2'), value: Math.min(...handOffs), ...goodFor },
    { metric: maxSeconds, labels: { ...labels, window: '5m' }, value: Math.max(...handOffs), ...goodFor },
    stamp,
  ];
}

const middle = ({ visit }: CleanVisit) => median(cleanGroups(visit.store2).map(oneWay)) ?? 0;
const oneWay = (roundTripNs: number) => roundTripNs / 2 / 1e9;
/** Seconds with as many digits as mean something. */
function nano(ns: number): number {
  return Number((ns * 1e-9).toPrecision(4));
}
