/** What hosts tell Prometheus, and which alerts that must raise: written into unit tests of promtool. */

export interface Scenario {
  readonly name: string;
  /** Of the samples; none of them divides a window, so that ranges which are open or closed on the left say the same. */
  readonly intervalSeconds: 14 | 56;
  readonly series: Readonly<Record<string, string>>;
  /** It has hosts of its own, or none: it cannot stand beside others in one Prometheus. */
  readonly alone?: true;
  /** By minute: the names of all alerts that fire then, sorted, with their number where it is not 1. */
  readonly firing: Readonly<Record<number, readonly string[]>>;
}

type Piece = readonly [value: number, samples: number];

/** A gauge: each value for so many samples. */
export const gauge = (...pieces: readonly Piece[]) =>
  pieces.map(([value, samples]) => `${value}+0x${samples - 1}`).join(' ');

/** A counter: each rise for so many samples. */
export function counter(...pieces: readonly Piece[]): string {
  let at = 0;
  return pieces
    .map(([rise, samples]) => {
      const text = `${at}+${rise}x${samples - 1}`;
      at += rise * samples;
      return text;
    })
    .join(' ');
}

export interface Machine {
  readonly samples: number;
  readonly intervalSeconds: number;
  readonly host?: string;
  readonly hypervisor?: boolean;
  readonly sockets?: number;
}

/** What stands on every series of a host, the pod that told it included: rules must not need that. */
export const of = (host: string, labels: Readonly<Record<string, string | number>> = {}) =>
  Object.entries({ ...labels, cluster: 'c', host, instance: `${host}:6862`, pod: `numacanary-${host}` })
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');

/** A host of two sockets where all is well; its canary sings. */
export function healthy(machine: Machine): Record<string, string> {
  const { samples, intervalSeconds, host = 'a', hypervisor = false, sockets = 2 } = machine;
  const one = gauge([1, samples]);
  const group = {
    cpu_model: 'Xeon',
    sockets,
    nodes_per_socket: 1,
    hypervisor: String(hypervisor),
    kernel: '6.1',
  };
  return {
    [`numacanary_build_info{${of(host)}}`]: one,
    [`numacanary_host_info{${of(host, group)}}`]: one,
    ...Object.fromEntries(
      Array.from({ length: sockets }, (_, socket) => [
        `numacanary_numa_node_info{${of(host, { numa_node: socket, socket })}}`,
        one,
      ]),
    ),
    [`numacanary_cpus{${of(host, { state: 'online' })}}`]: gauge([64, samples]),
    [`numacanary_probe_pairs_available{${of(host, { distance: 'cross_socket' })}}`]: one,
    // The time of the sample itself.
    [`numacanary_probe_last_clean_timestamp_seconds{${of(host, { src_socket: 0, dst_socket: 1, distance: 'cross_socket' })}}`]: `0+${intervalSeconds}x${samples - 1}`,
    [`up{${of(host, { job: 'numacanary' })}}`]: one,
    [`numacanary_config_last_reload_successful{${of(host)}}`]: one,
    [`numacanary_source_status{${of(host, { source: 'latency', status: 'ok', reason: 'none' })}}`]: one,
  };
}

export const latency = (host: string, distance: string, hostLoad = 'idle') =>
  `numacanary_probe_latency_median_seconds{${of(host, {
    src_socket: 0,
    dst_socket: distance === 'cross_socket' ? 1 : 0,
    distance,
    pattern: 'store2',
    home: 'writer',
    host_load: hostLoad,
  })}}`;

/** Samples in so many minutes. */
const dayLong = 56;
const quick = 14;
export const inMinutes = (minutes: number, intervalSeconds: number) =>
  Math.round((minutes * 60) / intervalSeconds);
const days = (hours: number) => inMinutes(hours * 60, dayLong);
const minutes = (many: number) => inMinutes(many, quick);

const aDay = { samples: days(30), intervalSeconds: dayLong };
const anHour = { samples: minutes(120), intervalSeconds: quick };

