/**
 * What a CPU family can count: one file of models/ for each, written down from the vendors' tables and the kernel's.
 * Checked when the program is built, and again where a user adds to it in the configuration.
 */
import { z } from 'zod';
import { hardwareSignalNames, latencyUnits, units } from '../signals.ts';

/** Numbers of a register; YAML reads 0xd3 as it stands. Beyond 2^53 they are written as text, '0x…'. */
const register = z
  .union([z.int().min(0), z.string().regex(/^0x[0-9a-f]{1,16}$/)])
  .transform((given) => BigInt(given))
  .meta({ allowed: "a whole number, 0x…, beyond 2^53 '0x…' in quotes" });

const fields = z.record(z.string(), register);

const event = z.strictObject({
  /** The vendor's name. */
  event: z.string().min(1),
  /** Name in /sys/bus/event_source/devices without the number of the box: uncore_cha, amd_df. Left out: the core. */
  pmu: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/)
    .meta({ allowed: 'the name of a PMU in /sys/bus/event_source/devices without the number at its end' })
    .default('cpu'),
  /** By the names in the PMU's sysfs format/; the config of a PMU that has such a folder is built from them. */
  fields: fields.default({}),
  /** What the fields come to by Linux 6.12's formats; a generic event (PERF_TYPE_HARDWARE) by its number. */
  config: register.default(0n),
  config1: register.default(0n),
  /** The kernel knows the event by this name, in the PMU's sysfs events/: instead of fields and config. */
  alias: z.string().min(1).optional(),
  /** A generic event: the kernel chooses the counter, a fixed one where there is one. */
  generic: z.boolean().default(false),
  /** Counters it may run on; empty: any. */
  counters: z
    .array(z.int().min(0).max(63))
    .meta({ allowed: 'a list of numbers of counters, from 0' })
    .default([]),
  /** What one count stands for: bytes, or the sampling ratio. */
  scale: z.number().positive().meta({ allowed: 'a number above 0' }).default(1),
  /** Further events of the same PMU whose counts are added: links, for one. */
  and: z
    .array(
      z.strictObject({ event: z.string().min(1), fields: fields.default({}), config: register.default(0n) }),
    )
    .default([]),
  /** Only on these boxes of the PMU; the other half counts its sibling. Addresses are hashed over all. */
  boxes: z.enum(['all', 'even', 'odd']).default('all'),
  /** Of read latency: what it is summed in. */
  unit: z.enum(latencyUnits).optional(),
  /** Tables in which these numbers were read; left out: those of the model. */
  read_in: z.array(z.string()).default([]),
});
export type ModelEvent = z.output<typeof event>;

const signal = z.enum(hardwareSignalNames);
const counters = z.int().min(1).max(64);

/** A CPU model, or a range of them: AMD gives a core sixteen at a time. */
// > 0x30-0x4f
const models = z
  .union([z.int().min(0), z.string().regex(/^0x[0-9a-f]{1,3}-0x[0-9a-f]{1,3}$/)])
  .transform((given) => {
    const [from = 0, to = from] = String(given).split('-').map(Number);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  })
  .meta({ allowed: 'a CPU model, or a range of them as 0x30-0x4f' });

const shape = {
  id: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .meta({ allowed: 'small letters, digits and -' }),
  name: z.string().min(1),
  /** x86: CPUID as /proc/cpuinfo shows it. Arm: implementer as vendor, part as model. */
  match: z.strictObject({
    vendor: z.string().min(1),
    family: z.int().optional(),
    models: z
      .array(models)
      .min(1)
      .max(64) // a range holds up to 4,096
      .transform((lists) => lists.flat())
      .meta({ allowed: 'a list of at most 64' }),
    steppings: z
      .tuple([z.int(), z.int()])
      .meta({ allowed: 'the first and the last stepping, as [0, 4]' })
      .optional(),
  }),
  unit: z.enum(units),
  counters: z.strictObject({
    /** General counters of a logical CPU; null: only the machine knows. */
    general: counters.nullable(),
    /** The same with SMT off, where that gives more. */
    without_smt: counters.optional(),
    /** Signals with a counter of their own. */
    fixed: z.array(signal).default([]),
    /** Different offcore_rsp values that may run at once; 0: no such register. */
    offcore: z.int().min(0).max(8).default(0),
    /** General counters of one box of an uncore PMU, by the PMU; not listed: not known. */
    uncore: z.record(z.string(), counters).default({}),
  }),
  /** Tables in which the numbers of all events were read that do not say so themselves. */
  read_in: z.array(z.string()).default([]),
  signals: z.partialRecord(signal, event),
  /** Events that must be counted in the same slice of time stand in one group. The first is always on. */
  groups: z.record(
    z
      .string()
      .regex(/^[a-z0-9_]+$/)
      .meta({ allowed: 'small letters, digits and _' }),
    z.array(signal).min(1),
  ),
  /** What a reader of the numbers must know. */
  notes: z.array(z.string()).default([]),
};

export const modelSchema = z.strictObject(shape);
export type Model = z.output<typeof modelSchema>;

/** What a user says of a model: of one of ours only what is different, of a new one everything. */
const userModel = z.strictObject({
  id: shape.id,
  name: shape.name.optional(),
  match: shape.match.optional(),
  unit: shape.unit.optional(),
  counters: shape.counters.optional(),
  read_in: z.array(z.string()).optional(),
  signals: shape.signals.optional(),
  groups: shape.groups.optional(),
  notes: z.array(z.string()).optional(),
});
export type UserModel = z.output<typeof userModel>;

export const modelsOption = z
  .array(userModel)
  .meta({ allowed: 'a list of CPU models, or of changes to ours by id' })
  .default([]);
