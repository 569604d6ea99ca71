import { Absent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { first, text, word } from './condition.ts';
import type { Condition } from './condition.ts';
import { nodesPerSocket } from '../topology.ts';

const said = 'numacanary_host_info says it, and hosts are grouped by it';

export const cpu: readonly Condition[] = [
  {
    name: 'cpu_model',
    group: 'cpu',
    what: 'As the CPU names itself, /proc/cpuinfo.',
    moves: true,
    changes: false,
    unpublished: said,
    async read({ topology: { identity } }) {
      if (identity.name === 'unknown' || identity.name === '') throw new Absent('/proc/cpuinfo names no CPU');
      return identity.name;
    },
  },
  {
    name: 'microcode',
    group: 'cpu',
    what: 'Revision of the microcode, cpu0/microcode/version or /proc/cpuinfo.',
    moves: true,
    changes: true,
    read: ({ files }) =>
      first(
        [
          () => word(files, '/sys/devices/system/cpu/cpu0/microcode/version'),
          async () => {
            const [, revision] =
              /^microcode\s*:\s*(0x[0-9a-f]+)$/m.exec(await files.read('/proc/cpuinfo')) ?? [];
            if (revision === undefined) throw new Absent('/proc/cpuinfo: no microcode');
            return revision;
          },
        ],
        'neither cpu0/microcode/version nor /proc/cpuinfo tells it: Arm has none, and hypervisors may hide it',
      ),
  },
  {
    name: 'bios',
    group: 'cpu',
    what: 'Version of the firmware, /sys/class/dmi/id/bios_version: prefetchers and power profile are its, and not seen.',
    moves: true,
    changes: false,
    read: async ({ files }) =>
      (await text(files, '/sys/class/dmi/id/bios_version')).slice(0, 60) || empty('bios_version'),
  },
  {
    name: 'nodes_per_socket',
    group: 'cpu',
    what: 'NUMA nodes with CPUs in each socket: what the firmware was set to by SNC or NPS.',
    moves: true,
    changes: false,
    unpublished: said,
    async read({ topology }) {
      if (topology.numaNodes.length === 0) throw new Absent('no NUMA node is known');
      return String(nodesPerSocket(topology));
    },
  },
  {
    name: 'smt',
    group: 'cpu',
    what: 'Threads of a core beside the first: on, off, forceoff, notsupported; /sys/devices/system/cpu/smt/control.',
    moves: true,
    changes: true,
    counted: true,
    read: ({ files }) => word(files, '/sys/devices/system/cpu/smt/control'),
  },
  {
    name: 'cpus_online',
    group: 'cpu',
    what: 'CPUs online, /sys/devices/system/cpu/online.',
    moves: true,
    changes: true,
    unpublished: 'numacanary_cpus says it',
    async read({ topology: { cpus } }) {
      if (cpus.length === 0) throw new Absent('no CPU is known');
      return String(cpus.length);
    },
  },
  {
    name: 'hypervisor',
    group: 'cpu',
    what: 'What the machine runs on: none for bare metal, else by /sys/hypervisor/type and /sys/class/dmi/id/sys_vendor.',
    moves: true,
    changes: false,
    unpublished: said,
    async read({ files, topology: { identity } }) {
      if (identity.vendor === 'unknown') throw new Absent('/proc/cpuinfo does not tell');
      return identity.hypervisor ? hypervisorOf(files) : 'none';
    },
  },
];

const vendors: readonly (readonly [RegExp, string])[] = [
  [/^QEMU|Red Hat|KVM|OpenStack/i, 'kvm'],
  [/^Amazon EC2/, 'nitro'],
  [/^Google/, 'google'],
  [/^Microsoft/, 'hyperv'],
  [/^VMware/, 'vmware'],
  [/^Xen/, 'xen'],
];

async function hypervisorOf(files: Files): Promise<string> {
  return first(
    [
      () => word(files, '/sys/hypervisor/type'),
      async () => {
        const vendor = await text(files, '/sys/class/dmi/id/sys_vendor');
        return vendors.find(([pattern]) => pattern.test(vendor))?.[1] ?? 'unknown';
      },
      async () => 'unknown',
    ],
    '',
  );
}

function empty(file: string): never {
  throw new Absent(`${file} is empty`);
}
