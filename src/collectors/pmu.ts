import { z } from 'zod';
import type { Counters, Reading } from '../perf/counters.ts';
import { matchModel } from '../pmu/catalogue/models.ts';
import { modelsOption } from '../pmu/catalogue/model.ts';
import type { Model } from '../pmu/catalogue/model.ts';
import { pmuReasons } from '../pmu/plan.ts';
import { hardwareSignalNames, hardwareSignals, units } from '../pmu/signals.ts';
import type { Metric, Sample } from '../sample.ts';
import type { Kind, Source } from '../source.ts';
import { missingStates, statusOf, totalsOf } from './counted.ts';

const status = {
  name: 'numacanary_pmu_signal_status',
  kind: 'gauge',
  labels: ['signal', 'status', 'reason'],
  closed: { signal: hardwareSignalNames, status: missingStates, reason: pmuReasons },
  inPlaceOfAnother: true,
  help:
    'Why a signal of this CPU’s model is not counted: a series for each such signal, always 1; none for one that is counted. ' +
    '`numacanary doctor` says in a sentence what to do about a reason.',
  tells:
    'What this host cannot tell and whose turn it is: absent nobody’s, denied the operator’s, failed look.',
} as const satisfies Metric;

const coverage = {
  name: 'numacanary_pmu_coverage_ratio',
  kind: 'gauge',
  labels: ['socket', 'group'],
  per: ['socket'],
  open: 11,
  help:
    'Time counted over time that passed, all CPUs of a socket together, since the reading before; of a group that takes ' +
    'turns over the time since its last turn. Counters of that group are scaled up by it.',
  tells: 'How much of what the counters say was seen, and how much is taken to be like it.',
} as const satisfies Metric;

const info = {
  name: 'numacanary_pmu_info',
  kind: 'gauge',
  labels: ['model', 'unit'],
  closed: { unit: units },
  oneAtATime: true,
  help: 'The model of the catalogue by which this CPU is counted, and what it counts as a load. Always 1.',
  tells: 'Which hosts count the same thing: never compare loads of different units.',
} as const satisfies Metric;

const cpus = {
  name: 'numacanary_pmu_cpus',
  kind: 'gauge',
  labels: ['state'],
  closed: { state: ['counted', 'skipped'] },
  help: 'Online CPUs on which something is counted, and the others: isolated, nohz_full, or refused by the kernel.',
  tells: 'Whether the sums of a socket are of all its CPUs.',
} as const satisfies Metric;

const calibration = {
  name: 'numacanary_pmu_calibration_ratio',
  kind: 'gauge',
  labels: ['signal'],
  closed: {
    signal: ['instructions', 'load_local_dram', 'load_remote_dram', 'load_remote_hitm', 'load_remote_cache'],
  },
  atMost: 4,
  help:
    'What a counter counted, over what was done at the start to make it count, on the socket where it did worst: instructions of a known ' +
    'loop, loads of flushed lines, hand-offs between sockets. Other work adds to all but instructions.',
  tells: 'Whether a virtual PMU is to be believed: instructions must be 1, the others at least 0.5.',
} as const satisfies Metric;

const metrics: readonly Metric[] = [
  ...new Set(Object.values(hardwareSignals).map(({ metric }) => metric)),
  status,
  coverage,
  info,
  cpus,
  calibration,
];

export const pmuOptions = z.strictObject({
  /** Whether core counters must count a known loop right before they are believed. */
  calibration: z.enum(['enforce', 'report', 'off']).default('enforce'),
  /** General counters of each CPU left to perf, guests and others, unless fewer than five would be left to us. */
  leave_counters: z.int().min(0).max(8).default(1),
  /** One group that does not fit beside the others has a second so often; 0: none has. */
  turn_period_seconds: z.number().min(0).max(3600).default(10),
  models: modelsOption,
});
export type PmuOptions = z.output<typeof pmuOptions>;

export const pmu = (counters: Counters, models: readonly Model[]): Source => ({
  name: 'pmu',
  metrics,
  async read(context) {
    const reading = await counters.read(context);
    const model = matchModel(models, context.topology.identity);
    return [
      ...totalsOf(reading),
      ...statusOf(status, reading),
      ...reading.coverage.map(({ group, socket, ratio }) => ({
        metric: coverage,
        labels: { socket: String(socket), group },
        value: ratio,
      })),
      ...(model ? [{ metric: info, labels: { model: model.id, unit: model.unit }, value: 1 }] : []),
      ...cpusOf(reading, context.topology.cpus.length),
      ...reading.calibrated.map(({ signal, ratio }) => ({
        metric: calibration,
        labels: { signal },
        value: ratio,
      })),
    ];
  },
});

/** Made of counters that were made by its options. */
export const pmuKind = (counters: Counters, models: readonly Model[]): Kind => ({
  name: 'pmu',
  options: pmuOptions,
  make: () => pmu(counters, models),
});

const cpusOf = ({ cpus: counted }: Reading, online: number): Sample[] => [
  { metric: cpus, labels: { state: 'counted' }, value: counted },
  { metric: cpus, labels: { state: 'skipped' }, value: Math.max(0, online - counted) },
];
