/**
 * What a CPU family can count: one file of models/ for each, written down from the vendors' tables and the kernel's.
 * Checked when the program is built, and again where a user adds to it in the configuration.
 */
import { z } from 'zod';
import { hardwareSignalNames, latencyUnits, units } from './signals.ts';

/** Numbers of a register; YAML reads 0xd3 as it stands. Beyond 2^53 they are written as text, '0x…'. */
const register = z
  .union([z.int().min(0), z.string().regex(/^0x[0-9a-f]{1,16}$/)])
  .transform((given) => BigInt(given))
  .meta({ allowed: "a whole number, 0x… or '0x…'" });

const event = z.strictObject({
  /** The vendor's name. */
  event: z.string().min(1),
  /** Name in /sys/bus/event_source/devices without the number of the box: uncore_cha, amd_df. Left out: the core. */
  pmu: z.string().default('cpu'),
  /** By the names in the PMU's sysfs format/; the config of a PMU that has such a folder is built from them. */
  fields: z.record(z.string(), register).default({}),
  /** What the fields come to by Linux 6.12's formats; a generic event (PERF_TYPE_HARDWARE) by its number. */
  config: register,
  config1: register.default(0n),
  /** A generic event: the kernel chooses the counter, a fixed one where there is one. */
  generic: z.boolean().default(false),
  /** Counters it may run on; empty: any. */
  counters: z.array(z.int().min(0).max(63)).default([]),
  /** What one count stands for: bytes, or the sampling ratio. */
  scale: z.number().positive().default(1),
  /** Further events of the same PMU whose counts are added: links, for one. */
  and: z
    .array(
      z.strictObject({
        event: z.string(),
        fields: z.record(z.string(), register).default({}),
        config: register,
      }),
    )
    .default([]),
  /** Only on these boxes of the PMU; the other half counts its sibling. Addresses are hashed over all. */
  boxes: z.enum(['all', 'even', 'odd']).default('all'),
  /** Of read latency: what it is summed in. */
  unit: z.enum(latencyUnits).optional(),
  /** Tables in which these numbers were read. */
  read_in: z.array(z.string()).min(1),
});
export type ModelEvent = z.output<typeof event>;

const signal = z.enum(hardwareSignalNames);

export const modelSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  name: z.string().min(1),
  /** x86: CPUID as /proc/cpuinfo shows it. Arm: implementer as vendor, part as model. */
  match: z.strictObject({
    vendor: z.string(),
    family: z.int().optional(),
    models: z.array(z.int().min(0)).min(1),
    steppings: z.tuple([z.int(), z.int()]).optional(),
  }),
  unit: z.enum(units),
  counters: z.strictObject({
    /** General counters of a logical CPU; null: only the machine knows. */
    general: z.int().min(1).max(64).nullable(),
    /** The same with SMT off, where that gives more. */
    without_smt: z.int().min(1).max(64).optional(),
    /** Signals with a counter of their own. */
    fixed: z.array(signal).default([]),
    /** Different offcore_rsp values that may run at once; 0: no such register. */
    offcore: z.int().min(0).max(8).default(0),
  }),
  signals: z.partialRecord(signal, event),
  /** Events that must be counted in the same slice of time stand in one group. The first is always on. */
  groups: z.record(z.string().regex(/^[a-z0-9_]+$/), z.array(signal).min(1)),
  /** What a reader of the numbers must know. */
  notes: z.array(z.string()).default([]),
});
export type Model = z.output<typeof modelSchema>;