/** 26 hours of the one, two of the other, two of the one again. */
const incident = (usual: number, then: number): Piece[] => [
  [usual, days(26)],
  [then, days(2)],
  [usual, days(2)],
];
/** The same in an hour and a half, for what needs no day before. */
const episode = (usual: number, then: number): Piece[] => [
  [usual, minutes(30)],
  [then, minutes(60)],
  [usual, minutes(30)],
];
const h = (hours: number) => hours * 60;

const regressed = 'NumacanaryCrossSocketLatencyRegression';
const worst = 'NumacanaryCrossSocketLatencyRegressionOutlier';
const outlier = 'NumacanaryCrossSocketLatencyOutlier';

/** Nine hosts of a group that differ by a few nanoseconds; the ninth goes its own way. */
const fleet = (machine: Machine, ninth: string, others?: string) =>
  Object.assign(
    {},
    ...Array.from({ length: 9 }, (_, index) => ({
      ...healthy({ ...machine, host: `h${index}` }),
      [latency(`h${index}`, 'cross_socket')]:
        index === 8 ? ninth : (others ?? gauge([100e-9 + index * 2e-9, machine.samples])),
    })),
  ) as Record<string, string>; // an object of strings, spread into an object of strings

const counted = `numacanary_pmu_cpus{${of('a', { state: 'counted' })}}`;
const dayNight = (day: number, night: number) =>
  gauge([day, days(14)], [night, days(8)], [day, days(16)], [night, days(8)], [day, days(8)]);

