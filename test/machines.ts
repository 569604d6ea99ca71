import { formatCpulist } from '../src/parse/cpulist.ts';
import { putCgroups } from './trees/cgroups.ts';
import { putConditions } from './trees/conditions.ts';
import { putDevices } from './trees/devices.ts';
import { putPlacement } from './trees/placement.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

/** A machine in a few numbers; machine() writes the files by which its kernel would describe it. */
export interface MachineSpec {
  readonly sockets: number;
  readonly nodesPerSocket: number;
  readonly coresPerNode: number;
  readonly threads: number;
  /** Last-level caches in each node; 'socket': one L3 for all its nodes, as Intel lists it under SNC. */
  readonly llcsPerNode: number | 'socket';
  /**
   * linear: the threads of a core beside each other. split_smt: first every first thread, then every second.
   * interleaved: split, and CPU 0 on socket 0, CPU 1 on socket 1…
   */
  readonly numbering: 'linear' | 'split_smt' | 'interleaved';
  /** Default 0, 1, 2…; the CPU nodes first, then those with memory only. */
  readonly nodeIds?: readonly number[];
  /** For each node with memory only (CXL), the socket it hangs on. */
  readonly memoryOnly?: readonly number[];
  /** CPU nodes without memory, by position. */
  readonly memoryless?: readonly number[];
  readonly isolated?: readonly number[];
  readonly nohzFull?: readonly number[];
  readonly offline?: readonly number[];
  /** Default: all online. */
  readonly allowed?: readonly number[];
  /** Default: every node. */
  readonly memsAllowed?: readonly number[];
  readonly vendor?: 'intel' | 'amd';
  /** Who runs on it, in which version of cgroups; left out: systemd services. */
  readonly cgroups?: 'services' | 'containerd-systemd' | 'crio-cgroupfs' | 'v1';
  /** A kernel built without NUMA: one socket, and nothing in /sys/devices/system/node. */
  readonly numa?: false;
  /** What counts in hardware: a Sapphire Rapids, a Zen 4; left out: the kernel's own counters only, as in most guests. */
  readonly pmu?: 'spr' | 'zen4';
}

const smt = { threads: 2, numbering: 'split_smt' } as const;

const small = { sockets: 2, nodesPerSocket: 1, coresPerNode: 4, llcsPerNode: 1, ...smt } as const;

export const machines = {
  'two-socket': { sockets: 2, nodesPerSocket: 1, coresPerNode: 8, llcsPerNode: 1, ...smt, pmu: 'spr' },
  'one-socket': { sockets: 1, nodesPerSocket: 1, coresPerNode: 4, llcsPerNode: 1, ...smt },
  nps4: {
    sockets: 2,
    nodesPerSocket: 4,
    coresPerNode: 16,
    llcsPerNode: 2,
    ...smt,
    vendor: 'amd',
    pmu: 'zen4',
  },
  snc4: {
    sockets: 2,
    nodesPerSocket: 4,
    coresPerNode: 4,
    llcsPerNode: 'socket',
    ...smt,
    pmu: 'spr',
  },
  'containerd-systemd': { ...small, cgroups: 'containerd-systemd' },
  'crio-cgroupfs': { ...small, cgroups: 'crio-cgroupfs' },
  'cgroup-v1': { ...small, cgroups: 'v1' },
  'no-numa': { sockets: 1, nodesPerSocket: 1, coresPerNode: 4, llcsPerNode: 1, ...smt, numa: false },
  'eight-socket': { sockets: 8, nodesPerSocket: 1, coresPerNode: 28, llcsPerNode: 1, ...smt },
  'eight-socket-snc4': {
    sockets: 8,
    nodesPerSocket: 4,
    coresPerNode: 16,
    llcsPerNode: 'socket',
    ...smt,
  },
  interleaved: {
    sockets: 2,
    nodesPerSocket: 1,
    coresPerNode: 4,
    llcsPerNode: 1,
    threads: 2,
    numbering: 'interleaved',
  },
  'memory-only-node': {
    sockets: 2,
    nodesPerSocket: 1,
    coresPerNode: 4,
    llcsPerNode: 1,
    ...smt,
    memoryOnly: [1],
  },
  'memoryless-node': {
    sockets: 2,
    nodesPerSocket: 2,
    coresPerNode: 2,
    llcsPerNode: 1,
    ...smt,
    memoryless: [1],
  },
} as const satisfies Record<string, MachineSpec>;

export type MachineName = keyof typeof machines | 'bare';

/** Path and text of every file; `bare` is a host that shows none at all. */
export function machine(name: MachineName, changes: Partial<MachineSpec> = {}): Record<string, string> {
  return name === 'bare' ? {} : treeOf({ ...machines[name], ...changes });
}

