import { Absent, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseInteger } from '../parse/integer.ts';
import { cpuOf } from '../topology.ts';
import type { Topology } from '../topology.ts';
import { first, spread, text, word } from './condition.ts';
import type { Condition } from './condition.ts';

const cpus = '/sys/devices/system/cpu';
const nothing = 'no cpufreq policy: the firmware or the hypervisor sets the clock alone';

export const frequency: readonly Condition[] = [
  {
    name: 'governor',
    group: 'frequency',
    what: 'Governors of all cpufreq policies, scaling_governor.',
    moves: true,
    changes: true,
    counted: true,
    read: async ({ files }) =>
      spread(
        (await policies(files)).map((policy) => word(files, `${policy}/scaling_governor`)),
        nothing,
      ),
  },
  {
    name: 'cpufreq_driver',
    group: 'frequency',
    what: 'Driver of cpufreq, scaling_driver, and its mode where it has one: intel_pstate/status, amd_pstate/status.',
    moves: true,
    changes: true,
    async read({ files }) {
      const [policy] = await policies(files);
      if (policy === undefined) throw new Absent(nothing);
      const driver = await word(files, `${policy}/scaling_driver`);
      const mode = await first(
        ['intel_pstate', 'amd_pstate'].map((name) => () => word(files, `${cpus}/${name}/status`)),
        'no mode',
      ).catch(nullIfAbsent);
      return mode === null ? driver : `${driver}/${mode}`;
    },
  },
  {
    name: 'epp',
    group: 'frequency',
    what: 'Energy preference, energy_performance_preference, of one CPU for each socket that is neither isolated nor nohz_full: to read it interrupts the CPU.',
    moves: true,
    changes: true,
    counted: true,
    async read({ files, topology }) {
      const spokesmen = onePerSocket(topology, await policies(files));
      return spread(
        spokesmen.map((policy) => word(files, `${policy}/energy_performance_preference`)),
        nothing,
      );
    },
  },
  {
    name: 'boost',
    group: 'frequency',
    what: 'Turbo: on or off; intel_pstate/no_turbo or cpufreq/boost.',
    moves: true,
    changes: true,
    counted: true,
    read: ({ files }) =>
      first(
        [
          async () => (switchOf(await word(files, `${cpus}/intel_pstate/no_turbo`)) === 'on' ? 'off' : 'on'),
          async () => switchOf(await word(files, `${cpus}/cpufreq/boost`)),
        ],
        'neither intel_pstate/no_turbo nor cpufreq/boost: this driver does not tell',
      ),
  },
  {
    name: 'frequency_limits',
    group: 'frequency',
    what: 'Lowest and highest clock that was asked for, scaling_min_freq and scaling_max_freq of all cpufreq policies.',
    moves: true,
    changes: true,
    counted: true,
    read: async ({ files }) =>
      spread(
        (await policies(files)).map((policy) =>
          range(files, `${policy}/scaling_min_freq`, `${policy}/scaling_max_freq`),
        ),
        nothing,
      ),
  },
  {
    name: 'uncore_frequency',
    group: 'frequency',
    what: 'Lowest and highest clock of caches and links, min_freq_khz and max_freq_khz of intel_uncore_frequency.',
    moves: true,
    changes: true,
    counted: true,
    async read({ files }) {
      const root = `${cpus}/intel_uncore_frequency`;
      const names = await files.list(root);
      return spread(
        names
          .filter((name) => /^(package|uncore)/.test(name))
          .map((name) => range(files, `${root}/${name}/min_freq_khz`, `${root}/${name}/max_freq_khz`)),
        `${root} is empty`,
      );
    },
  },
];

async function policies(files: Files): Promise<string[]> {
  const names = (await files.list(`${cpus}/cpufreq`).catch(nullIfAbsent)) ?? [];
  return names.filter((name) => /^policy\d+$/.test(name)).map((name) => `${cpus}/cpufreq/${name}`);
}

function onePerSocket(topology: Topology, all: readonly string[]): string[] {
  const chosen = new Map<number, string>();
  for (const policy of all) {
    const one = cpuOf(topology, Number(/\d+$/.exec(policy)?.[0]));
    if (one && !one.isolated && !one.nohzFull && !chosen.has(one.socket)) chosen.set(one.socket, policy);
  }
  return [...chosen.values()];
}

/** `800-3800MHz`. */
async function range(files: Files, low: string, high: string): Promise<string> {
  const [from, to] = await Promise.all(
    [low, high].map(async (path) => megahertz(parseInteger(await text(files, path)))),
  );
  return `${from}-${to}MHz`;
}

function megahertz(kilohertz: number): number {
  if (kilohertz <= 0) throw new Absent('a clock that is not known');
  return Math.round(kilohertz / 1000);
}

const switchOf = (digit: string) => (digit === '0' ? 'off' : 'on');
