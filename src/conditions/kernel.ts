import { nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseChoice } from '../parse/choice.ts';
import { parseKernelConfig } from '../parse/kernel_config.ts';
import { parseVulnerability } from '../parse/vulnerability.ts';
import { first, text, word } from './condition.ts';
import type { Condition } from './condition.ts';

const vulnerabilities = '/sys/devices/system/cpu/vulnerabilities';

/** Built-in choices that no file of a running kernel tells. */
const options = [
  'HZ',
  'NO_HZ_FULL',
  'NUMA_BALANCING_DEFAULT_ENABLED',
  'SCHED_CLASS_EXT',
  'TRANSPARENT_HUGEPAGE_ALWAYS',
] as const;

export const kernel: readonly Condition[] = [
  {
    name: 'kernel',
    group: 'kernel',
    what: 'Release of the kernel, /proc/sys/kernel/osrelease.',
    moves: true,
    changes: false,
    read: ({ files }) => word(files, '/proc/sys/kernel/osrelease'),
  },
  {
    name: 'kernel_config',
    group: 'kernel',
    what: 'Tick and defaults that the kernel was built with, from /boot/config-RELEASE or /usr/lib/modules/RELEASE/config; /proc/config.gz is not read.',
    moves: true,
    changes: false,
    async read({ files }) {
      const release = await word(files, '/proc/sys/kernel/osrelease');
      const paths = [`/boot/config-${release}`, `/usr/lib/modules/${release}/config`];
      const config = await first(
        paths.map((path) => () => files.read(path)),
        `neither ${paths.join(' nor ')}: in a container mount /boot of the host and name its root with --path.rootfs`,
      );
      const built = parseKernelConfig(config, options);
      return options.map((name) => `${name}=${built[name]}`).join();
    },
  },
  {
    name: 'preempt_built',
    group: 'kernel',
    what: 'Preemption that the kernel was built for, /proc/sys/kernel/version; dynamic is chosen at boot.',
    moves: true,
    changes: false,
    unpublished: 'one kernel release has one build',
    async read({ files }) {
      const version = await text(files, '/proc/sys/kernel/version');
      if (version.includes('PREEMPT_DYNAMIC')) return 'dynamic';
      if (/PREEMPT[_ ]RT/.test(version)) return 'rt';
      return version.includes('PREEMPT') ? 'full' : 'none_or_voluntary';
    },
  },
  {
    name: 'preempt',
    group: 'kernel',
    what: 'Preemption in force, /sys/kernel/debug/sched/preempt, for root only.',
    moves: true,
    changes: true,
    read: async ({ files }) => parseChoice(await files.read('/sys/kernel/debug/sched/preempt')),
  },
  {
    name: 'mitigations',
    group: 'kernel',
    what: 'How many flaws of the CPU are mitigated, which are not, and how spectre_v2 is, of /sys/devices/system/cpu/vulnerabilities.',
    moves: true,
    changes: true,
    read: ({ files }) => mitigations(files),
  },
  {
    name: 'clocksource',
    group: 'kernel',
    what: 'What the kernel tells time by, /sys/devices/system/clocksource/clocksource0/current_clocksource.',
    moves: true,
    changes: true,
    counted: true,
    read: ({ files }) => word(files, '/sys/devices/system/clocksource/clocksource0/current_clocksource'),
  },
];

/** All of it would be a label of a thousand characters; what differs between hosts of a kind is in these. */
async function mitigations(files: Files): Promise<string> {
  const names = await files.list(vulnerabilities);
  const flaws = await Promise.all(
    names.map(async (name) => {
      const flaw = await files
        .read(`${vulnerabilities}/${name}`)
        .then(parseVulnerability)
        .catch(nullIfAbsent);
      return { name, state: flaw?.state, remedy: flaw?.remedy };
    }),
  );
  const mitigated = flaws.filter(({ state }) => state === 'mitigated').length;
  const vulnerable = flaws.filter(({ state }) => state === 'vulnerable').map(({ name }) => name);
  const spectre = flaws.find(({ name }) => name === 'spectre_v2')?.remedy || 'none';
  return `mitigated:${mitigated} vulnerable:${vulnerable.join() || 'none'} spectre_v2:${spectre}`;
}
