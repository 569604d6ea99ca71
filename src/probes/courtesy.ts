import { z } from 'zod';
import type { Spin } from '../host/host.ts';
import { parseCpulist } from '../parse/cpulist.ts';
import type { Courtesy } from './lanes.ts';
import type { Topology } from '../topology.ts';

/** Bad text is a mistake in the file, with its line; never a probe on a CPU that was to be left alone. */
const cpulist = z
  .string()
  .refine(
    (text) => {
      try {
        return parseCpulist(text).length >= 0;
      } catch {
        return false;
      }
    },
    { error: 'no list of CPUs' },
  )
  .meta({ allowed: 'CPU ids and ranges, as in "0-3,8"' });

const share = (max: number) =>
  z
    .number()
    .positive()
    .max(max)
    .meta({ allowed: `a number above 0, at most ${max}` });

/** How all probes together behave towards the host. */
export const courtesyOptions = z.strictObject({
  /** Share of two CPUs that the visits of one pair of sockets may use. */
  budget_ratio: share(0.1).default(0.0005),
  /** Share of two CPUs that all visits to one socket may use: the hard cap over the budgets of its pairs. */
  cap_ratio: share(0.5).default(0.005),
  /** One latency visit per socket pair at least this often, whatever budget and pressure say. */
  floor_seconds: z.number().min(10).max(3600).default(30),
  include_isolated: z.boolean().default(false),
  exclude_cpus: cpulist.default(''),
  /** `auto`: with PAUSE but on Intel, where it costs some 140 cycles. */
  spin: z.enum(['auto', 'bare', 'pause']).default('auto'),
});
export type CourtesyOptions = z.output<typeof courtesyOptions>;

export const courtesyOf = (options: CourtesyOptions): Courtesy => ({
  includeIsolated: options.include_isolated,
  excluded: new Set(parseCpulist(options.exclude_cpus)),
});

export function spinOf(spin: CourtesyOptions['spin'], topology: Topology): Spin {
  if (spin !== 'auto') return spin;
  return topology.identity.vendor === 'GenuineIntel' ? 'bare' : 'pause';
}