export interface Place {
  readonly cpu: number;
  readonly socket: number;
  readonly node: number;
  readonly llc: number;
  /** Position of the core in its socket. */
  readonly core: number;
  /** Position of the core in the machine. */
  readonly wholeCore: number;
}

function placesOf(spec: MachineSpec): Place[] {
  const coresPerSocket = spec.nodesPerSocket * spec.coresPerNode;
  const cores = spec.sockets * coresPerSocket;
  const number = {
    linear: (socket: number, core: number, thread: number) =>
      (socket * coresPerSocket + core) * spec.threads + thread,
    split_smt: (socket: number, core: number, thread: number) =>
      thread * cores + socket * coresPerSocket + core,
    interleaved: (socket: number, core: number, thread: number) =>
      thread * cores + core * spec.sockets + socket,
  }[spec.numbering];
  const coresPerLlc = spec.llcsPerNode === 'socket' ? coresPerSocket : spec.coresPerNode / spec.llcsPerNode;
  const places: Place[] = [];
  for (let socket = 0; socket < spec.sockets; socket += 1)
    for (let core = 0; core < coresPerSocket; core += 1)
      for (let thread = 0; thread < spec.threads; thread += 1)
        places.push({
          cpu: number(socket, core, thread),
          socket,
          node: socket * spec.nodesPerSocket + Math.floor(core / spec.coresPerNode),
          llc: Math.floor((socket * coresPerSocket + core) / coresPerLlc),
          core,
          wholeCore: socket * coresPerSocket + core,
        });
  return places.toSorted((a, b) => a.cpu - b.cpu);
}

const list = (members: readonly Place[]) => formatCpulist(members.map(({ cpu }) => cpu));

function treeOf(spec: MachineSpec): Record<string, string> {
  const places = placesOf(spec);
  const offline = new Set(spec.offline);
  const online = places.filter(({ cpu }) => !offline.has(cpu));
  const tree: Record<string, string> = {};
  const put = (folder: string, texts: Readonly<Record<string, string | number>>) => {
    for (const [name, text] of Object.entries(texts)) tree[`${folder}/${name}`] = `${text}\n`;
  };
  const listBy = (keyOf: (place: Place) => number) => {
    const members = new Map<number, Place[]>();
    for (const place of online) {
      const group = members.get(keyOf(place));
      if (group) group.push(place);
      else members.set(keyOf(place), [place]);
    }
    return new Map([...members].map(([key, group]) => [key, list(group)]));
  };

  put('/sys/devices/system/cpu', {
    online: list(online),
    offline: formatCpulist(spec.offline ?? []),
    possible: list(places),
    present: list(places),
    isolated: formatCpulist(spec.isolated ?? []),
    nohz_full: formatCpulist(spec.nohzFull ?? []),
  });
  const bySocket = listBy(({ socket }) => socket);
  const byLlc = listBy(({ llc }) => llc);
  const byCore = listBy(({ wholeCore }) => wholeCore);
  for (const place of places) {
    const folder = `/sys/devices/system/cpu/cpu${place.cpu}`;
    if (place.cpu > 0) put(folder, { online: offline.has(place.cpu) ? 0 : 1 });
    if (offline.has(place.cpu)) continue;
    const own = byCore.get(place.wholeCore) ?? '';
    const socket = bySocket.get(place.socket) ?? '';
    put(`${folder}/topology`, {
      physical_package_id: place.socket,
      die_id: 0,
      core_id: place.core,
      core_cpus_list: own,
      thread_siblings_list: own,
      die_cpus_list: socket,
      package_cpus_list: socket,
      core_siblings_list: socket,
    });
    const cache = (index: number, level: number, type: string, size: string, members: string, id: number) =>
      put(`${folder}/cache/index${index}`, { level, type, size, shared_cpu_list: members, id });
    cache(0, 1, 'Data', '32K', own, place.core);
    cache(1, 1, 'Instruction', '32K', own, place.core);
    cache(2, 2, 'Unified', '1024K', own, place.core);
    cache(3, 3, 'Unified', '32768K', byLlc.get(place.llc) ?? '', place.llc);
    put(`${folder}/thermal_throttle`, { core_throttle_count: 0, package_throttle_count: 0 });
  }
  for (const llc of byLlc.keys()) {
    const folder = `/sys/fs/resctrl/mon_data/mon_L3_${String(llc).padStart(2, '0')}`;
    put(folder, { llc_occupancy: 8 * MiB, mbm_total_bytes: 5 * GiB, mbm_local_bytes: 4 * GiB });
  }
  if (spec.numa ?? true)
    putNodes(
      spec,
      put,
      listBy(({ node }) => node),
    );
  putProc(spec, put, online);
  putCounters(spec, put, online);
  putPlacement(spec, put);
  putDevices(spec, put, online);
  putConditions(spec, put, online);
  putCgroups(spec, put, online);
  return tree;
}

