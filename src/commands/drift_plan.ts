import { Absent } from '../errors.ts';
import type { DriftFlags } from '../flags.ts';
import type { DriftPlan } from '../host/host.ts';
import { cpuOf, memoryNodesOf } from '../topology.ts';
import type { Topology } from '../topology.ts';

/** Who says nothing gets a buffer and a reader on two nodes; who names both may have them on one, and see nothing move. */
export function planDrift(topology: Topology, wish: DriftFlags): DriftPlan {
  const reader = wish.readerCpu === undefined ? undefined : allowedCpu(topology, wish.readerCpu);
  const bufferNode =
    wish.bufferNode === undefined
      ? nodeAwayFrom(topology, reader?.numaNode)
      : memoryNode(topology, wish.bufferNode);
  const readerCpu = reader?.id ?? cpuAwayFrom(topology, bufferNode);
  return {
    bufferNode,
    readerCpu,
    bytes: wish.mib * 1024 ** 2,
    seconds: wish.seconds,
    hugePages: wish.hugePages,
  };
}

function nodeAwayFrom(topology: Topology, node: number | undefined): number {
  const found = memoryNodesOf(topology).find(
    ({ id }) => id !== node && topology.cpus.some((cpu) => cpu.allowed && cpu.numaNode !== id),
  );
  if (found) return found.id;
  throw alone(topology);
}

function cpuAwayFrom(topology: Topology, node: number): number {
  const found = topology.cpus.find((cpu) => cpu.allowed && cpu.numaNode !== node);
  if (found) return found.id;
  throw alone(topology);
}

function alone({ numaNodes, cpus }: Topology): Absent {
  const [nodes, allowed] = [numaNodes.length, cpus.filter((cpu) => cpu.allowed).length];
  return new Absent(
    `drift: nothing can drift here: it takes a CPU of one NUMA node and memory of another, both open to this process, and ` +
      `this machine shows ${nodes} ${nodes === 1 ? 'node' : 'nodes'} (${allowed} of ${cpus.length} CPUs allowed). In a ` +
      'virtual machine the host can show it more (a vNUMA topology); test/lab/numalab boots one of two nodes',
  );
}

function allowedCpu(topology: Topology, id: number) {
  const cpu = cpuOf(topology, id);
  if (cpu?.allowed) return cpu;
  throw new Absent(
    `drift: --reader-cpu ${id}: ${cpu ? 'this process may not use it' : 'no such CPU online'}`,
  );
}

function memoryNode(topology: Topology, id: number): number {
  const nodes = memoryNodesOf(topology).map((node) => node.id);
  if (nodes.includes(id)) return id;
  throw new Absent(
    `drift: --buffer-node ${id}: no memory to be had there; nodes that have some: ${nodes.join(', ')}`,
  );
}
