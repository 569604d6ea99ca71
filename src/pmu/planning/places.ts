/** Where events are opened. Pure. */
import { cpuOf, hasFewNodes } from '../../topology.ts';
import type { Cpu, Topology } from '../../topology.ts';
import type { PmuDevice } from '../facts.ts';
import type { Place } from '../plan.ts';

/** All CPUs that may be disturbed; reading a counter interrupts its CPU. */
export const countableCpus = ({ cpus }: Topology, includeIsolated: boolean): readonly Cpu[] =>
  cpus.filter(({ isolated, nohzFull }) => includeIsolated || !(isolated || nohzFull));

export function placesOfCores(cpus: readonly Cpu[], topology: Topology, device: PmuDevice): readonly Place[] {
  const own = device.cpus && new Set(device.cpus);
  const byNode = hasFewNodes(topology);
  return cpus
    .filter(({ id }) => !own || own.has(id))
    .map(({ id, socket, numaNode }) => ({ cpu: id, socket, numaNode: byNode ? numaNode : null }));
}

/** An uncore PMU names the CPUs that stand for its boxes: one for each socket, die or cache. */
export function placesOfBoxes(cpus: readonly Cpu[], topology: Topology, device: PmuDevice): readonly Place[] {
  const countable = new Set(cpus.map(({ id }) => id));
  return (device.cpus ?? [])
    .filter((id) => countable.has(id))
    .flatMap((id) => {
      const cpu = cpuOf(topology, id);
      return cpu ? [{ cpu: id, socket: cpu.socket, numaNode: null }] : [];
    });
}