export type Put = (folder: string, texts: Readonly<Record<string, string | number>>) => void;

function putNodes(spec: MachineSpec, put: Put, byNode: ReadonlyMap<number, string>): void {
  const root = '/sys/devices/system/node';
  const memoryOnly = spec.memoryOnly ?? [];
  const socketOf = [
    ...Array.from({ length: spec.sockets * spec.nodesPerSocket }, (_, node) =>
      Math.floor(node / spec.nodesPerSocket),
    ),
    ...memoryOnly,
  ];
  const cpuNodes = socketOf.length - memoryOnly.length;
  const ids = socketOf.map((_, node) => spec.nodeIds?.[node] ?? node);
  const all = formatCpulist(ids.toSorted((a, b) => a - b));
  const full = ids.filter((_, node) => !spec.memoryless?.includes(node)).toSorted((a, b) => a - b);
  put(root, { online: all, possible: all, has_memory: formatCpulist(full) });
  for (const [node, id] of ids.entries()) {
    const folder = `${root}/node${id}`;
    const away = (other: number) => {
      if (node === other) return 10;
      const slow = node >= cpuNodes || other >= cpuNodes ? 4 : 0;
      return (socketOf[node] === socketOf[other] ? 12 : 21) + slow;
    };
    // Columns follow the ids, not the order in which we made them.
    const columns = [...ids.entries()].toSorted(([, a], [, b]) => a - b).map(([other]) => away(other));
    const bytes = spec.memoryless?.includes(node) ? 0 : 64 * GiB;
    put(folder, {
      cpulist: byNode.get(node) ?? '',
      distance: columns.join(' '),
      meminfo: `Node ${id} MemTotal:       ${bytes / 1024} kB\nNode ${id} MemFree:        ${bytes / 2048} kB\nNode ${id} FilePages:      ${bytes / 8192} kB\nNode ${id} HugePages_Total:     0`,
      numastat:
        'numa_hit 193460335812\nnuma_miss 12\nnuma_foreign 12\ninterleave_hit 4096\nlocal_node 193460000000\nother_node 335812',
    });
    if (node < cpuNodes) continue;
    const initiators = `${folder}/access0/initiators`;
    put(initiators, {
      read_latency: 255,
      write_latency: 260,
      read_bandwidth: 32_000,
      write_bandwidth: 28_000,
    });
    for (const [near, nearId] of ids.slice(0, cpuNodes).entries())
      if (socketOf[near] === socketOf[node]) put(`${initiators}/node${nearId}`, { distance: '' });
  }
}

function putProc(spec: MachineSpec, put: Put, online: readonly Place[]): void {
  const amd = spec.vendor === 'amd';
  const identity = amd
    ? ['AuthenticAMD', 25, 17, 'AMD EPYC 9654 96-Core Processor', 1]
    : ['GenuineIntel', 6, 143, 'Intel(R) Xeon(R) Platinum 8480+', 8];
  const [vendor, family, model, name, stepping] = identity;
  const cpuinfo = online.map(({ cpu, socket, core }) =>
    [
      `processor\t: ${cpu}`,
      `vendor_id\t: ${vendor}`,
      `cpu family\t: ${family}`,
      `model\t\t: ${model}`,
      `model name\t: ${name}`,
      `stepping\t: ${stepping}`,
      `physical id\t: ${socket}`,
      `core id\t\t: ${core}`,
      'flags\t\t: fpu tsc msr constant_tsc nonstop_tsc',
      '',
    ].join('\n'),
  );
  const idle = '1000 0 500 90000 10 0 20 0 0 0';
  const times = online.map(({ cpu }) => `cpu${cpu} ${idle}`);
  const allowed = formatCpulist(spec.allowed ?? online.map(({ cpu }) => cpu));
  const nodes = spec.sockets * spec.nodesPerSocket + (spec.memoryOnly?.length ?? 0);
  const everyNode = Array.from({ length: nodes }, (_, node) => spec.nodeIds?.[node] ?? node);
  const mems = formatCpulist((spec.memsAllowed ?? everyNode).toSorted((a, b) => a - b));
  const memory = spec.sockets * spec.nodesPerSocket * 64 * (GiB / 1024);
  put('/proc', {
    cpuinfo: cpuinfo.join('\n'),
    meminfo: `MemTotal:       ${memory} kB\nMemFree:        ${memory / 2} kB`,
    stat: [`cpu  ${idle}`, ...times, 'intr 0', 'ctxt 123456', 'btime 1700000000', 'processes 4321'].join(
      '\n',
    ),
    loadavg: '0.50 0.40 0.30 1/900 4321',
  });
  put('/proc/sys/kernel', {
    osrelease: '6.12.0-synthetic',
    perf_event_paranoid: 2,
    nmi_watchdog: Number(spec.pmu !== undefined),
  });
  put('/proc/pressure', {
    cpu: 'some avg10=0.00 avg60=0.10 avg300=0.05 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0',
  });
  const after = Array.from({ length: 30 }, () => 0).join(' ');
  put('/proc/self', {
    status: `Name:\tnode\nUid:\t0\t0\t0\t0\nVmRSS:\t   65536 kB\nCapEff:\t000001ffffffffff\nSeccomp:\t0\nCpus_allowed_list:\t${allowed}\nMems_allowed_list:\t${mems}\nvoluntary_ctxt_switches:\t10\nnonvoluntary_ctxt_switches:\t2`,
    stat: `4321 (node) S 1 4321 4321 0 -1 4194560 9000 0 5 0 120 30 0 0 20 0 11 0 8000 ${64 * MiB} 15000 ${after}`,
    cgroup: '0::/system.slice/numacanary.service',
  });
  for (const thread of [4321, 4322, 4330])
    put(`/proc/self/task/${thread}`, { status: 'Name:\tnode\nCapEff:\t000001ffffffffff\nSeccomp:\t0' });
  put('/proc/self/fd', { 0: '', 1: '', 2: '' });
  if (spec.cgroups !== 'v1')
    put('/sys/fs/cgroup/system.slice/numacanary.service', {
      'cpu.stat':
        'usage_usec 150000\nuser_usec 120000\nsystem_usec 30000\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0',
      'cpuset.cpus.effective': allowed,
      'cpu.max': 'max 100000',
    });
}

