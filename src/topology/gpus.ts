import { parseCpulist, parseCpumask } from '../parse/cpulist.ts';
import { parseNumaStatus } from '../parse/numa_status.ts';
import type { Reader } from './reader.ts';

const root = '/proc/driver/nvidia/gpus';

/** CPUs near each node that is a GPU's memory: the SLIT of POWER9 has such nodes equally far from everything. */
export async function readGpuNodes(reader: Reader): Promise<Map<number, readonly number[]>> {
  const gpus = await reader.list(root);
  const near = await Promise.all(
    gpus.map(async (gpu) => {
      const [node, cpus] = await Promise.all([
        reader.get(`${root}/${gpu}/numa_status`, parseNumaStatus),
        reader.first([
          [`/sys/bus/pci/devices/${gpu}/local_cpulist`, parseCpulist],
          [`/sys/bus/pci/devices/${gpu}/local_cpus`, parseCpumask],
        ]),
      ]);
      return node === null || !cpus ? [] : [[node, cpus] as const];
    }),
  );
  return new Map(near.flat());
}
