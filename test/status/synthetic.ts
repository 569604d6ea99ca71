import type { ConditionsDocument } from '../../src/conditions/document.ts';
import type { Matrix } from '../../src/probes/sweep.ts';
import type { JobState } from '../../src/schedule.ts';
import type { Families, Reading } from '../../src/status/families.ts';
import { names } from '../../src/status/families.ts';
import type { Point } from '../../src/status/history.ts';
import type { Known } from '../../src/status/known.ts';
import type { Spike } from '../../src/status/spikes.ts';
import type { Topology } from '../../src/topology.ts';

export const noon = 1_700_000_000; // 2023-11-14 22:13:20 UTC

export interface Size {
  readonly sockets: number;
  readonly coresPerSocket: number;
  readonly nodesPerSocket?: number;
  readonly coresPerCache?: number;
  readonly threads?: number;
  /** In place of every name that is read from the machine. */
  readonly hostile?: string;
}

const range = (length: number) => Array.from({ length }, (_, index) => index);

/** A machine in a few numbers, without the files that describe it. */
export function topologyOf({
  sockets,
  coresPerSocket,
  nodesPerSocket = 1,
  coresPerCache = 8,
  threads = 1,
  hostile,
}: Size): Topology {
  const coresPerNode = coresPerSocket / nodesPerSocket;
  const total = sockets * coresPerSocket;
  const cpus = Array.from({ length: total * threads }, (_, id) => {
    const core = id % total;
    const socket = Math.floor(core / coresPerSocket);
    const inSocket = core % coresPerSocket;
    return {
      id,
      socket,
      die: 0,
      numaNode: socket * nodesPerSocket + Math.floor(inSocket / coresPerNode),
      llcGroup: core - (inSocket % Math.min(coresPerCache, coresPerNode)),
      core,
      kind: 'uniform' as const,
      isolated: inSocket >= coresPerSocket - 2,
      nohzFull: false,
      allowed: socket < 7 || inSocket > 3,
    };
  });
  const of = (fits: (cpu: (typeof cpus)[number]) => boolean) => cpus.filter(fits).map(({ id }) => id);
  return {
    identity: {
      vendor: 'AuthenticAMD',
      family: 25,
      model: 17,
      stepping: 1,
      name: hostile ?? 'AMD EPYC 9754 128-Core Processor',
      hypervisor: false,
    },
    sockets: range(sockets).map((id) => ({
      id,
      dies: [0],
      numaNodes: range(nodesPerSocket).map((node) => id * nodesPerSocket + node),
      cpus: of(({ socket }) => socket === id),
    })),
    numaNodes: range(sockets * nodesPerSocket).map((id) => ({
      id,
      cpus: of(({ numaNode }) => numaNode === id),
      memoryBytes: 384 * 2 ** 30,
      socket: Math.floor(id / nodesPerSocket),
      allowed: true,
      accessClasses: [],
    })),
    llcGroups: [...new Set(cpus.map(({ llcGroup }) => llcGroup))].map((id) => ({
      id,
      level: 3,
      sizeBytes: 32 * 2 ** 20,
      socket: cpus[id]?.socket ?? 0,
      cpus: of(({ llcGroup }) => llcGroup === id),
    })),
    cores: range(total).map((id) => ({ id, coreId: id, socket: cpus[id]?.socket ?? 0, cpus: [id] })),
    cpus,
    distances: {},
    offlineCpus: [],
    warnings: hostile === undefined ? [] : [hostile],
  };
}

/** Nanoseconds that such a machine would show, the same at each call. */
export function handOffNs(topology: Topology, a: number, b: number): number {
  const [one, other] = [topology.cpus[a], topology.cpus[b]];
  const wobble = ((a * 31 + b * 17) % 23) / 2;
  if (!one || !other) return 0;
  if (one.socket !== other.socket) return 310 + 22 * Math.abs(one.socket - other.socket) + wobble;
  if (one.numaNode !== other.numaNode) return 150 + wobble;
  return (one.llcGroup === other.llcGroup ? 42 : 118) + wobble;
}

export function sweepOf(topology: Topology): Matrix {
  const cpus = topology.cores.map(({ id }) => id);
  return {
    cpus,
    handOffNs: cpus.map((a) => cpus.map((b) => (a === b ? null : handOffNs(topology, a, b)))),
    done: (cpus.length * (cpus.length - 1)) / 2,
    total: (cpus.length * (cpus.length - 1)) / 2,
  };
}

