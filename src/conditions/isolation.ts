import { Absent, ParseError } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseParameter } from '../parse/cmdline.ts';
import { formatCpulist, parseCpulist } from '../parse/cpulist.ts';
import { cpuOf } from '../topology.ts';
import type { Condition } from './condition.ts';

export const isolation: readonly Condition[] = [
  {
    name: 'isolated_cpus',
    group: 'isolation',
    what: 'CPUs that the scheduler does not balance over, /sys/devices/system/cpu/isolated: isolcpus, and on newer kernels cpuset partitions.',
    moves: true,
    changes: true,
    read: ({ files }) => cpulist(files, '/sys/devices/system/cpu/isolated'),
  },
  {
    name: 'nohz_full',
    group: 'isolation',
    what: 'CPUs without a tick while they run one task, /sys/devices/system/cpu/nohz_full.',
    moves: true,
    changes: false,
    read: ({ files }) => cpulist(files, '/sys/devices/system/cpu/nohz_full'),
  },
  {
    name: 'rcu_nocbs',
    group: 'isolation',
    what: 'CPUs whose RCU callbacks others run, rcu_nocbs of /proc/cmdline; those of nohz_full are among them without being named.',
    moves: true,
    changes: false,
    async read({ files }) {
      const given = parseParameter(await files.read('/proc/cmdline'), 'rcu_nocbs').at(-1);
      if (given === undefined) return 'none';
      // `all`, `N` and strides (0-31:1/4) are the kernel's spelling, too.
      if (!/^[\d,:/\-Nal]{0,200}$/.test(given))
        throw new ParseError('/proc/cmdline: rcu_nocbs is no list of CPUs');
      return given === '' ? 'all' : given;
    },
  },
  {
    name: 'measured_sockets',
    group: 'isolation',
    what: 'Sockets that the cgroup of collectors.conditions.measured_cgroup may run on, by its cpuset.cpus.effective.',
    moves: true,
    changes: true,
    unpublished: 'it is said of one workload, and not of the host',
    async read({ files, topology, measured }) {
      if (measured === null) throw new Absent('no task is named: set collectors.conditions.measured_cgroup');
      const path = `/sys/fs/cgroup/${measured}/cpuset.cpus.effective`;
      const sockets = parseCpulist(await files.read(path)).flatMap((id) => cpuOf(topology, id)?.socket ?? []);
      if (sockets.length === 0) throw new Absent(`${path} names no CPU that is online`);
      return formatCpulist([...new Set(sockets)].toSorted((a, b) => a - b));
    },
  },
];

const cpulist = async (files: Files, path: string) =>
  formatCpulist(parseCpulist(await files.read(path))) || 'none';
