import { z } from 'zod';
import type { Metric } from '../sample.ts';
import { kind } from '../source.ts';
import { nodesPerSocket } from '../topology.ts';

const info = {
  name: 'numacanary_host_info',
  kind: 'gauge',
  labels: ['cpu_model', 'sockets', 'nodes_per_socket', 'hypervisor', 'kernel'],
  closed: { hypervisor: ['true', 'false'] },
  oneAtATime: true,
  help: 'What this host is, from /proc/cpuinfo, /sys/devices/system/node and /proc/sys/kernel/osrelease. Always 1.',
  tells:
    'Which hosts may be compared: those with the same cpu_model, sockets, nodes_per_socket and hypervisor.',
} as const satisfies Metric;

const nodeInfo = {
  name: 'numacanary_numa_node_info',
  kind: 'gauge',
  labels: ['numa_node', 'socket', 'has_cpus', 'has_memory'],
  closed: { has_cpus: ['true', 'false'], has_memory: ['true', 'false', 'unknown'] },
  per: ['numa_node'],
  oneAtATime: true,
  help: 'NUMA nodes of /sys/devices/system/node; a node without CPUs is listed with its nearest socket. Always 1.',
  tells: 'Which socket a node belongs to, for joins; which nodes are memory only (CXL, GPU).',
} as const satisfies Metric;

const cpus = {
  name: 'numacanary_cpus',
  kind: 'gauge',
  labels: ['state'],
  closed: { state: ['online', 'offline', 'allowed', 'isolated', 'nohz_full'] },
  help: 'CPUs by state; the states overlap. From /sys/devices/system/cpu and Cpus_allowed_list of this process.',
  tells: 'Whether the canary may run everywhere, or sees only what its cpuset leaves it.',
} as const satisfies Metric;

const warnings = {
  name: 'numacanary_topology_warnings',
  kind: 'gauge',
  labels: [],
  help: 'Contradictions in what firmware and kernel say of the topology; `numacanary topology` prints them.',
  tells: 'That socket and node labels here rest on an assumption.',
} as const satisfies Metric;

export const hostInfo = kind('host_info', z.object({}), () => ({
  name: 'host_info',
  metrics: [info, nodeInfo, cpus, warnings],
  async read({ host: { files }, topology }) {
    const kernel = (await files.read('/proc/sys/kernel/osrelease')).trim();
    const { identity, sockets, numaNodes } = topology;
    return [
      {
        metric: info,
        labels: {
          cpu_model: identity.name,
          sockets: String(sockets.length),
          nodes_per_socket: String(nodesPerSocket(topology)),
          hypervisor: String(identity.hypervisor),
          kernel,
        },
        value: 1,
      },
      ...numaNodes.map((node) => ({
        metric: nodeInfo,
        labels: {
          numa_node: String(node.id),
          socket: String(node.socket),
          has_cpus: String(node.cpus.length > 0),
          has_memory: node.memoryBytes === null ? 'unknown' : String(node.memoryBytes > 0),
        },
        value: 1,
      })),
      count('online', topology.cpus.length),
      count('offline', topology.offlineCpus.length),
      count('allowed', topology.cpus.filter((cpu) => cpu.allowed).length),
      count('isolated', topology.cpus.filter((cpu) => cpu.isolated).length),
      count('nohz_full', topology.cpus.filter((cpu) => cpu.nohzFull).length),
      { metric: warnings, labels: {}, value: topology.warnings.length },
    ];
  },
}));

const count = (state: string, value: number) => ({ metric: cpus, labels: { state }, value });
