import { parsePmuFormat } from '../../src/parse/pmu_format.ts';
import type { PmuDevice } from '../../src/pmu/facts.ts';

type Format = Readonly<Record<string, string>>;

const simple = { event: 'config:0-7', umask: 'config:8-15' };
const intelCore = { ...simple, cmask: 'config:24-31', offcore_rsp: 'config1:0-63' };
const iceLakeCha = { ...simple, umask: 'config:8-15,32-57' };
const sapphireCha = { ...simple, umask: 'config:8-15,32-63' };
const oldDf = { event: 'config:0-7,32-35,59-60', umask: 'config:8-15' };
const newDf = { event: 'config:0-7,32-37', umask: 'config:8-15,24-27' };
const newL3 = {
  ...simple,
  enallslices: 'config:46',
  enallcores: 'config:47',
  sliceid: 'config:48-50',
  threadmask: 'config:56-57',
};
const skylakeCha = {
  ...simple,
  filter_rem: 'config1:32',
  filter_loc: 'config1:33',
  filter_nm: 'config1:36',
  filter_not_nm: 'config1:37',
  filter_opc0: 'config1:41-50',
};

/** What Linux 6.12 shows in format/, where CPUs differ; other PMUs of x86 have event and umask in one byte each. */
const special: readonly (readonly [pmu: string, model: RegExp, format: Format])[] = [
  ['cpu', /^intel/, intelCore],
  ['cpu', /^amd/, { ...simple, event: 'config:0-7,32-35' }],
  ['cpu', /^(arm|ampere)/, { event: 'config:0-15' }],
  ['uncore_cbox', /broadwell/, { ...simple, filter_opc: 'config1:52-60' }],
  ['uncore_qpi', /broadwell/, { ...simple, event: 'config:0-7,21' }],
  ['uncore_cha', /skylake|cascadelake/, skylakeCha],
  ['uncore_cha', /icelake/, iceLakeCha],
  ['uncore_cha', /rapids|forest/, sapphireCha],
  ['amd_df', /zen[123]$/, oldDf],
  ['amd_df', /zen[45]$/, newDf],
  ['amd_l3', /zen[345]$/, newL3],
  ['amd_umc', /./, { event: 'config:0-7', rdwrmask: 'config:8-9' }],
];

export function linux612(pmu: string, model: string): PmuDevice {
  const format = special.find(([name, of]) => name === pmu && of.test(model))?.[2] ?? simple;
  return {
    name: pmu === 'cpu' ? pmu : `${pmu}_0`,
    type: pmu === 'cpu' ? 4 : 40,
    cpus: null,
    format: Object.fromEntries(Object.entries(format).map(([field, text]) => [field, parsePmuFormat(text)])),
    events: {},
  };
}
