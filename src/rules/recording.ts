import { bandRules } from './bands.ts';
import { by, byGroup, cluster, groupLabels, groupLeft, host, on, onGroup } from './promql.ts';
import { day, hour, minute } from './rule.ts';
import type { Group, Times } from './rule.ts';
import { series } from './series.ts';
import type { Thresholds } from './thresholds.ts';

/**
 * Two levels: hosts, then groups of hosts that may be compared. Ratios are made of summed parts, and nothing is a mean
 * over sockets: a host with one sick socket of two must not look half as sick.
 */
export const recordingGroups = (times: Times, limits: Thresholds): readonly Group[] => [
  { name: 'numacanary-host', intervalSeconds: minute, rules: hostRules(times) },
  { name: 'numacanary-group', intervalSeconds: minute, rules: groupRules(limits) },
  // The day before is long, and moves slowly.
  { name: 'numacanary-baseline', intervalSeconds: 5 * minute, rules: baselineRules(times) },
];

const pair = ['src_socket', 'dst_socket', 'distance'] as const;

const sumRate = (metric: string, labels: readonly string[], window: string) =>
  `sum ${by(...labels)} (rate(${metric}[${window}]))`;

const nearest = (distance: string) =>
  `max ${by('host_load')} (${series.pairLatency}{distance="${distance}"})`;

