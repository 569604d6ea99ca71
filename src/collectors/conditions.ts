import { z } from 'zod';
import { conditions, counted, published } from '../conditions/all.ts';
import type { ConditionBooks } from '../conditions/books.ts';
import { valueOf } from '../conditions/condition.ts';
import type { Reading } from '../conditions/condition.ts';
import type { Taken } from '../conditions/document.ts';
import { checkNames, checkStates, ladder } from '../conditions/ladder.ts';
import { readConditions } from '../conditions/read.ts';
import { Absent } from '../errors.ts';
import type { Metric } from '../sample.ts';
import { kind } from '../source.ts';
import type { Context, Sampler } from '../source.ts';

const changesTotal = {
  name: 'numacanary_conditions_changes_total',
  kind: 'counter',
  labels: ['condition'],
  closed: { condition: counted.map(({ name }) => name) },
  help: 'Changes of a condition from one value to another, looked at every collectors.conditions.period_seconds while the daemon runs; there and back within it is none.',
  tells:
    'That numbers before and after are not to be compared; /api/v1/conditions has the last 50 with their time.',
} as const satisfies Metric;

const checkState = {
  name: 'numacanary_reproducibility_check',
  kind: 'gauge',
  labels: ['check', 'state'],
  closed: { check: checkNames, state: checkStates },
  atMost: checkNames.length,
  help: 'The reproducibility ladder, one series for each of its seven checks, made from the conditions. Always 1.',
  tells:
    'Whether a number taken now would be found again; numacanary conditions says why not and what to do.',
} as const satisfies Metric;

const info = (extra: readonly string[]) =>
  ({
    name: 'numacanary_condition_info',
    kind: 'gauge',
    labels: ['condition', 'value'],
    closed: { condition: [...published.map(({ name }) => name), ...extra] },
    help: 'What this host is set to, of /proc and /sys; what cannot be read has no series, and /api/v1/conditions says why. Always 1.',
    tells:
      'Which hosts may be compared, and what changed across a reboot: docs/conditions.md has the PromQL.',
  }) as const satisfies Metric;

const taken = new Set(conditions.map(({ name }) => name));

const extraOptions = z
  .record(
    z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,39}$/)
      .refine((key) => !taken.has(key))
      .meta({ allowed: 'small letters, digits and _, at most 40, and no name of a condition of ours' }),
    z
      .string()
      .regex(/^[^\p{C}]{1,100}$/u)
      .meta({ allowed: 'text of 1 to 100 characters (numbers in quotes)' }),
  )
  .refine((extra) => Object.keys(extra).length <= 20)
  .meta({ allowed: 'at most 20 keys, each with a text' });

export const conditionsOptions = z.strictObject({
  period_seconds: z.number().min(1).max(3600).default(60),
  /** Path below /sys/fs/cgroup of the workload whose numbers are to be compared. */
  measured_cgroup: z
    .string()
    .regex(/^[^/](?!.*\.\.)[^\p{C}]{0,400}$/u)
    .meta({ allowed: 'a path below /sys/fs/cgroup, as in "system.slice/db.service"' })
    .nullable()
    .default(null),
  extra: extraOptions.default({}),
});

export type ConditionsOptions = z.output<typeof conditionsOptions>;

export const conditionsKind = (books: ConditionBooks) =>
  kind('conditions', conditionsOptions, (options): Sampler => {
    const conditionInfo = info(Object.keys(options.extra));
    let lookedAt: number | undefined;
    let looking: Promise<void> | undefined;

    async function look(context: Context): Promise<void> {
      const { clock, log } = context.host;
      lookedAt = clock.now();
      const changes = books.add(await takeConditions(context, options, books.reading()));
      for (const { condition, from, to } of changes) log.info('condition changed', { condition, from, to });
    }

    return {
      name: 'conditions',
      metrics: [conditionInfo, changesTotal, checkState],
      async tick(context) {
        const due = lookedAt === undefined || context.host.clock.now() - lookedAt >= options.period_seconds;
        if (due) await (looking = look(context));
      },
      async read(context) {
        await (looking ??= look(context));
        const reading = books.reading();
        const known = published.flatMap(({ name }) => {
          const value = valueOf(reading, name);
          return value === null ? [] : [[name, value] as const];
        });
        if (known.length === 0)
          throw new Absent('nothing of /proc and /sys that says what this host is set to');
        return [
          ...[...known, ...Object.entries(options.extra)].map(([condition, value]) => ({
            metric: conditionInfo,
            labels: { condition, value },
            value: 1,
          })),
          ...[...books.counts()].map(([condition, value]) => ({
            metric: changesTotal,
            labels: { condition },
            value,
          })),
          ...ladder(reading, options.extra).map(({ check, state }) => ({
            metric: checkState,
            labels: { check, state },
            value: 1,
          })),
        ];
      },
    };
  });

/** Everything that is known of the conditions at this moment. */
export async function takeConditions(
  { host: { files, clock }, topology }: Omit<Context, 'signal'>,
  { extra, measured_cgroup: measured }: ConditionsOptions,
  before: Reading = {},
): Promise<Omit<Taken, 'changes'>> {
  const [reading, name] = await Promise.all([
    readConditions({ files, topology, measured }, before),
    files.read('/proc/sys/kernel/hostname').catch(() => 'unknown'),
  ]);
  return { reading, name: name.trim(), topology, wall: clock.wall(), extra };
}
