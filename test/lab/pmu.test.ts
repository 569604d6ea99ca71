import { beforeAll, describe, expect, test } from 'vitest';
import { changesOf, fallen, statusOf, valueOf } from './counts.ts';
import type { Counted, Given } from './counts.ts';
import { noLab } from './lab.ts';
import * as pmu from './pmu.ts';
import { expectExact, machineNamed, pageOf, watch } from './pmu.ts';
import type { Seen } from './pmu.ts';

interface Found {
  readonly exact: readonly (readonly Given[])[];
  readonly uncore: readonly (readonly Given[])[];
}

interface Family {
  readonly name: string;
  readonly id: string;
  readonly cpu: string;
  readonly topology: string;
  readonly core: readonly Counted[];
  readonly turns: readonly Counted[];
  readonly uncore: readonly Counted[];
  /** So many that the first group need not share them with one that has its turn. */
  readonly counters: Readonly<Record<string, number>>;
}

const families: readonly Family[] = [
  {
    name: 'Sapphire Rapids',
    id: 'intel-sapphire-rapids',
    topology: '2s4n',
    cpu: pmu.sapphireRapids,
    core: pmu.intel,
    turns: pmu.sapphireRapidsTurns,
    uncore: pmu.sapphireRapidsUncore,
    counters: { ncounters: 8, fixed: 1 },
  },
  {
    name: 'Ice Lake-SP',
    id: 'intel-icelake-sp',
    topology: '2s2n',
    cpu: 'max,vendor=GenuineIntel,family=6,model=106,stepping=6',
    core: pmu.intel,
    turns: pmu.iceLakeTurns,
    uncore: pmu.iceLakeUncore,
    counters: { ncounters: 8, fixed: 1 },
  },
  {
    name: 'Zen 4',
    id: 'amd-zen4',
    topology: '2s2n',
    cpu: 'max,vendor=AuthenticAMD,family=25,model=17',
    core: pmu.amd,
    turns: pmu.zen4Turns,
    uncore: pmu.zen4Uncore,
    counters: { ncounters: 12 },
  },
  {
    name: 'Zen 3',
    id: 'amd-zen3',
    topology: '2s2n',
    cpu: 'max,vendor=AuthenticAMD,family=25,model=1',
    core: pmu.amd,
    turns: pmu.zen3Turns,
    uncore: pmu.zen3Uncore,
    counters: { ncounters: 12 },
  },
];

describe.skipIf(noLab()).each(families)('$name, $topology', (family) => {
  const { id, cpu, topology, core, turns, uncore, counters } = family;
  const machine = machineNamed(topology);
  const boxes = new Set(uncore.map(({ event }) => event.type));
  let seen: Seen<Found>;
  beforeAll(async () => {
    seen = await watch<Found>({
      machine,
      cpu,
      core,
      acts: ['exact', 'uncore', 'turns'],
      module: { ...counters, uncore: [...boxes].join() },
      pmu: { turn_period_seconds: 1 },
      more: { uncore: pmu.eventsOf(uncore), turns: pmu.eventsOf(turns), turnsSeconds: 24 },
    });
  });

  test('is counted by its model', () => {
    const page = pageOf(seen, 'exact after');
    expect(valueOf(page, 'numacanary_pmu_info', { model: id })).toBe(1);
    for (const { signal } of [...core, ...turns, ...uncore]) {
      expect(statusOf(page, signal), signal).toEqual([]);
    }
  });

  test('each socket and node has what its CPUs counted, exactly', () => {
    expectExact(
      { machine, core },
      seen.found.exact,
      pageOf(seen, 'exact before'),
      pageOf(seen, 'exact after'),
    );
  });

  test('each socket has what the boxes of its uncore PMUs counted, exactly', () => {
    expectExact(
      { machine, core: uncore },
      seen.found.uncore,
      pageOf(seen, 'uncore before'),
      pageOf(seen, 'uncore after'),
    );
  });

  // Rates of guest/pmu.mjs. A change is seen up to a second after it was made, two of them at least seven seconds apart.
  test('what has a second now and then comes out at its rate', () => {
    turns.forEach(({ signal, metric, labels }, index) => {
      machine.sockets.forEach((cpus, socket) => {
        const expected = cpus.reduce((total, cpu) => total + 1e6 * (index + 1) * (cpu + 1), 0);
        const changes = changesOf(seen.pages, metric, { socket: String(socket), ...labels });
        const [first, last] = [changes.at(1), changes.at(-1)];
        const rate = first && last ? (last.value - first.value) / (last.seconds - first.seconds) : Number.NaN;
        const what = `${signal} of socket ${socket}: ${JSON.stringify(changes)}`;
        expect(rate / expected, what).toBeGreaterThan(0.8);
        expect(rate / expected, what).toBeLessThan(1.2);
      });
    });
  });

  test('no total ever falls', () => {
    expect(fallen(seen.pages)).toEqual([]);
  });

  test('the daemon ends with exit code 0 and has closed every counter', () => {
    expect(seen).toMatchObject({ stopped: { code: 0 }, openAfterwards: 0 });
  });
});