const hostRules = ({ range }: Times) => {
  const [five, ten, anHour] = [range(5 * minute), range(10 * minute), range(hour)];
  return [
    {
      record: series.groupInfo,
      // One for each host, come what may: a second would end the evaluation of every rule that joins it, for all hosts.
      expr: `topk ${by()} (1, max ${by(...groupLabels)} (numacanary_host_info))`,
      tells: 'Which hosts may be compared with each other.',
    },
    {
      record: series.pairLatency,
      expr: `max ${by(...pair, 'host_load')} (numacanary_probe_latency_median_seconds{pattern="store2",home="writer"})`,
      tells: 'Hand-off latency of each pair of sockets, whichever pod told it.',
    },
    {
      record: series.hostLatency,
      expr: `max ${by('host_load')} (${series.pairLatency}{distance="cross_socket"}) * ${on()} ${groupLeft} ${series.groupInfo}`,
      tells: 'The worst pair of sockets of a host, with what its group goes by.',
    },
    {
      record: 'host:numacanary_cross_over_same_socket_latency:ratio',
      expr:
        `max ${by('host_load')} (${series.pairLatency}{distance="cross_socket"})` +
        ` / (${nearest('llc')} or ${nearest('node')} or ${nearest('socket')})`,
      tells: 'What crossing costs, in hand-offs within a socket of the same minute: the clock is in both.',
    },
    {
      record: series.ringItems,
      expr:
        sumRate('numacanary_probe_ring_items_total', [...pair, 'batch'], ten) +
        ` / (${sumRate('numacanary_probe_ring_seconds_total', [...pair, 'batch'], ten)} > 0)`,
      tells: 'Items a second through the ring, while it was measured.',
    },
    {
      record: 'host_node:numacanary_memory_latency_seconds:max',
      expr: `max ${by('cpu_numa_node', 'memory_numa_node')} (numacanary_memory_latency_seconds)`,
      tells: 'DRAM latency between nodes.',
    },
    {
      record: series.dramLoads,
      expr: sumRate('numacanary_pmu_loads_total{source=~"local_dram|remote_dram"}', ['socket', 'unit'], five),
      tells: 'How many loads DRAM answered: a share of few is noise.',
    },
    {
      record: series.remoteShare,
      expr:
        sumRate('numacanary_pmu_loads_total{source="remote_dram"}', ['socket', 'unit'], five) +
        ` / (${series.dramLoads} > 100000)`,
      tells:
        'Of what a socket loads from DRAM, the part that is remote: another socket’s, or another node’s where a socket has several.',
    },
    {
      record: series.hitmPerLoad,
      expr:
        sumRate('numacanary_pmu_loads_total{source="remote_hitm"}', ['socket'], five) +
        ` / (${sumRate('numacanary_pmu_all_loads_total', ['socket'], five)} > 0)`,
      tells: 'Of all loads, those that hit a line just written on another socket.',
    },
    {
      record: series.cycles,
      expr: sumRate('numacanary_pmu_cycles_total', ['socket'], five),
      tells: 'How busy a socket is, in cycles a second.',
    },
    {
      record: series.instructionsPerCycle,
      expr: sumRate('numacanary_pmu_instructions_total', ['socket'], five) + ` / (${series.cycles} > 0)`,
      tells: 'Work done for each cycle, socket by socket.',
    },
    {
      record: 'host_socket:numacanary_l3_stalls:ratio_rate5m',
      expr:
        sumRate('numacanary_pmu_stalled_cycles_total{cause="l3_miss"}', ['socket'], five) +
        ` / (${series.cycles} > 0)`,
      tells: 'Part of the cycles that waited for what no cache of the socket had. Intel.',
    },
    {
      record: 'host_socket:numacanary_interconnect_bytes:rate5m',
      expr: sumRate('numacanary_interconnect_bytes_total{direction="tx"}', ['socket'], five),
      tells: 'What a socket sends to others.',
    },
    {
      record: series.shootdowns,
      expr: sumRate('numacanary_tlb_shootdowns_total', ['socket'], five),
      tells: 'TLB shootdowns that arrive on a socket.',
    },
    {
      record: series.burstSeconds,
      expr: `max ${by('socket', 'signal')} (increase(numacanary_burst_seconds_total[${ten}]))`,
      tells: 'Seconds of bursts, however short: they are counted on the host.',
    },
    {
      record: series.pagesMigrated,
      expr: sumRate('numacanary_page_migrations_pages_total{outcome="success"}', [], five),
      tells: 'Pages on the move.',
    },
    {
      record: series.taskMigrations,
      expr: sumRate('numacanary_sched_task_migrations_total', [], five),
      tells: 'Moves of tasks from one socket to another.',
    },
    {
      record: series.cpusOnline,
      expr: `max ${by()} (numacanary_cpus{state="online"})`,
      tells: 'What rates are divided by, so that large hosts may be compared with small ones.',
    },
    {
      record: series.sockets,
      expr: `count ${by()} (count ${by('socket')} (numacanary_numa_node_info))`,
      tells: 'Sockets of a host, as a number.',
    },
    {
      record: series.numaNodes,
      expr: `count ${by()} (count ${by('numa_node')} (numacanary_numa_node_info))`,
      tells: 'NUMA nodes of a host: with one nothing is remote, and what moves is compaction.',
    },
    {
      record: series.cleanAge,
      expr: `time() - max ${by()} (numacanary_probe_last_clean_timestamp_seconds{distance="cross_socket"})`,
      tells: 'Age of the last clean hand-off across sockets: how long the canary has been silent.',
    },
    {
      record: series.tainted,
      expr:
        sumRate('numacanary_probe_visits_total{outcome="tainted"}', [], anHour) +
        ` / (${sumRate('numacanary_probe_visits_total', [], anHour)} > 0)`,
      tells: 'Part of the visits that was thrown away.',
    },
    {
      record: series.workloadsSplit,
      expr: `max ${by()} (numacanary_workload_own_cpuset_containers{sockets="several"})`,
      tells: 'Containers with CPUs of their own that lie on several sockets.',
    },
    {
      record: 'host:numacanary_workloads_outside_bytes:sum',
      expr: `sum ${by()} (max ${by('pod_uid', 'container_id', 'cgroup', 'memory')} (numacanary_workload_outside_memory_bytes))`,
      tells: 'Memory of workloads on nodes where they have no CPU.',
    },
  ];
};

