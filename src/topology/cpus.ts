import { parseCpuinfo } from '../parse/cpuinfo.ts';
import { parseCpulist, parseCpumask } from '../parse/cpulist.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseCpusAllowed } from '../parse/status.ts';
import type { Cpu } from '../topology.ts';
import { groupsOf } from './groups.ts';
import type { Group, Said } from './groups.ts';
import type { Reader } from './reader.ts';

export const cpuRoot = '/sys/devices/system/cpu';

/** Kernels before 2.6.33 have no such list; the smallest sandboxes have no /sys at all. */
export async function readOnline(reader: Reader): Promise<number[]> {
  const online = await reader.get(`${cpuRoot}/online`, parseCpulist);
  if (online?.length && !(await isVirtualised(reader, online))) return online;
  const folders = await reader.ids(cpuRoot, 'cpu');
  const switches = await Promise.all(folders.map((cpu) => readSwitch(reader, cpu)));
  if (folders.length > 0) return folders.filter((_, index) => switches[index] !== 0);
  return (await reader.get('/proc/cpuinfo', (text) => [...parseCpuinfo(text).processors])) ?? [];
}

/** Absent for a CPU that cannot be switched off, which CPU 0 often cannot. */
const readSwitch = (reader: Reader, cpu: number) => reader.get(`${cpuRoot}/cpu${cpu}/online`, parseInteger);

/** lxcfs shows a container of two CPUs "0-1" whichever two it has; the folders of the CPUs stay the host's. */
async function isVirtualised(reader: Reader, online: readonly number[]): Promise<boolean> {
  const listed = new Set(online);
  const allowed = (await reader.get('/proc/self/status', parseCpusAllowed)) ?? [];
  // A mask that nobody has cut names offline CPUs, too, so only a running one is proof.
  const [unlisted] = allowed.filter((cpu) => !listed.has(cpu)).slice(-1);
  if (unlisted === undefined || (await readSwitch(reader, unlisted)) !== 1) return false;
  reader.warn(
    `${cpuRoot}/online leaves out CPU ${unlisted}, which is online: a container's own view, passed over`,
  );
  return true;
}

/** `offline` also counts ids the machine has no socket for, up to 511; `present` are those that exist. */
export async function readOffline(reader: Reader, online: readonly number[]): Promise<number[]> {
  const present =
    (await reader.get(`${cpuRoot}/present`, parseCpulist)) ?? (await reader.ids(cpuRoot, 'cpu'));
  const running = new Set(online);
  return present.filter((cpu) => !running.has(cpu));
}

export interface Marks {
  readonly isolated: ReadonlySet<number>;
  readonly nohzFull: ReadonlySet<number>;
  /** Null where the kernel does not say: all are then taken to be. */
  readonly allowed: ReadonlySet<number> | null;
}

export async function readMarks(reader: Reader): Promise<Marks> {
  const [isolated, nohzFull, allowed] = await Promise.all([
    reader.get(`${cpuRoot}/isolated`, parseCpulist),
    reader.get(`${cpuRoot}/nohz_full`, parseCpulist),
    reader.get('/proc/self/status', parseCpusAllowed),
  ]);
  if (!allowed)
    reader.warn('/proc/self/status names no allowed CPUs: every online CPU is taken to be allowed');
  return {
    isolated: new Set(isolated),
    nohzFull: new Set(nohzFull),
    allowed: allowed && new Set(allowed),
  };
}

/** CPUs of each socket by its id; a guest's firmware may leave the id out (-1): `unknown` are those. */
export async function readPackages(reader: Reader, cpus: readonly number[]) {
  const { groups, silent } = await groupsOf(cpus, async (cpu) => {
    const [members, id] = await Promise.all([
      membersOf(reader, cpu, ['package_cpus_list', 'core_siblings_list', 'core_siblings']),
      reader.get(`${cpuRoot}/cpu${cpu}/topology/physical_package_id`, parseInteger),
    ]);
    return members || id !== null ? { members: members ?? [], about: known(id) } : null;
  });
  const packages = new Map<number, number[]>();
  const unknown: number[] = [...silent];
  for (const { cpus, about: id } of groups) {
    if (id === null) unknown.push(...cpus);
    else packages.set(id, [...(packages.get(id) ?? []), ...cpus]);
  }
  return { packages, unknown: unknown.toSorted((a, b) => a - b) };
}

