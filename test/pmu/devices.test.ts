import { describe, expect, it } from 'vitest';
import { devicesOf, isCore } from '../../src/pmu/devices.ts';
import { deviceOf, factsOf } from './models.ts';

describe('devices', () => {
  it.each([
    ['cpu', true],
    ['cpu_core', true],
    ['cpu_atom', true],
    ['armv8_pmuv3_0', true],
    ['armv8_neoverse_n1', true],
    ['armv9_cortex_a510', true],
    ['arm_cmn_0', false],
    ['arm_spe_0', false],
    ['arm_dsu_0', false],
    ['uncore_cha_0', false],
    ['power', false],
    ['software', false],
  ])('%s counts for cores: %s', (name, expected) => {
    expect(isCore({ name })).toBe(expected);
  });

  it.each([
    ['uncore_imc', ['uncore_imc_0', 'uncore_imc_2', 'uncore_imc_10']],
    ['uncore_upi', []],
    ['amd_df', ['amd_df']],
    ['cpu', ['cpu']],
  ])('of %s are those of its name and a number, in order', (pmu, names) => {
    const pmus = [
      'cpu',
      'uncore_imc_10',
      'uncore_imc_2',
      'uncore_imc_0',
      'uncore_imc_free_running_0',
      'amd_df',
    ];
    const facts = factsOf({ pmus: pmus.map((name, type) => deviceOf(name, type)) });
    expect(devicesOf(facts, pmu).map(({ name }) => name)).toEqual(names);
  });
});