const sprUncore = {
  event: 'config:0-7',
  umask: 'config:8-15',
  edge: 'config:18',
  inv: 'config:23',
  thresh: 'config:24-31',
};
const zenL3 = {
  coreid: 'config:42-44',
  enallcores: 'config:47',
  enallslices: 'config:46',
  event: 'config:0-7',
  sliceid: 'config:48-50',
  threadmask: 'config:56-57',
  umask: 'config:8-15',
};

/** What /sys/bus/event_source says: two boxes of a kind for each socket, where the machine has a dozen. */
function putCounters(spec: MachineSpec, put: Put, online: readonly Place[]): void {
  let next = 20;
  const pmu = (name: string, type: number, format: Readonly<Record<string, string>>, cpumask?: string) => {
    const folder = `/sys/bus/event_source/devices/${name}`;
    put(folder, cpumask === undefined ? { type } : { type, cpumask });
    put(`${folder}/format`, format);
  };
  const firstOf = (keyOf: (place: Place) => number) => {
    const first = new Map<number, number>();
    for (const place of online)
      first.set(keyOf(place), Math.min(place.cpu, first.get(keyOf(place)) ?? Infinity));
    return [...first.values()].toSorted((a, b) => a - b);
  };
  const sockets = firstOf(({ socket }) => socket);
  const boxes = (name: string, format: Readonly<Record<string, string>>) => {
    for (const box of [0, 1]) pmu(`${name}_${box}`, next++, format, sockets.join());
  };
  pmu('software', 1, {});
  pmu('tracepoint', 2, {});
  pmu('breakpoint', 5, {});
  if (spec.pmu === undefined) return;
  pmu('msr', next++, { event: 'config:0-63' });
  const registers = spec.pmu === 'spr' ? { tsc: 'event=0x00', smi: 'event=0x04' } : { tsc: 'event=0x00' };
  put('/sys/bus/event_source/devices/msr/events', registers);
  for (const [index, name] of [
    'sched/sched_migrate_task',
    'sched/sched_move_numa',
    'sched/sched_stick_numa',
    'sched/sched_swap_numa',
    'migrate/mm_migrate_pages',
  ].entries())
    put(`/sys/kernel/tracing/events/${name}`, { id: 318 + index });
  if (spec.pmu === 'spr') {
    const core = { event: 'config:0-7', umask: 'config:8-15', cmask: 'config:24-31', edge: 'config:18' };
    pmu('cpu', 4, { ...core, inv: 'config:23', ldlat: 'config1:0-15', offcore_rsp: 'config1:0-63' });
    boxes('uncore_cha', { ...sprUncore, umask: 'config:8-15,32-55' });
    boxes('uncore_upi', { ...sprUncore, umask: 'config:8-15,32-55' });
    boxes('uncore_imc', sprUncore);
    return;
  }
  pmu('cpu', 4, { event: 'config:0-7,32-35', umask: 'config:8-15', cmask: 'config:24-31', inv: 'config:23' });
  pmu('amd_l3', next++, zenL3, firstOf(({ llc }) => llc).join());
  pmu('amd_df', next++, { event: 'config:0-7,32-37', umask: 'config:8-15,24-27' }, sockets.join());
  for (const [box, cpu] of [...sockets, ...sockets].entries())
    pmu(`amd_umc_${box}`, next++, { event: 'config:0-7', rdwrmask: 'config:8-9' }, String(cpu));
}
