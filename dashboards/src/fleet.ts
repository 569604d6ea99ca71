import { clusters, rowToHost, toHost } from './board.ts';
import type { Board } from './board.ts';

const at = 'cluster=~"$cluster",cpu_model=~"$cpu_model"';
const inGroup = 'on (cluster, cpu_model, sockets, nodes_per_socket, hypervisor, host_load) group_left ()';
const median = 'group:numacanary_cross_socket_latency_seconds:median';
const share = 'host_socket:numacanary_remote_dram:ratio_rate5m{cluster=~"$cluster"}';
const who = '{{host}}';

/** Ten, fifty, a hundred thousand hosts: what is drawn here is recorded, and never a mean over them. */
export const fleet: Board = {
  uid: 'numacanary-fleet',
  title: 'NUMA canary / Fleet',
  description: 'Which hosts are slow between their sockets, against their peers and against themselves.',
  variables: [
    clusters,
    {
      name: 'cpu_model',
      label: 'CPU model',
      query: 'label_values(host:numacanary_group:info{cluster=~"$cluster"}, cpu_model)',
    },
    { name: 'canary', label: 'canary hosts (regex)', typed: '.*-canary-.*' },
  ],
  sections: [
    {
      id: 1,
      title: 'Who is in trouble',
      panels: [
        {
          id: 10,
          kind: 'number',
          title: 'Hosts with a canary',
          description: 'Hosts that tell anything at all.',
          unit: 'short',
          width: 4,
          height: 5,
          queries: [{ expr: 'sum(cluster:numacanary_hosts:count{cluster=~"$cluster"})', legend: 'hosts' }],
        },
        {
          id: 11,
          kind: 'number',
          title: 'Blind hosts',
          description:
            'Hosts for which NumacanaryBlind fires: no clean hand-off between sockets for minutes, or none at all.',
          unit: 'short',
          width: 4,
          height: 5,
          queries: [
            {
              expr: 'count(ALERTS{alertname="NumacanaryBlind",alertstate="firing",cluster=~"$cluster"}) or vector(0)',
              legend: 'blind',
            },
          ],
        },
        {
          id: 12,
          kind: 'number',
          title: 'Alerts by severity',
          description: 'Alerts of numacanary that fire now; none at all is no value.',
          unit: 'short',
          width: 4,
          height: 5,
          queries: [
            {
              expr: 'count by (severity) (ALERTS{alertname=~"Numacanary.+",alertstate="firing",cluster=~"$cluster"})',
              legend: '{{severity}}',
            },
          ],
        },
        {
          id: 13,
          kind: 'table',
          title: 'What fires',
          description: 'Alerts that fire now, by host. Each has a runbook in docs/runbooks.',
          unit: '',
          width: 12,
          height: 5,
          link: rowToHost,
          columns: {
            severity: 'severity',
            alertname: 'alert',
            cluster: 'cluster',
            host: 'host',
            socket: 'socket',
          },
          queries: [{ expr: 'ALERTS{alertname=~"Numacanary.+",alertstate="firing",cluster=~"$cluster"}' }],
        },
      ],
    },
    {
      id: 2,
      title: 'Between sockets',
      panels: [
        {
          id: 20,
          kind: 'rows',
          title: 'Hosts by what a hand-off between their sockets takes',
          description:
            'How many hosts lie in each band of latency. A band that opens above the others is a group of hosts that left the rest.',
          unit: 'short',
          width: 12,
          height: 9,
          queries: [
            {
              expr: `sum by (band) (group:numacanary_cross_socket_latency_hosts:count{${at}})`,
              legend: '{{band}}',
            },
          ],
        },
        {
          id: 21,
          kind: 'bars',
          title: 'Farthest from their peers',
          description:
            'Robust deviations from the median of hosts with the same CPU, sockets and nodes, at the same load. Above 6 is an outlier.',
          unit: 'short',
          width: 12,
          height: 9,
          link: toHost,
          queries: [
            {
              expr: `topk(20, max by (cluster, host) (host:numacanary_cross_socket_latency:zscore{${at}}))`,
              legend: who,
            },
          ],
        },
        {
          id: 22,
          kind: 'lines',
          title: 'Medians of groups',
          description:
            'The host in the middle of each group of like hosts, by load. A step in all of them is a rollout.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: `${median}{${at}}`,
              legend: '{{cluster}} {{cpu_model}}, {{sockets}} sockets, virtual {{hypervisor}}, {{host_load}}',
            },
          ],
        },
        {
          id: 23,
          kind: 'lines',
          title: 'Canary hosts against the others, by CPU model',
          description:
            'Median host of those whose name matches the regex above, and of all others, each against the median of its group: 1 is as its peers.',
          unit: 'short',
          width: 12,
          queries: ['=~', '!~'].map((operator) => ({
            expr: `quantile by (cpu_model) (0.5, host:numacanary_cross_socket_latency_seconds:max{${at},host${operator}"$canary"} / ${inGroup} ${median}{${at}})`,
            legend: `{{cpu_model}} ${operator === '=~' ? 'canary' : 'control'}`,
          })),
        },
      ],
    },
    {
      id: 3,
      title: 'What crosses sockets',
      panels: [
        {
          id: 30,
          kind: 'rows',
          title: 'Sockets by their remote share of DRAM loads',
          description:
            'How many sockets have so much of what they load from DRAM from remote memory: another node’s.',
          unit: 'short',
          width: 12,
          height: 9,
          queries: [
            {
              expr: 'sum by (band) (cluster:numacanary_remote_dram_sockets:count{cluster=~"$cluster"})',
              legend: '{{band}}',
            },
          ],
        },
        {
          id: 31,
          kind: 'bars',
          title: 'Largest remote shares',
          description: 'Sockets that load most from remote memory, of those with loads enough.',
          unit: 'percentunit',
          width: 12,
          height: 9,
          min: 0,
          max: 1,
          link: toHost,
          queries: [{ expr: `topk(20, ${share})`, legend: `${who} socket {{socket}}` }],
        },
        ...(
          [
            [
              32,
              'Most HITM for each load',
              'host_socket:numacanary_hitm_per_load:ratio_rate5m',
              'percentunit',
              'Sockets whose loads most often hit a line that another socket had just written.',
              ' socket {{socket}}',
            ],
            [
              33,
              'Most pages on the move',
              'host:numacanary_pages_migrated:rate5m',
              'ops',
              'Hosts that move most pages a second; on hosts of one node that is compaction.',
              '',
            ],
            [
              34,
              'Most TLB shootdowns',
              'host_socket:numacanary_tlb_shootdowns:rate5m',
              'ops',
              'Sockets that are told most often to forget translations.',
              ' socket {{socket}}',
            ],
            [
              35,
              'Most moves of tasks between sockets',
              'host:numacanary_task_migrations:rate5m',
              'ops',
              'Hosts whose scheduler throws tasks from socket to socket.',
              '',
            ],
          ] as const
        ).map(([id, title, series, unit, description, more]) => ({
          id,
          kind: 'bars' as const,
          title,
          description,
          unit,
          width: 12,
          link: toHost,
          queries: [{ expr: `topk(10, ${series}{cluster=~"$cluster"})`, legend: `${who}${more}` }],
        })),
      ],
    },
    {
      id: 4,
      title: 'Placement and conditions',
      panels: [
        {
          id: 40,
          kind: 'table',
          title: 'Hosts that are set up otherwise than their peers',
          description: 'Values of a condition that few of a group have, while most agree on another one.',
          unit: 'percentunit',
          width: 12,
          height: 9,
          link: rowToHost,
          columns: {
            cluster: 'cluster',
            host: 'host',
            condition: 'condition',
            value: 'value',
            Value: 'of its group',
          },
          queries: [{ expr: `host:numacanary_condition_drift:ratio{${at}}` }],
        },
        {
          id: 41,
          kind: 'table',
          title: 'Conditions by group',
          description: 'How many hosts of each group have which value.',
          unit: 'short',
          width: 12,
          height: 9,
          columns: {
            cpu_model: 'CPU model',
            sockets: 'sockets',
            condition: 'condition',
            value: 'value',
            Value: 'hosts',
          },
          queries: [{ expr: `group:numacanary_condition_hosts:count{${at}}` }],
        },
        {
          id: 42,
          kind: 'bars',
          title: 'Most containers split between sockets',
          description: 'Containers that were given CPUs of their own, and have them on several sockets.',
          unit: 'short',
          width: 12,
          link: toHost,
          queries: [
            { expr: `topk(10, host:numacanary_workloads_split:count{cluster=~"$cluster"} > 0)`, legend: who },
          ],
        },
        {
          id: 43,
          kind: 'bars',
          title: 'Most memory on wrong nodes',
          description: 'Memory of workloads on nodes where they have no CPU.',
          unit: 'bytes',
          width: 12,
          link: toHost,
          queries: [
            {
              expr: 'topk(10, host:numacanary_workloads_outside_bytes:sum{cluster=~"$cluster"})',
              legend: who,
            },
          ],
        },
      ],
    },
  ],
};
