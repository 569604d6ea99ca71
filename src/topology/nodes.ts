import { formatCpulist, parseCpulist, parseCpumask } from '../parse/cpulist.ts';
import { parseDistance } from '../parse/distance.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseMemTotal } from '../parse/meminfo.ts';
import { parseMemsAllowed } from '../parse/status.ts';
import type { AccessClass } from '../topology.ts';
import { cpuRoot } from './cpus.ts';
import type { Reader } from './reader.ts';

const root = '/sys/devices/system/node';

export interface Node {
  readonly id: number;
  readonly cpus: readonly number[];
  readonly memoryBytes: number | null;
  readonly allowed: boolean;
  readonly accessClasses: readonly AccessClass[];
}

export interface Nodes {
  readonly nodes: readonly Node[];
  readonly distances: Record<number, Record<number, number>>;
}

export async function readNodes(reader: Reader, cpus: readonly number[]): Promise<Nodes> {
  const [folders, online, possible, allowed] = await Promise.all([
    reader.ids(root, 'node'),
    reader.get(`${root}/online`, parseCpulist),
    reader.get(`${root}/possible`, parseCpulist),
    reader.get('/proc/self/status', parseMemsAllowed), // null: a kernel without cpusets forbids none
  ]);
  const ids = online ? folders.filter((id) => online.includes(id)) : folders;
  if (ids.length === 0) return oneNode(reader, cpus);
  const running = new Set(cpus);
  const read = await Promise.all(
    ids.map(async (id) => {
      const [members, memoryBytes, accessClasses, row] = await Promise.all([
        reader.first([
          [`${root}/node${id}/cpulist`, parseCpulist],
          [`${root}/node${id}/cpumap`, parseCpumask],
        ]),
        reader.get(`${root}/node${id}/meminfo`, parseMemTotal),
        readAccessClasses(reader, id),
        reader.get(`${root}/node${id}/distance`, parseDistance),
      ]);
      // A node's list may name CPUs that have gone offline (seen on POWER).
      const here = (members ?? []).filter((cpu) => running.has(cpu));
      return { id, cpus: here, memoryBytes, accessClasses, row };
    }),
  );
  const homes = await homesOf(reader, cpus, read, possible ?? []);
  const distances: Record<number, Record<number, number>> = {};
  for (const { id, row } of read) {
    // Columns are the online nodes, which need not be 0..n-1; a kernel that keeps the others shows all possible.
    const columns = [online ?? ids, possible ?? []].find((candidate) => candidate.length === row?.length);
    if (row && !columns)
      reader.warn(`node ${id} has ${row.length} distances for ${ids.length} nodes: they are passed over`);
    distances[id] = Object.fromEntries(
      (columns ?? []).flatMap((column, index) => {
        const distance = row?.[index];
        return distance !== undefined && homes.has(column) ? [[column, distance] as const] : [];
      }),
    );
  }
  const nodes = [...homes].map(([id, cpus]): Node => {
    const said = read.find((node) => node.id === id);
    return {
      id,
      cpus: cpus.toSorted((a, b) => a - b),
      // A node that is not online has no memory to give, whatever its CPUs do.
      memoryBytes: said ? said.memoryBytes : 0,
      allowed: allowed?.includes(id) ?? true,
      accessClasses: said?.accessClasses ?? [],
    };
  });
  return { nodes: nodes.toSorted((a, b) => a.id - b.id), distances: mirrored(distances, [...homes.keys()]) };
}

async function oneNode(reader: Reader, cpus: readonly number[]): Promise<Nodes> {
  if (cpus.length === 0) return { nodes: [], distances: {} };
  reader.warn(`${root} has no nodes: the machine is taken to be one, node 0`);
  const memoryBytes = await reader.get('/proc/meminfo', parseMemTotal);
  return {
    nodes: [{ id: 0, cpus, memoryBytes, allowed: true, accessClasses: [] }],
    distances: { 0: { 0: 10 } },
  };
}

/** Each CPU in one node. Where two claim it, or none, the CPU's own folder names its node, or we must choose. */
async function homesOf(
  reader: Reader,
  cpus: readonly number[],
  nodes: readonly { readonly id: number; readonly cpus: readonly number[] }[],
  possible: readonly number[],
): Promise<Map<number, number[]>> {
  const claims = new Map<number, number[]>(cpus.map((cpu) => [cpu, []]));
  for (const { id, cpus } of nodes) for (const cpu of cpus) claims.get(cpu)?.push(id);
  const homes = new Map<number, number[]>(nodes.map(({ id }) => [id, []]));
  const settle = (home: number, cpu: number) => {
    const members = homes.get(home);
    if (members) members.push(cpu);
    else homes.set(home, [cpu]);
  };
  const unclear = new Set<number>();
  for (const [cpu, ids] of claims) {
    const [home] = ids;
    if (home === undefined || ids.length > 1) unclear.add(cpu);
    else settle(home, cpu);
  }
  if (unclear.size === 0) return homes;
  const free = possible.find((id) => !homes.has(id)) ?? Math.max(...homes.keys()) + 1;
  await Promise.all(
    [...unclear].map(async (cpu) => {
      const claimed = claims.get(cpu) ?? [];
      const [own] = await reader.ids(`${cpuRoot}/cpu${cpu}`, 'node');
      settle(own ?? claimed[0] ?? free, cpu);
    }),
  );
  for (const id of homes.keys()) {
    const members = [...unclear].filter((cpu) => homes.get(id)?.includes(cpu));
    if (members.length > 0)
      reader.warn(
        `CPUs ${formatCpulist(members)} are in no online NUMA node, or in several: they are taken to be in node ${id}`,
      );
  }
  return homes;
}

/** A node that has no row of its own is as far from the others as they are from it; 10 is "here" by ACPI. */
function mirrored(distances: Nodes['distances'], ids: readonly number[]): Nodes['distances'] {
  for (const from of ids) {
    const row = (distances[from] ??= {});
    for (const to of ids) {
      const back = from === to ? 10 : distances[to]?.[from];
      if (row[to] === undefined && back !== undefined) row[to] = back;
    }
  }
  return distances;
}

/** HMAT: class 0 is seen from any initiator, class 1 from CPUs only. */
async function readAccessClasses(reader: Reader, node: number): Promise<AccessClass[]> {
  const classes = await reader.ids(`${root}/node${node}`, 'access');
  return Promise.all(
    classes.map(async (access) => {
      const folder = `${root}/node${node}/access${access}/initiators`;
      const figure = async (name: string) => {
        const value = await reader.get(`${folder}/${name}`, parseInteger);
        return value !== null && value > 0 ? value : null; // 0 where firmware left the field empty
      };
      const [initiators, readLatencyNs, writeLatencyNs, readBandwidthMBps, writeBandwidthMBps] =
        await Promise.all([
          reader.ids(folder, 'node'),
          figure('read_latency'),
          figure('write_latency'),
          figure('read_bandwidth'),
          figure('write_bandwidth'),
        ]);
      return { access, initiators, readLatencyNs, writeLatencyNs, readBandwidthMBps, writeBandwidthMBps };
    }),
  );
}