/** Die of each CPU; a socket that says nothing of dies is one, 0. */
export async function readDies(reader: Reader, cpus: readonly number[]): Promise<Map<number, number>> {
  const { groups } = await groupsOf(cpus, async (cpu) => {
    const [members, id] = await Promise.all([
      membersOf(reader, cpu, ['die_cpus_list', 'package_cpus_list', 'core_siblings_list', 'core_siblings']),
      reader.get(`${cpuRoot}/cpu${cpu}/topology/die_id`, parseInteger),
    ]);
    return { members: members ?? [], about: known(id) ?? 0 };
  });
  return new Map(groups.flatMap(({ cpus, about }) => cpus.map((cpu) => [cpu, about])));
}

/** Threads of each core. A CPU without such files is a core of its own. */
export async function readCores(
  reader: Reader,
  cpus: readonly number[],
): Promise<readonly Group<number | null>[]> {
  const modules = await haveModules(reader, cpus[0]);
  const { groups } = await groupsOf(cpus, async (cpu): Promise<Said<number | null>> => {
    const [members, id] = await Promise.all([
      membersOf(reader, cpu, threadFiles),
      reader.get(`${cpuRoot}/cpu${cpu}/topology/core_id`, parseInteger),
    ]);
    return { members: modules ? [] : (members ?? []), about: known(id) };
  });
  return groups;
}

/** AMD family 15h: the kernel lists the two cores of a module as siblings, under ids of their own. */
async function haveModules(reader: Reader, cpu: number | undefined): Promise<boolean> {
  if (cpu === undefined) return false;
  const siblings = (await membersOf(reader, cpu, threadFiles)) ?? [];
  const ids = await Promise.all(
    siblings.map((sibling) => reader.get(`${cpuRoot}/cpu${sibling}/topology/core_id`, parseInteger)),
  );
  return ids.length > 1 && new Set(ids).size === ids.length;
}

const threadFiles = ['core_cpus_list', 'thread_siblings_list', 'thread_siblings'] as const;

export async function readKinds(
  reader: Reader,
  cpus: readonly number[],
): Promise<(cpu: number) => Cpu['kind']> {
  const [performance, efficiency, lowPower] = await Promise.all(
    ['core', 'atom', 'lowpower'].map((pmu) => reader.get(`/sys/devices/cpu_${pmu}/cpus`, parseCpulist)),
  );
  if (performance && (efficiency ?? lowPower)) {
    const small = new Set([...(efficiency ?? []), ...(lowPower ?? [])]);
    return (cpu) => (small.has(cpu) ? 'efficiency' : 'performance');
  }
  const capacityOf = (cpu: number) => reader.get(`${cpuRoot}/cpu${cpu}/cpu_capacity`, parseInteger);
  const [first] = cpus;
  // Only Arm and RISC-V publish capacities: elsewhere this spares a file for every CPU.
  if (first === undefined || (await capacityOf(first)) === null) return () => 'uniform';
  const capacities = new Map(
    await Promise.all(cpus.map(async (cpu) => [cpu, (await capacityOf(cpu)) ?? 0] as const)),
  );
  // Cores of one design differ by a few per cent in their highest clock; little ones by half and more.
  const big = 0.75 * Math.max(...capacities.values());
  const mixed = [...capacities.values()].some((capacity) => capacity < big);
  return (cpu) => (!mixed ? 'uniform' : (capacities.get(cpu) ?? 0) < big ? 'efficiency' : 'performance');
}

/** Firmware without an answer shows as -1, or as its 16 or 32 low bits. */
function known(id: number | null): number | null {
  return id === null || id < 0 || id === 65_535 || id === 4_294_967_295 ? null : id;
}

function membersOf(reader: Reader, cpu: number, names: readonly string[]): Promise<number[] | null> {
  return reader.first(
    names.map((name) => [
      `${cpuRoot}/cpu${cpu}/topology/${name}`,
      name.endsWith('_list') ? parseCpulist : parseCpumask,
    ]),
  );
}