export function job(result: unknown, state: JobState['state'] = 'done'): JobState {
  return { state, done: 10, total: 10, beganAt: noon - 900, endedAt: noon - 600, error: null, result };
}

export const familiesOfReadings = (
  readings: Partial<Record<keyof typeof names, readonly Reading[]>>,
): Families =>
  new Map(
    Object.entries(readings).map(([name, values]) => [names[name as keyof typeof names], values ?? []]),
  );

const as = (pattern: string) => ({ pattern, home: 'writer', host_load: 'idle' });

/** Medians, floors and times of each pair of sockets. Seconds. */
export function handOffs(rows: readonly (readonly [number, number, string, number])[]) {
  const labels = ([src, dst, distance]: (typeof rows)[number]) => ({
    src_socket: String(src),
    dst_socket: String(dst),
    distance,
  });
  return {
    handOffMedian: rows.flatMap((row) => [
      { labels: { ...labels(row), ...as('store2') }, value: row[3] },
      { labels: { ...labels(row), ...as('cas1') }, value: row[3] / 2 },
      { labels: { ...labels(row), ...as('store2'), home: 'reader' }, value: row[3] * 3 },
    ]),
    handOffFloor: rows.map((row) => ({ labels: { ...labels(row), ...as('store2') }, value: row[3] * 0.95 })),
    handOffMax: rows.map((row) => ({ labels: { ...labels(row), window: '5m' }, value: row[3] * 1.4 })),
    lastClean: rows.map((row) => ({ labels: labels(row), value: noon - 20 })),
    classMismatch: rows.map((row) => ({ labels: labels(row), value: 0 })),
  };
}

const nothing: Known = {
  version: '1.2.3',
  wall: noon,
  topology: topologyOf({ sockets: 2, coresPerSocket: 8 }),
  families: new Map(),
  rows: [
    { name: 'latency', kind: 'probe', status: 'ok', seconds: 0.002, message: '' },
    { name: 'pmu', kind: 'collector', status: 'ok', seconds: 0.002, message: '' },
  ],
  jobs: new Map(),
  conditions: null,
  past: { points: [], rates: null },
  spikes: [],
  links: [{ path: '/metrics', what: 'metrics, for Prometheus' }],
  unready: null,
};

/** What little is known, and what the test says. */
export const knownOf = (given: Partial<Known> = {}): Known => ({ ...nothing, ...given });