export const scenarios: readonly Scenario[] = [
  {
    name: 'a host where all is well',
    intervalSeconds: quick,
    series: healthy(anHour),
    firing: { 10: [], 60: [], 110: [] },
  },
  {
    name: 'a link that takes 60 % longer, on metal',
    intervalSeconds: dayLong,
    series: { ...healthy(aDay), [latency('a', 'cross_socket')]: gauge(...incident(100e-9, 160e-9)) },
    firing: {
      [h(25)]: [],
      [h(26) + 5]: [],
      [h(26) + 20]: [regressed],
      [h(27.5)]: [regressed],
      [h(28) + 10]: [],
    },
  },
  {
    name: 'the same, a day after half an hour in which nobody scraped',
    intervalSeconds: dayLong,
    series: {
      ...replaced(
        healthy(aDay),
        'numacanary_host_info',
        `${gauge([1, days(2.2)])} stale _x${days(0.5)} ${gauge([1, days(27.2)])}`,
      ),
      [latency('a', 'cross_socket')]: gauge(...incident(100e-9, 160e-9)),
    },
    firing: { [h(25)]: [], [h(26) + 20]: [regressed], [h(26) + 30]: [regressed], [h(28) + 10]: [] },
  },
  {
    name: 'the same where a hypervisor may have done it: five minutes later',
    intervalSeconds: dayLong,
    series: {
      ...healthy({ ...aDay, hypervisor: true }),
      [latency('a', 'cross_socket')]: gauge(...incident(100e-9, 160e-9)),
    },
    firing: { [h(26) + 12]: [], [h(26) + 25]: [regressed], [h(28) + 10]: [] },
  },
  {
    name: 'a load that comes with the slowness: busy is compared with busy, and has no day before it',
    intervalSeconds: dayLong,
    series: {
      ...healthy(aDay),
      [latency('a', 'cross_socket')]: gauge([100e-9, days(30)]),
      [latency('a', 'cross_socket', 'busy')]: `_x${days(26)} ${gauge([160e-9, days(2)])}`,
    },
    firing: { [h(26) + 30]: [], [h(27.5)]: [] },
  },
  {
    name: 'an idle link that sleeps at night, 35 % slower, from the first night on',
    intervalSeconds: dayLong,
    series: {
      ...healthy({ ...aDay, samples: days(54) }),
      [latency('a', 'cross_socket')]: dayNight(100e-9, 135e-9),
    },
    firing: { [h(14) + 30]: [], [h(18)]: [], [h(38) + 30]: [], [h(42)]: [], [h(50)]: [] },
  },
  {
    name: 'a regression by day on a host whose link sleeps at night',
    intervalSeconds: dayLong,
    series: {
      ...healthy({ ...aDay, samples: days(54) }),
      [latency('a', 'cross_socket')]: gauge(
        [100e-9, days(14)],
        [135e-9, days(8)],
        [100e-9, days(10)],
        [200e-9, days(3)],
        [100e-9, days(6)],
      ),
    },
    firing: { [h(31)]: [], [h(33)]: [regressed], [h(35) + 10]: [] },
  },
  {
    name: 'one of nine hosts slows down: slower than itself and than its peers',
    alone: true,
    intervalSeconds: dayLong,
    series: fleet(aDay, gauge(...incident(110e-9, 200e-9))),
    firing: {
      [h(25)]: [],
      [h(26) + 15]: [regressed, worst],
      [h(26) + 40]: [outlier, regressed, worst],
      [h(28) + 10]: [],
    },
  },
  {
    name: 'one of nine hosts that has always been slow: its peers tell',
    alone: true,
    intervalSeconds: quick,
    series: {
      ...fleet(anHour, gauge([200e-9, anHour.samples])),
      // Told of twice, as two machines: it must not take the others’ numbers away.
      [`numacanary_host_info{${of('h0', { cpu_model: 'Other', sockets: 2, nodes_per_socket: 1, hypervisor: 'false', kernel: '6.1' })}}`]:
        gauge([1, anHour.samples]),
    },
    firing: { 10: [], 40: [outlier] },
  },
  {
    name: 'a host 9 % off among peers that agree to the nanosecond',
    alone: true,
    intervalSeconds: quick,
    series: fleet(anHour, gauge([109e-9, anHour.samples]), gauge([100e-9, anHour.samples])),
    firing: { 10: [], 60: [] },
  },
  {
    name: 'a group that slows down as a whole: each by itself, and the fleet',
    alone: true,
    intervalSeconds: dayLong,
    series: fleet(aDay, gauge(...incident(100e-9, 150e-9)), gauge(...incident(100e-9, 150e-9))),
    firing: {
      [h(26) + 5]: [],
      [h(26) + 50]: [`${regressed} 9`, 'NumacanaryFleetLatencyShift'],
      [h(28) + 10]: [],
    },
  },
  {
    name: 'a queue that passes on half of what it did',
    intervalSeconds: dayLong,
    series: {
      ...healthy(aDay),
      [`numacanary_probe_ring_items_total{${of('a', { src_socket: 0, dst_socket: 1, distance: 'cross_socket', batch: '512' })}}`]:
        counter(...incident(56e5, 28e5)),
      [`numacanary_probe_ring_seconds_total{${of('a', { src_socket: 0, dst_socket: 1, distance: 'cross_socket', batch: '512' })}}`]:
        counter([0.056, days(30)]),
    },
    firing: { [h(25)]: [], [h(26) + 40]: ['NumacanaryThroughputPenalty'], [h(28) + 30]: [] },
  },
  {
    name: 'a socket whose loads go to the other one',
    intervalSeconds: dayLong,
    series: {
      ...healthy(aDay),
      [load('local_dram')]: counter(...incident(56 * 9e6, 56 * 5e6)),
      [load('remote_dram')]: counter(...incident(56 * 1e6, 56 * 5e6)),
    },
    firing: { [h(25)]: [], [h(26) + 30]: ['NumacanaryRemoteDramShare'], [h(28) + 20]: [] },
  },
  {
    name: 'a socket that has always loaded half from the other one: no incident, a word after six hours',
    intervalSeconds: dayLong,
    series: {
      ...healthy(aDay),
      [load('local_dram')]: counter([56 * 5e6, days(28)], [56 * 9e6, days(2)]),
      [load('remote_dram')]: counter([56 * 5e6, days(28)], [56 * 1e6, days(2)]),
    },
    firing: {
      [h(5)]: [],
      [h(7)]: ['NumacanaryRemoteDramShareSteady'],
      [h(27)]: ['NumacanaryRemoteDramShareSteady'],
      [h(29)]: [],
    },
  },
  {
    name: 'an idle socket, all of whose few loads are remote',
    intervalSeconds: dayLong,
    series: {
      ...healthy(aDay),
      [load('local_dram')]: counter([56 * 1e6, days(26)], [0, days(4)]),
      [load('remote_dram')]: counter([56 * 1e4, days(26)], [56 * 1e6, days(4)]),
    },
    firing: { [h(25)]: [], [h(27)]: [] },
  },
  {
    name: 'one burst of eight seconds',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [`numacanary_burst_seconds_total{${of('a', { socket: 1, signal: 'remote_dram' })}}`]: counter(
        [0, minutes(30)],
        [8, 1],
        [0, minutes(60)],
      ),
    },
    firing: { 29: [], 32: ['NumacanaryBurst'], 45: [] },
  },
  {
    name: 'lines that both sockets write',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [load('remote_hitm')]: counter(...episode(14 * 1e4, 14 * 1e6)),
      [`numacanary_pmu_all_loads_total{${of('a', { socket: 0, numa_node: 0, unit: 'retired_loads' })}}`]:
        counter([14 * 1e8, minutes(120)]),
    },
    firing: { 29: [], 50: ['NumacanaryHitmStorm'], 100: [] },
  },
  {
    name: 'a few such lines among few loads',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [load('remote_hitm')]: counter([14 * 3, minutes(120)]),
      [`numacanary_pmu_all_loads_total{${of('a', { socket: 0, numa_node: 0, unit: 'retired_loads' })}}`]:
        counter([14 * 2000, minutes(120)]),
    },
    firing: { 60: [] },
  },
  {
    name: 'two busy sockets, of which one gets half of the work done; then it is idle',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [pmu('cycles', 0)]: counter([14 * 1e11, minutes(120)]),
      [pmu('cycles', 1)]: counter([14 * 1e11, minutes(90)], [14 * 1e9, minutes(30)]),
      [pmu('instructions', 0)]: counter([14 * 2e11, minutes(120)]),
      [pmu('instructions', 1)]: counter(
        [14 * 2e11, minutes(30)],
        [14 * 1e11, minutes(60)],
        [14 * 1e8, minutes(30)],
      ),
    },
    firing: { 29: [], 50: [], 75: ['NumacanaryIpcDivergence'], 105: [] },
  },
  {
    name: 'pages on the move',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [`numacanary_page_migrations_pages_total{${of('a', { outcome: 'success' })}}`]: counter(
        ...episode(14 * 100, 14 * 30_000),
      ),
    },
    firing: { 29: [], 60: ['NumacanaryMigrationThrash'], 110: [] },
  },
  {
    name: 'pages that are moved together on a machine of one node',
    intervalSeconds: quick,
    series: {
      ...healthy({ ...anHour, sockets: 1 }),
      [`numacanary_page_migrations_pages_total{${of('a', { outcome: 'success' })}}`]: counter(
        ...episode(14 * 100, 14 * 30_000),
      ),
      [`numacanary_burst_seconds_total{${of('a', { socket: '', signal: 'page_migrations' })}}`]: counter(
        ...episode(0, 8),
      ),
    },
    firing: { 60: [], 110: [] },
  },
  {
    name: 'shootdowns, ten times those of the day before',
    intervalSeconds: dayLong,
    series: {
      ...healthy(aDay),
      [`numacanary_tlb_shootdowns_total{${of('a', { socket: 1 })}}`]: counter(
        ...incident(56 * 5e3, 56 * 5e4),
      ),
      // Another socket that always has as many.
      [`numacanary_tlb_shootdowns_total{${of('a', { socket: 0 })}}`]: counter([56 * 5e4, days(30)]),
    },
    firing: { [h(25)]: [], [h(26) + 30]: ['NumacanaryTlbShootdownBurst'], [h(28) + 20]: [] },
  },
  {
    name: 'tasks thrown from socket to socket',
    intervalSeconds: dayLong,
    series: {
      ...healthy(aDay),
      [`numacanary_sched_task_migrations_total{${of('a', { from_socket: 0, to_socket: 1 })}}`]: counter(
        ...incident(56 * 10, 56 * 1000),
      ),
      [`numacanary_sched_task_migrations_total{${of('a', { from_socket: 1, to_socket: 0 })}}`]: counter(
        ...incident(56 * 10, 56 * 1000),
      ),
    },
    firing: { [h(25)]: [], [h(26) + 30]: ['NumacanaryTaskMigrationStorm'], [h(28) + 20]: [] },
  },
  {
    name: 'a restart that gives a container CPUs on both sockets',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      ...container('u1', 8, episode(1, 2)),
      // Larger than a socket: it must span both.
      ...container('u2', 40, [[2, minutes(120)]]),
      // In the pool that all share, with the CPUs that are left of both sockets.
      ...container('u3', 24, [[2, minutes(120)]]),
      ...Object.fromEntries(
        [0, 1].map((socket) => [
          `numacanary_workload_shared_pool_cpus{${of('a', { socket })}}`,
          gauge([12, minutes(120)]),
        ]),
      ),
      [`numacanary_workload_own_cpuset_containers{${of('a', { sockets: 'several' })}}`]: gauge(
        ...episode(1, 2),
      ),
      'kube_pod_info{uid="u1",namespace="shop",pod="cart-0"}': gauge([1, minutes(120)]),
    },
    firing: { 29: [], 45: ['NumacanaryPodSplit'], 100: [] },
  },
  {
    name: 'memory that was left behind',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [workload('outside_memory_bytes', 'u1', { memory: 'anon' })]: gauge(...episode(1e6, 6e9)),
      [workload('memory_bytes', 'u1', { memory: 'anon', numa_node: 0 })]: gauge([6e9, minutes(120)]),
      [workload('memory_bytes', 'u1', { memory: 'anon', numa_node: 1 })]: gauge([4e9, minutes(120)]),
    },
    firing: { 29: [], 50: [], 75: ['NumacanaryMemoryOnWrongNode'], 100: [] },
  },
  {
    name: 'one host of nine with another governor',
    alone: true,
    intervalSeconds: dayLong,
    series: Object.assign(
      {},
      ...Array.from({ length: 9 }, (_, index) => ({
        ...healthy({ samples: days(6), intervalSeconds: dayLong, host: `h${index}` }),
        [`numacanary_condition_info{${of(`h${index}`, { condition: 'governor', value: 'performance' })}}`]:
          index === 0
            ? `${gauge([1, days(2)])} stale _x${days(2)} ${gauge([1, days(2)])}`
            : gauge([1, days(6)]),
        ...(index === 0 && {
          [`numacanary_condition_info{${of('h0', { condition: 'governor', value: 'powersave' })}}`]: `_x${days(2)} ${gauge([1, days(2)])} stale`,
        }),
        // Every host has another kernel: nobody is the odd one out.
        [`numacanary_condition_info{${of(`h${index}`, { condition: 'kernel', value: `6.${index}` })}}`]:
          gauge([1, days(6)]),
      })),
    ) as Record<string, string>, // an object of strings, spread into an object of strings
    firing: { [h(1)]: [], [h(2) + 30]: [], [h(3.5)]: ['NumacanaryConditionDrift'], [h(5)]: [] },
  },
  {
    name: 'a canary that falls silent, and sings again',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [`numacanary_probe_last_clean_timestamp_seconds{${of('a', { src_socket: 0, dst_socket: 1, distance: 'cross_socket' })}}`]: `0+14x${minutes(30) - 1} ${gauge([1800, minutes(30)])} 3600+14x${minutes(60)}`,
      [`numacanary_probe_tainted_total{${of('a', { cause: 'preempted' })}}`]: counter([1, minutes(120)]),
      [`numacanary_probe_skipped_total{${of('a', { reason: 'throttled' })}}`]: counter([2, minutes(120)]),
    },
    firing: { 29: [], 40: ['NumacanaryBlind'], 65: [] },
  },
  {
    name: 'a canary that never sang',
    intervalSeconds: quick,
    series: without(healthy(anHour), 'numacanary_probe_last_clean'),
    firing: { 1: [], 10: ['NumacanaryBlind'] },
  },
  {
    name: 'a canary that was started a moment ago, and does not sing either',
    intervalSeconds: quick,
    series: {
      ...without(healthy(anHour), 'numacanary_probe_last_clean'),
      [`process_start_time_seconds{${of('a')}}`]: gauge([0, minutes(120)]),
    },
    firing: { 4: [], 10: ['NumacanaryBlind'] },
  },
  {
    name: 'a canary that was told not to sing between cores',
    intervalSeconds: quick,
    series: without(
      without(healthy(anHour), 'numacanary_probe_last_clean'),
      'numacanary_source_status{source="latency"',
    ),
    firing: { 10: [], 60: [] },
  },
  {
    name: 'a host of one socket has nothing to be blind to',
    intervalSeconds: quick,
    series: {
      ...without(healthy({ ...anHour, sockets: 1 }), 'numacanary_probe_last_clean'),
      [`numacanary_probe_pairs_available{${of('a', { distance: 'cross_socket' })}}`]: gauge([
        0,
        minutes(120),
      ]),
    },
    firing: { 10: [], 60: [] },
  },
  {
    name: 'a cpuset that leaves the canary one socket of two',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [`numacanary_probe_pairs_available{${of('a', { distance: 'cross_socket' })}}`]: gauge(
        [1, minutes(20)],
        [0, minutes(50)],
        [1, minutes(50)],
      ),
    },
    firing: { 19: [], 40: [], 60: ['NumacanaryNoCrossSocketPair'], 80: [] },
  },
  {
    name: 'visits that are mostly thrown away',
    intervalSeconds: dayLong,
    series: {
      ...healthy(aDay),
      [`numacanary_probe_visits_total{${of('a', { outcome: 'tainted', host_load: 'idle' })}}`]: counter(
        ...incident(1, 27),
      ),
      [`numacanary_probe_visits_total{${of('a', { outcome: 'clean', host_load: 'idle' })}}`]: counter(
        ...incident(27, 1),
      ),
    },
    firing: { [h(25)]: [], [h(27.5)]: ['NumacanaryMostlyTainted'], [h(29.5)]: [] },
  },
  {
    name: 'a paranoid that was raised: counters are gone, and come back',
    intervalSeconds: dayLong,
    series: {
      ...healthy({ samples: days(8), intervalSeconds: dayLong }),
      ...pmuSource(gauge([1, days(8)])),
      [counted]: gauge([64, days(2)], [0, days(3)], [64, days(3)]),
    },
    firing: {
      [h(1.5)]: [],
      [h(2) + 30]: ['NumacanaryPmuLost'],
      [h(4.5)]: ['NumacanaryPmuLost'],
      [h(5) + 10]: [],
    },
  },
  {
    name: 'counters that were switched off on purpose',
    intervalSeconds: dayLong,
    series: {
      ...healthy({ samples: days(8), intervalSeconds: dayLong }),
      ...pmuSource(`${gauge([1, days(2)])} stale`),
      [counted]: `${gauge([64, days(2)])} stale`,
    },
    firing: { [h(1.5)]: [], [h(3)]: [], [h(7)]: [] },
  },
  {
    name: 'a host that never counted any',
    intervalSeconds: dayLong,
    series: {
      ...healthy({ samples: days(8), intervalSeconds: dayLong }),
      ...pmuSource(gauge([1, days(8)])),
      [counted]: gauge([0, days(8)]),
    },
    firing: { [h(3)]: [] },
  },
  {
    name: 'a daemon that is down',
    alone: true,
    intervalSeconds: quick,
    series: {
      ...healthy({ ...anHour, host: 'b' }),
      [`up{${of('a', { job: 'numacanary' })}}`]: gauge(...episode(1, 0)),
    },
    firing: { 29: [], 40: ['NumacanaryDown'], 100: [] },
  },
  {
    name: 'a daemon that dies at each start is down, and not absent',
    alone: true,
    intervalSeconds: quick,
    series: {
      ...healthy({ ...anHour, host: 'b' }),
      ...ended(healthy({ ...anHour, host: 'a', samples: minutes(30) })),
      [`up{${of('a', { job: 'numacanary' })}}`]: gauge([1, minutes(30)], [0, minutes(90)]),
      'kube_node_info{cluster="c",node="a"}': gauge([1, minutes(120)]),
      'kube_node_info{cluster="c",node="b"}': gauge([1, minutes(120)]),
    },
    firing: { 29: [], 60: ['NumacanaryDown'], 110: ['NumacanaryDown'] },
  },
  {
    name: 'a node without a canary that it had; another node is gone, and is no loss',
    alone: true,
    intervalSeconds: dayLong,
    series: {
      ...healthy({ samples: days(8), intervalSeconds: dayLong, host: 'b' }),
      ...healthy({ samples: days(2), intervalSeconds: dayLong, host: 'gone' }),
      // An hour without.
      [`numacanary_host_info{${of('a', { cpu_model: 'Xeon', sockets: 2, nodes_per_socket: 1, hypervisor: 'false', kernel: '6.1' })}}`]: `${gauge([1, days(2)])} stale _x${days(1)} ${gauge([1, days(4)])}`,
      'kube_node_info{cluster="c",node="a"}': gauge([1, days(8)]),
      'kube_node_info{cluster="c",node="b"}': gauge([1, days(8)]),
      'kube_node_info{cluster="c",node="gone"}': gauge([1, days(2)]),
      'kube_node_info{cluster="c",node="never"}': gauge([1, days(8)]),
    },
    firing: { [h(1)]: [], [h(2.5)]: ['NumacanaryAbsent'], [h(3.5)]: [] },
  },
  {
    name: 'nothing at all, then a canary',
    alone: true,
    intervalSeconds: quick,
    series: { [`numacanary_build_info{${of('a')}}`]: `_x${minutes(40)} ${gauge([1, minutes(40)])}` },
    firing: { 5: [], 30: ['NumacanaryAllAbsent'], 45: [] },
  },
  {
    name: 'a family that is left out of the page',
    intervalSeconds: quick,
    series: {
      ...healthy({ samples: minutes(180), intervalSeconds: quick }),
      [`numacanary_series_dropped_total{${of('a', { family: 'workload_memory_bytes' })}}`]: counter(
        [0, minutes(30)],
        [40, minutes(10)],
        [0, minutes(140)],
      ),
    },
    firing: { 29: [], 40: ['NumacanarySeriesDropped'], 120: [] },
  },
  {
    name: 'a source that fails',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [`numacanary_source_status{${of('a', { source: 'vmstat', status: 'failed', reason: 'unparsable' })}}`]: `_x${minutes(20)} ${gauge([1, minutes(50)])} stale`,
    },
    firing: { 19: [], 40: [], 60: ['NumacanarySourceFailed'], 80: [] },
  },
  {
    name: 'a configuration that is not taken',
    intervalSeconds: quick,
    series: {
      ...healthy(anHour),
      [`numacanary_config_last_reload_successful{${of('a')}}`]: gauge(...episode(1, 0)),
    },
    firing: { 29: [], 40: ['NumacanaryConfigRejected'], 100: [] },
  },
];

