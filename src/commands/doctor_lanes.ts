import { formatCpulist } from '../parse/cpulist.ts';
import { eligibleCpus } from '../probes/lanes.ts';
import type { Courtesy } from '../probes/lanes.ts';
import type { Cpu, Topology } from '../topology.ts';
import type { Complaint } from './doctor_advice.ts';

/** What nobody can mend but the operator: several sockets, and we may look at one of them only. */
export function blindBetweenSockets(topology: Topology, courtesy: Courtesy): readonly Complaint[] {
  const { cpus, sockets } = topology;
  const left = socketsOf(eligibleCpus(topology, courtesy));
  if (sockets.length < 2 || left.length > 1) return [];
  return [
    {
      what: 'cross_socket',
      status: 'absent',
      mendable: true,
      advice: `${reasonOf(cpus, courtesy)}; no pair of CPUs between sockets can be probed`,
    },
  ];
}

/** Which of the filters took the other sockets away, the outermost first. */
function reasonOf(cpus: readonly Cpu[], courtesy: Courtesy): string {
  const allowed = cpus.filter((cpu) => cpu.allowed);
  if (socketsOf(allowed).length < 2) {
    return (
      `this process may run on CPUs ${formatCpulist(allowed.map(({ id }) => id))} only, of one socket (its cpuset or taskset): kubelet’s ` +
      'static CPU manager leaves the shared pool where CPUs are left; reserve a core of each socket for it (reservedSystemCPUs), ' +
      'or give the canary a CPU of its own on each'
    );
  }
  const quiet = allowed.filter(({ isolated, nohzFull }) => isolated || nohzFull);
  const open = courtesy.includeIsolated ? allowed : allowed.filter((cpu) => !quiet.includes(cpu));
  if (socketsOf(open).length < 2) {
    return (
      `CPUs ${formatCpulist(quiet.map(({ id }) => id))} are isolated or nohz_full and are left alone: leave a core of each socket out of ` +
      'isolcpus and nohz_full, or set courtesy.include_isolated'
    );
  }
  return `courtesy.exclude_cpus leaves CPUs of one socket: let it have a core of each`;
}

const socketsOf = (cpus: readonly Cpu[]) => [...new Set(cpus.map(({ socket }) => socket))];
