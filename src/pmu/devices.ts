/** Which entries of /sys/bus/event_source/devices a signal is counted by. Pure. */
import type { Facts, PmuDevice } from './facts.ts';

// cpu; hybrids have one for each kind of core; arm64 names them by core or armv8_pmuv3_0 (arm_cmn, arm_spe… are not).
const core = /^(cpu|cpu_core|cpu_atom|armv\d+_\w+|arm_(cortex|neoverse)\w*)$/;

export const isCore = ({ name }: Pick<PmuDevice, 'name'>) => core.test(name);

/** Devices of a model's PMU name, by number: those of `uncore_cha` are uncore_cha_0, uncore_cha_1… */
export function devicesOf({ pmus }: Facts, pmu: string): readonly PmuDevice[] {
  if (pmu === 'cpu') return pmus.filter(isCore);
  return pmus
    .filter(
      ({ name }) => name === pmu || (name.startsWith(`${pmu}_`) && /^\d+$/.test(name.slice(pmu.length + 1))),
    )
    .toSorted((a, b) => numberOf(a) - numberOf(b));
}

/** 12 of uncore_cha_12; 0 of a PMU that is the only one of its kind. */
export const numberOf = ({ name }: PmuDevice) => Number(/_(\d+)$/.exec(name)?.[1] ?? 0);