const groupRules = ({ group_hosts: groupHosts, drift_minority, drift_majority }: Thresholds) => {
  const conditions = `max ${by('condition', 'value')} (numacanary_condition_info) * ${on()} ${groupLeft} ${series.groupInfo}`;
  return [
    {
      record: series.groupMedian,
      expr: `quantile ${byGroup('host_load')} (0.5, ${series.hostLatency})`,
      tells: 'What hosts of a group take, the one in the middle.',
    },
    {
      record: series.groupMad,
      expr: `quantile ${byGroup('host_load')} (0.5, abs(${series.hostLatency} - ${onGroup('host_load')} group_left () ${series.groupMedian}))`,
      tells: 'How far hosts are from it: median absolute deviation, which a sick host cannot inflate.',
    },
    {
      record: series.groupHosts,
      expr: `count ${byGroup('host_load')} (${series.hostLatency})`,
      tells: 'How many hosts the two are made of.',
    },
    {
      // A fleet whose hosts agree to the picosecond must not make one nanosecond an outlier: 2 ns at least.
      record: series.zscore,
      expr:
        `(${series.hostLatency} - ${onGroup('host_load')} group_left () ${series.groupMedian})` +
        ` / ${onGroup('host_load')} group_left () (1.4826 * clamp_min(${series.groupMad}, 2e-9))` +
        ` and ${onGroup('host_load')} (${series.groupHosts} >= ${groupHosts})`,
      tells: 'How far a host is from its peers, in robust deviations.',
    },
    {
      record: series.conditionHosts,
      expr: `count ${byGroup('condition', 'value')} (${conditions})`,
      tells: 'How many hosts of a group have this value of a condition.',
    },
    {
      record: series.conditionShare,
      expr: `${series.conditionHosts} / ${onGroup('condition')} group_left () (sum ${byGroup('condition')} (${series.conditionHosts}) >= ${groupHosts})`,
      tells: 'The same as a part of the group.',
    },
    {
      record: series.conditionDrift,
      expr:
        `(${conditions}) * ${onGroup('condition', 'value')} group_left () (${series.conditionShare} < ${drift_minority})` +
        ` and ${onGroup('condition')} (${series.conditionShare} > ${drift_majority})`,
      tells: 'Hosts with a value that few of their group have, where most agree on another: by how few.',
    },
    ...bandRules(series.hostLatency, series.remoteShare),
    {
      record: 'cluster:numacanary_hosts:count',
      expr: `count by (${cluster}) (count by (${cluster}, ${host}) (numacanary_build_info))`,
      tells: 'Hosts that tell anything.',
    },
  ];
};

const baselineRules = ({ range, pause }: Times) => {
  const aDay = `[${range(day)}] offset ${pause(hour)}`;
  /** Median of the day before, without the last hour: an incident must not become its own measure. */
  const usual = (record: string, series: string, tells: string) => ({
    record,
    // A few hours of it, or it says nothing of a day.
    expr: `quantile_over_time(0.5, ${series}${aDay}) and count_over_time(${series}${aDay}) >= 30`,
    tells,
  });
  return [
    {
      record: series.pairLatencySampled,
      expr: `${series.pairLatency}{distance="cross_socket"}`,
      tells: 'One value in five minutes: a day of it is read at once.',
    },
    usual(
      series.pairLatencyUsual,
      series.pairLatencySampled,
      'What a pair of sockets usually takes at this load.',
    ),
    {
      record: series.pairLatencyUsualHigh,
      expr: `quantile_over_time(0.8, ${series.pairLatencySampled}${aDay})`,
      tells: 'What it takes in the slowest fifth of a day, such as a night in which links sleep.',
    },
    {
      record: series.ringItemsSampled,
      expr: `${series.ringItems}{distance="cross_socket",batch="512"}`,
      tells: 'The same of throughput.',
    },
    usual(series.ringItemsUsual, series.ringItemsSampled, 'What a pair of sockets usually passes on.'),
    {
      record: series.ringItemsUsualLow,
      expr: `quantile_over_time(0.2, ${series.ringItemsSampled}${aDay})`,
      tells: 'What it passes on in the slowest fifth of a day.',
    },
    {
      record: series.remoteShareSampled,
      expr: series.remoteShare,
      tells: 'The same of the remote share.',
    },
    usual(series.remoteShareUsual, series.remoteShareSampled, 'The usual remote share.'),
    {
      record: series.shootdownsSampled,
      expr: series.shootdowns,
      tells: 'The same of shootdowns.',
    },
    usual(series.shootdownsUsual, series.shootdownsSampled, 'The usual shootdowns.'),
    {
      record: series.taskMigrationsSampled,
      expr: series.taskMigrations,
      tells: 'The same of moves of tasks.',
    },
    usual(series.taskMigrationsUsual, series.taskMigrationsSampled, 'The usual moves.'),
    {
      record: series.countedCpus,
      expr: `max ${by()} (numacanary_pmu_cpus{state="counted"})`,
      tells: 'CPUs on which hardware events are counted: who counted yesterday is missed today.',
    },
  ];
};