function pmuSource(value: string): Record<string, string> {
  return { [`numacanary_source_status{${of('a', { source: 'pmu', status: 'ok', reason: 'none' })}}`]: value };
}

function load(source: string): string {
  return `numacanary_pmu_loads_total{${of('a', { socket: 0, numa_node: 0, source, unit: 'retired_loads' })}}`;
}

function pmu(what: string, socket: number): string {
  return `numacanary_pmu_${what}_total{${of('a', { socket, numa_node: socket })}}`;
}

function workload(what: string, uid: string, labels: Readonly<Record<string, string | number>> = {}): string {
  return `numacanary_workload_${what}{${of('a', { pod_uid: uid, container_id: `${uid}c`, qos: 'guaranteed', cgroup: '', ...labels })}}`;
}

function container(uid: string, cpus: number, sockets: readonly Piece[]): Record<string, string> {
  return {
    [workload('sockets_spanned', uid)]: gauge(...sockets),
    [workload('cpus', uid)]: gauge([cpus, minutes(120)]),
  };
}

/** Nobody tells of it any more after that. */
function ended(series: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [name, `${values} stale`]));
}

/** Its series of that name with other values. */
function replaced(series: Record<string, string>, prefix: string, values: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(series).map(([name, all]) => [name, name.startsWith(prefix) ? values : all]),
  );
}

function without(series: Record<string, string>, prefix: string): Record<string, string> {
  return Object.fromEntries(Object.entries(series).filter(([name]) => !name.startsWith(prefix)));
}