/** A host that everything is known of. */
export function wholeHost(size: Size, swept = true): Known {
  const topology = topologyOf(size);
  const ids = topology.sockets.map(({ id }) => id);
  const lanes = [
    ...ids.map((id) => [id, id, 'llc', 88e-9 + id * 1e-9] as const),
    ...ids.map((id) => [id, id, 'node', 142e-9 + id * 1e-9] as const),
    ...ids.flatMap((a) =>
      ids.filter((b) => b > a).map((b) => [a, b, 'cross_socket', (310 + 22 * (b - a)) * 1e-9] as const),
    ),
  ];
  const nodes = topology.numaNodes.map(({ id, socket }) => ({ id, socket }));
  const loadNs = nodes.map((a) =>
    nodes.map((b) =>
      a.id === b.id ? 96 : a.socket === b.socket ? 118 : 188 + 9 * Math.abs(a.socket - b.socket),
    ),
  );
  const memory = {
    cpuNodes: nodes.map(({ id }) => id),
    memoryNodes: nodes.map(({ id }) => id),
    loadNs,
    pageBytes: 2 ** 21,
    notes: size.hostile === undefined ? [] : [size.hostile],
  };
  const points = Array.from({ length: 120 }, (_, at): Point => ({
    wall: noon - (119 - at) * 15,
    handOffSeconds: (332 + 14 * Math.sin(at / 6) + (at > 84 ? 60 : 0) + ((at * 7) % 9)) * 1e-9,
    remoteShares: new Map(
      ids.map((id) => [id, id === 1 && at > 70 ? 0.31 + ((at * 5) % 7) / 200 : 0.03 + ((at * 3) % 5) / 400]),
    ),
    pagesPerSecond: at % 40 > 30 ? 2400 - 70 * (at % 10) : 40 + (at % 7),
    tasksPerSecond: 12,
  }));
  return knownOf({
    topology,
    families: familiesOfReadings({
      ...handOffs(lanes),
      visits: [
        { labels: { outcome: 'clean', host_load: 'idle' }, value: 18_211 },
        { labels: { outcome: 'tainted', host_load: 'idle' }, value: 412 },
        { labels: { outcome: 'refused', host_load: 'busy' }, value: 0 },
      ],
      tainted: [
        { labels: { cause: 'preempted' }, value: 301 },
        { labels: { cause: 'placement_flip' }, value: 11 },
        { labels: { cause: 'page_moved' }, value: 0 },
      ],
      skipped: [{ labels: { reason: 'no_eligible_pair' }, value: 4 }],
      cycles: ids.map((id) => ({ labels: { socket: String(id), numa_node: String(id) }, value: 1e12 })),
      loads: ['local_dram', 'remote_dram'].flatMap((source) =>
        ids.map((id) => ({ labels: { socket: String(id), source }, value: 1e9 })),
      ),
      stalledCycles: ids.map((id) => ({ labels: { socket: String(id), cause: 'l3_miss' }, value: 1e11 })),
      signalStatus: [
        { labels: { signal: 'load_remote_hitm', status: 'absent', reason: 'no_event' }, value: 1 },
      ],
    }),
    rows: [
      { name: 'latency', kind: 'probe', status: 'ok', seconds: 0.0014, message: '' },
      { name: 'memory', kind: 'probe', status: 'ok', seconds: 0.0042, message: '' },
      { name: 'pmu', kind: 'collector', status: 'ok', seconds: 0.0031, message: '' },
      { name: 'vmstat', kind: 'collector', status: 'ok', seconds: 0.0002, message: '' },
      {
        name: 'resctrl',
        kind: 'collector',
        status: 'absent',
        seconds: 0.0001,
        message: size.hostile ?? '/sys/fs/resctrl is not mounted: mount -t resctrl resctrl /sys/fs/resctrl',
      },
      {
        name: 'kernel_events',
        kind: 'collector',
        status: 'denied',
        seconds: 0.0002,
        message: 'perf_event_paranoid is 4: grant CAP_PERFMON, or sysctl kernel.perf_event_paranoid=2',
      },
      { name: 'sweep', kind: 'job', status: 'done', seconds: 41, message: '' },
    ],
    jobs: new Map([
      ['sweep', swept ? job(sweepOf(topology)) : job(null, 'never_ran')],
      ['memory_matrix', job(memory)],
    ]),
    conditions: conditionsOf(topology, size.hostile ?? 'db-17'),
    past: {
      points,
      rates: {
        seconds: 15,
        pagesPerSecond: 44,
        tasksPerSecond: 12,
        sockets: new Map(
          ids.map((id) => [
            id,
            {
              instructionsPerCycle: 1.4 - id / 20,
              remoteShare: id === 1 ? 0.31 : 0.034,
              dramReadsPerSecond: 48e6 + id * 1e6,
              hitmPerThousandLoads: null,
              stalledShare: 0.18 + id / 50,
            },
          ]),
        ),
      },
    },
    spikes: spikesOf(topology),
    links: [
      '/metrics',
      '/-/healthy',
      '/-/ready',
      '/api/v1/topology',
      '/api/v1/conditions',
      '/api/v1/matrix',
      '/api/v1/spikes',
      '/api/v1/status',
    ].map((path) => ({ path, what: size.hostile ?? `${path.split('/').at(-1)}, as JSON` })),
  });
}

const spikesOf = ({ sockets }: Topology): Spike[] =>
  Array.from({ length: 5 }, (_, at) => ({
    sourceSocket: 0,
    targetSocket: sockets.length - 1,
    distance: 'cross_socket',
    beganAt: noon - 3000 + at * 500,
    seenAt: noon - 2990 + at * 500,
    visits: 1 + (at % 2),
    seconds: (800 + 137 * at) * 1e-9,
    medianSeconds: 340e-9,
  }));

const conditionsOf = (topology: Topology, name: string): ConditionsDocument => ({
  version: 1,
  takenAt: '2026-11-27T09:00:00.000Z',
  host: {
    name,
    cpuModel: topology.identity.name,
    sockets: topology.sockets.length,
    numaNodes: topology.numaNodes.length,
    nodesPerSocket: 1,
    hypervisor: false,
  },
  conditions: {},
  extra: {},
  checks: [
    {
      check: 'numa_balancing',
      state: 'not_met',
      why: 'NUMA balancing is 1: pages move between nodes while you measure.',
      advice: 'sysctl kernel.numa_balancing=0',
    },
    { check: 'governor', state: 'met', why: 'Every CPU has the governor performance.', advice: '' },
    { check: 'pmu_unused', state: 'unknown', why: 'The kernel does not tell who else counts.', advice: '' },
  ],
  changes: [],
});
