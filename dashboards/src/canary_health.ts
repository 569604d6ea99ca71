import { chosen, clusters, hosts, rowToHost, toHost } from './board.ts';
import type { Board } from './board.ts';
import type { Panel, Query } from './panel.ts';

const at = chosen();
const rates = (metric: string, by: string) =>
  `sum by (cluster, host, ${by}) (rate(${metric}{${at}}[$__rate_interval]))`;
const latest = (metric: string, by = '') => `max by (cluster, host${by && `, ${by}`}) (${metric}{${at}})`;
const lines = (id: number, title: string, unit: string, description: string, ...queries: Query[]): Panel => ({
  id, kind: 'lines', title, unit, description, width: 12, queries,
}); // prettier-ignore

/** Whether what the other boards show can be believed. */
export const canaryHealth: Board = {
  uid: 'numacanary-canary-health',
  title: 'NUMA canary / Canary health',
  description: 'Coverage, taint and cost of the canaries themselves, and what they cannot see.',
  variables: [clusters, hosts],
  sections: [
    {
      id: 1,
      title: 'Does it sing?',
      panels: [
        {
          id: 10,
          kind: 'bars',
          title: 'Longest without a clean hand-off between sockets',
          description: 'Age of the last clean sample. Above 300 s a host is blind.',
          unit: 's',
          width: 12,
          link: toHost,
          queries: [
            {
              expr: `topk(20, host:numacanary_cross_socket_clean_age_seconds:max{${at}})`,
              legend: '{{host}}',
            },
          ],
        },
        {
          id: 11,
          kind: 'bars',
          title: 'Most thrown away',
          description: 'Part of the visits of an hour that was tainted, on evidence, never by value.',
          unit: 'percentunit',
          width: 12,
          min: 0,
          max: 1,
          link: toHost,
          queries: [{ expr: `topk(20, host:numacanary_tainted:ratio_rate1h{${at}})`, legend: '{{host}}' }],
        },
        lines(
          12,
          'Visits',
          'ops',
          'By outcome and load of the host: clean ones must not end when it is busy.',
          {
            expr: rates('numacanary_probe_visits_total', 'outcome, host_load'),
            legend: '{{host}} {{outcome}} {{host_load}}',
          },
        ),
        lines(13, 'Why samples are thrown away', 'ops', 'By cause; one visit may have several.', {
          expr: rates('numacanary_probe_tainted_total', 'cause'),
          legend: '{{host}} {{cause}}',
        }),
        lines(
          14,
          'Why visits are not made, or made short',
          'ops',
          'By reason. Load makes them short, and is no reason to leave them out.',
          { expr: rates('numacanary_probe_skipped_total', 'reason'), legend: '{{host}} skipped {{reason}}' },
          {
            expr: rates('numacanary_probe_short_visits_total', 'reason'),
            legend: '{{host}} short {{reason}}',
          },
        ),
        lines(
          15,
          'Stalls and placement flips',
          'percentunit',
          'Time in which a spinning thread was away, by who took it; visits in which a hypervisor moved a CPU.',
          { expr: rates('numacanary_probe_stall_seconds_total', 'cause'), legend: '{{host}} {{cause}}' },
          {
            expr: `sum by (cluster, host) (rate(numacanary_probe_placement_flips_total{${at}}[$__rate_interval]))`,
            legend: '{{host}} flips a second',
          },
        ),
        lines(
          16,
          'Pairs that can be probed',
          'none',
          'By distance: a fall means that a cpuset, hotplug or isolation took CPUs away.',
          { expr: latest('numacanary_probe_pairs_available', 'distance'), legend: '{{host}} {{distance}}' },
          { expr: latest('numacanary_cpus', 'state'), legend: '{{host}} CPUs {{state}}' },
        ),
        lines(
          17,
          'CPU of the probes, against their budget',
          'short',
          'CPUs that the probe threads used, and may use.',
          {
            expr: `sum by (cluster, host) (rate(numacanary_probe_cpu_seconds_total{${at}}[$__rate_interval]))`,
            legend: '{{host}} used',
          },
          { expr: latest('numacanary_probe_budget_cpus'), legend: '{{host}} budget' },
        ),
      ],
    },
    {
      id: 2,
      title: 'What it cannot see',
      panels: [
        {
          id: 20,
          kind: 'table',
          title: 'Hardware signals that are not counted',
          description: 'With the reason; numacanary doctor says what to do about each.',
          unit: '',
          width: 12,
          height: 10,
          link: rowToHost,
          columns: { cluster: 'cluster', host: 'host', signal: 'signal', status: 'status', reason: 'reason' },
          queries: [
            { expr: `numacanary_pmu_signal_status{${at}} or numacanary_kernel_signal_status{${at}}` },
          ],
        },
        {
          id: 21,
          kind: 'table',
          title: 'Sources that are not well',
          description: 'absent is nobody’s fault, denied the operator’s, failed ours.',
          unit: '',
          width: 12,
          height: 10,
          link: rowToHost,
          columns: { cluster: 'cluster', host: 'host', source: 'source', status: 'status', reason: 'reason' },
          queries: [{ expr: `numacanary_source_status{${at},status!="ok"}` }],
        },
        lines(
          22,
          'Coverage of the counters',
          'percentunit',
          'Time counted over time passed, by socket and group: what is below 1 was scaled up.',
          {
            expr: latest('numacanary_pmu_coverage_ratio', 'socket, group'),
            legend: '{{host}} socket {{socket}} {{group}}',
          },
        ),
        lines(
          23,
          'CPUs that are counted, and calibration',
          'short',
          'CPUs counted and left out; what counters counted over what was done to make them count.',
          { expr: latest('numacanary_pmu_cpus', 'state'), legend: '{{host}} {{state}}' },
          {
            expr: latest('numacanary_pmu_calibration_ratio', 'signal'),
            legend: '{{host}} calibration {{signal}}',
          },
        ),
      ],
    },
    {
      id: 3,
      title: 'What it costs',
      panels: [
        lines(
          30,
          'Scrapes',
          's',
          'Time that reading all collectors took, and the slowest sources.',
          { expr: latest('numacanary_scrape_duration_seconds'), legend: '{{host}} scrape' },
          {
            expr: `topk(10, ${latest('numacanary_source_duration_seconds', 'source')})`,
            legend: '{{host}} {{source}}',
          },
        ),
        lines(
          31,
          'CPU and memory of the daemon',
          'short',
          'CPUs used and GiB resident, all threads.',
          {
            expr: `sum by (cluster, host) (rate(process_cpu_seconds_total{${at}}[$__rate_interval]) and on (job, instance) numacanary_build_info{${at}})`,
            legend: '{{host}} CPUs',
          },
          {
            expr: `max by (cluster, host) (process_resident_memory_bytes{${at}} and on (job, instance) numacanary_build_info{${at}}) / 2^30`,
            legend: '{{host}} GiB',
          },
        ),
        lines(
          32,
          'Series left out',
          'short',
          'Families that would have made the page too large.',
          {
            expr: `sum by (cluster, host, family) (increase(numacanary_series_dropped_total{${at}}[$__rate_interval]))`,
            legend: '{{host}} {{family}}',
          },
          { expr: latest('numacanary_workload_containers', 'state'), legend: '{{host}} workloads {{state}}' },
        ),
        {
          id: 33,
          kind: 'table',
          title: 'Versions',
          description: 'Which hosts still run the old one, and whether their last configuration was taken.',
          unit: '',
          width: 12,
          link: rowToHost,
          columns: {
            cluster: 'cluster',
            host: 'host',
            version: 'version',
            revision: 'revision',
            node_version: 'Node',
            Value: 'configuration taken',
          },
          queries: [
            {
              expr: `numacanary_build_info{${at}} * on (cluster, host, instance) group_left () max by (cluster, host, instance) (numacanary_config_last_reload_successful{${at}})`,
            },
          ],
        },
      ],
    },
  ],
};
