import { beforeAll, describe, expect, test } from 'vitest';
import { fallen } from './counts.ts';
import type { Counted, Given } from './counts.ts';
import { noLab } from './lab.ts';
import { amd, expectExact, intel, machineNamed, pageOf, sapphireRapids, watch } from './pmu.ts';
import type { Seen } from './pmu.ts';

interface Found {
  readonly exact: readonly (readonly Given[])[];
}

interface Family {
  readonly name: string;
  readonly cpu: string;
  readonly topology: string;
  readonly core: readonly Counted[];
}

const families: readonly Family[] = [
  { name: 'Sapphire Rapids', topology: '2s4n', cpu: sapphireRapids, core: intel },
  {
    name: 'Ice Lake-SP',
    topology: '2s2n',
    cpu: 'max,vendor=GenuineIntel,family=6,model=106,stepping=6',
    core: intel,
  },
  { name: 'Zen 4', topology: '2s2n', cpu: 'max,vendor=AuthenticAMD,family=25,model=17', core: amd },
  { name: 'Zen 3', topology: '2s2n', cpu: 'max,vendor=AuthenticAMD,family=25,model=1', core: amd },
];

describe.skipIf(noLab()).each(families)('$name, $topology', ({ cpu, topology, core }) => {
  const machine = machineNamed(topology);
  let seen: Seen<Found>;
  beforeAll(async () => {
    seen = await watch<Found>({ machine, cpu, core, acts: ['exact'] });
  });

  test('each socket and node has what its CPUs counted, exactly', () => {
    expectExact(
      { machine, core },
      seen.found.exact,
      pageOf(seen, 'exact before'),
      pageOf(seen, 'exact after'),
    );
  });

  test('no total ever falls', () => {
    expect(fallen(seen.pages)).toEqual([]);
  });

  test('the daemon ends with exit code 0 and has closed every counter', () => {
    expect(seen).toMatchObject({ stopped: { code: 0 }, openAfterwards: 0 });
  });
});
