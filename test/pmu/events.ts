import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';

/** The table that the catalogue is written from, where the study of it lies beside the repository. */
const path = resolve(import.meta.dirname, '../../../shared/pmu/events.json');

const number = z.union([z.int(), z.string()]).transform((given) => BigInt(given));
const entry = z.object({
  event: z.string().optional(),
  pmu: z.string().optional(),
  pmu_prefix: z.string().optional(),
  fields: z.record(z.string(), number).optional(),
  config: number.optional(),
  config1: number.optional(),
  counters: z.union([z.array(z.int()), z.string()]).optional(),
  class: z.string().optional(),
  verified_in: z.array(z.string()).optional(),
});
const whole = entry.extend({ sum_of: z.array(entry).optional() });
const table = z.object({
  cpus: z.array(
    z.object({
      id: z.string(),
      match: z.object({
        vendor: z.string(),
        family: z.int().optional(),
        models: z.array(z.int()).optional(),
        stepping_range: z.tuple([z.int(), z.int()]).nullish(),
        midr_implementer: z.int().optional(),
        midr_part: z.int().optional(),
      }),
      signals: z.record(z.string(), entry),
      uncore: z.record(z.string(), whole).default({}),
    }),
  ),
});

export type Entry = z.output<typeof entry>;
export type Cpu = z.output<typeof table>['cpus'][number];

export const haveEvents = existsSync(path);

export const cpusOfEvents = (): readonly Cpu[] =>
  haveEvents ? table.parse(JSON.parse(readFileSync(path, 'utf8'))).cpus : [];

/** Every event of a CPU, those of sums one by one. */
export const eventsOf = ({ signals, uncore }: Cpu): readonly Entry[] => [
  ...Object.values(signals),
  ...Object.values(uncore).flatMap(({ sum_of, ...one }) => sum_of ?? [one]),
];
