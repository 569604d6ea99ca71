import { chosen, clusters, hosts, sockets } from './board.ts';
import type { Board } from './board.ts';
import type { Panel, Query } from './panel.ts';

const at = chosen();
const onSocket = chosen('socket');
const pair = '{{src_socket}}-{{dst_socket}} {{distance}}';
const ofSocket = 'socket {{socket}}';
const perSecond = (metric: string, by: string, matchers = at) =>
  `sum by (cluster, host, ${by}) (rate(${metric}{${matchers}}[$__rate_interval]))`;
const latest = (metric: string, by: string, matchers = at) =>
  `max by (cluster, host, ${by}) (${metric}{${matchers}})`;

/** A pair is unordered, and a matrix has it twice. */
const bothWays = (series: string) =>
  `max by (src_socket, dst_socket) (${series} or label_replace(label_replace(label_replace(${series}, "tmp", "$1", "src_socket", "(.*)"), "src_socket", "$1", "dst_socket", "(.*)"), "dst_socket", "$1", "tmp", "(.*)"))`;

type Simple = readonly [id: number, title: string, unit: string, description: string, ...queries: Query[]];
const lines = (width: number, panels: readonly Simple[]): readonly Panel[] =>
  panels.map(([id, title, unit, description, ...queries]) => ({
    id, kind: 'lines', title, unit, description, width, queries,
  })); // prettier-ignore

/** One host, socket by socket: where its time goes, and since when. */
export const host: Board = {
  uid: 'numacanary-host',
  title: 'NUMA canary / Host',
  description:
    'One host by socket: latency between its sockets, what crosses them, and what the kernel does to placement.',
  variables: [clusters, { ...hosts, multi: false }, sockets],
  annotation: {
    name: 'Condition changes',
    expr: `sum by (condition) (increase(numacanary_conditions_changes_total{${at}}[2m])) > 0`,
    title: '{{condition}} changed',
  },
  sections: [
    {
      id: 1,
      title: 'In short',
      panels: [
        {
          id: 10,
          kind: 'number',
          title: 'Cross-socket over same-socket',
          description:
            'What handing a line to another socket takes, in hand-offs within a socket of the same minute.',
          unit: 'short',
          width: 6,
          height: 5,
          queries: [
            { expr: `host:numacanary_cross_over_same_socket_latency:ratio{${at}}`, legend: '{{host_load}}' },
          ],
        },
        {
          id: 11,
          kind: 'number',
          title: 'Remote share of DRAM loads',
          description: 'By socket; no value below 100,000 loads a second.',
          unit: 'percentunit',
          width: 6,
          height: 5,
          queries: [
            { expr: `host_socket:numacanary_remote_dram:ratio_rate5m{${onSocket}}`, legend: ofSocket },
          ],
        },
        {
          id: 12,
          kind: 'number',
          title: 'Last clean hand-off',
          description: 'Age of the last clean sample between sockets: how old all of this is.',
          unit: 's',
          width: 4,
          height: 5,
          queries: [{ expr: `host:numacanary_cross_socket_clean_age_seconds:max{${at}}`, legend: 'age' }],
        },
        {
          id: 13,
          kind: 'table',
          title: 'What fires here',
          description: 'Alerts of this host.',
          unit: '',
          width: 8,
          height: 5,
          columns: { severity: 'severity', alertname: 'alert', socket: 'socket', pod_uid: 'pod' },
          queries: [{ expr: `ALERTS{alertname=~"Numacanary.+",alertstate="firing",${at}}` }],
        },
        {
          id: 14,
          kind: 'table',
          title: 'This machine',
          description:
            'What it is. The link opens the status page of its daemon, where its instance is an address: the full matrix of cores is there.',
          unit: '',
          width: 24,
          height: 4,
          link: { title: 'Status page of this host', url: 'http://${__data.fields.instance}/' },
          columns: {
            host: 'host',
            instance: 'instance',
            cpu_model: 'CPU',
            sockets: 'sockets',
            nodes_per_socket: 'nodes per socket',
            hypervisor: 'virtual',
            kernel: 'kernel',
          },
          queries: [{ expr: `numacanary_host_info{${at}}` }],
        },
      ],
    },
    {
      id: 2,
      title: 'Between CPUs',
      panels: [
        {
          id: 20,
          kind: 'rows',
          title: 'Hand-off latency by pair of sockets, over time',
          description:
            'Median of the last five clean visits; a row for each pair and distance. No mean over pairs.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: `max by (src_socket, dst_socket, distance) (host_pair:numacanary_latency_seconds:max{${at}})`,
              legend: pair,
            },
          ],
        },
        {
          id: 21,
          kind: 'matrix',
          title: 'Hand-off latency, socket by socket, now',
          description: 'The farthest distance of each pair of sockets; on the diagonal within a socket.',
          unit: 's',
          width: 12,
          axes: ['src_socket', 'dst_socket'],
          queries: [{ expr: bothWays(`host_pair:numacanary_latency_seconds:max{${at}}`) }],
        },
        {
          id: 22,
          kind: 'lines',
          title: 'Hand-off latency between sockets, and the day before',
          description:
            'Median by load of the host, its usual value and what it takes in the slowest fifth of a day.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: `host_pair:numacanary_latency_seconds:max{${at},distance="cross_socket"}`,
              legend: '{{src_socket}}-{{dst_socket}} {{host_load}}',
            },
            {
              expr: `last_over_time(host_pair:numacanary_latency_seconds:baseline1d{${at}}[15m])`,
              legend: '{{src_socket}}-{{dst_socket}} {{host_load}} usual',
            },
            {
              expr: `last_over_time(host_pair:numacanary_latency_seconds:usual_high1d{${at}}[15m])`,
              legend: '{{src_socket}}-{{dst_socket}} {{host_load}} slowest fifth',
            },
          ],
        },
        ...lines(12, [
          [
            23,
            'Hand-off latency: floor and maximum',
            's',
            'What the wires allow, and the worst group of 16 in five minutes. A floor that rises is hardware or its clock.',
            {
              expr: latest('numacanary_probe_latency_floor_seconds', 'src_socket, dst_socket, distance'),
              legend: `${pair} floor`,
            },
            {
              expr: latest('numacanary_probe_latency_max_seconds', 'src_socket, dst_socket, distance'),
              legend: `${pair} max`,
            },
          ],
        ]),
        ...(
          [
            [
              24,
              'Hand-offs between sockets, by time taken',
              'numacanary_probe_latency_seconds_bucket',
              'Means of 16 undisturbed hand-offs: where the mass lies, without a tail.',
            ],
            [
              25,
              'What a thread lives through between sockets',
              'numacanary_probe_experienced_latency_seconds_bucket',
              'Single hand-offs on a schedule, from when they were due: preemption and interrupts are in it.',
            ],
          ] as const
        ).map(([id, title, metric, description]): Panel => ({
          id,
          kind: 'buckets',
          title,
          unit: 's',
          description,
          width: 12,
          queries: [
            {
              expr: `sum by (le) (increase(${metric}{${at},distance="cross_socket"}[$__rate_interval]))`,
              legend: '{{le}}',
            },
          ],
        })),
        ...lines(12, [
          [
            26,
            'Ring throughput',
            'ops',
            'Items a second from one CPU to another through a ring of one producer and one consumer.',
            {
              expr: `host_pair:numacanary_ring_items_per_second:rate10m{${at}}`,
              legend: `${pair} batch {{batch}}`,
            },
          ],
          [
            27,
            'Core clock',
            'hertz',
            'During the last clean visit: whether a change of latency is a change of clock.',
            { expr: latest('numacanary_probe_core_hertz', 'socket', onSocket), legend: ofSocket },
          ],
          [
            28,
            'Experiments',
            'short',
            'B over A of the daily experiments: padding, home, pinning, spin, batch.',
            {
              expr: latest('numacanary_experiment_ratio', 'experiment, distance'),
              legend: '{{experiment}} {{distance}}',
            },
          ],
        ]),
        {
          id: 29,
          kind: 'states',
          title: 'Distances that are not what they are said to be',
          description:
            '1 where a distance measures more than 25 % faster than a nearer one: the topology told is not that of the caches.',
          unit: 'none',
          width: 12,
          queries: [
            {
              expr: latest('numacanary_probe_class_mismatch', 'src_socket, dst_socket, distance'),
              legend: pair,
            },
          ],
        },
      ],
    },
    {
      id: 3,
      title: 'Memory',
      panels: [
        {
          id: 30,
          kind: 'matrix',
          title: 'DRAM latency, node by node, now',
          description: 'Dependent loads from a CPU of one node to memory of another.',
          unit: 's',
          width: 12,
          axes: ['cpu_numa_node', 'memory_numa_node'],
          queries: [
            {
              expr: `max by (cpu_numa_node, memory_numa_node) (host_node:numacanary_memory_latency_seconds:max{${at}})`,
            },
          ],
        },
        {
          id: 31,
          kind: 'rows',
          title: 'DRAM latency by pair of nodes, over time',
          description: 'A row for each pair: from CPU of a node to memory of a node.',
          unit: 's',
          width: 12,
          queries: [
            {
              expr: `host_node:numacanary_memory_latency_seconds:max{${at}}`,
              legend: '{{cpu_numa_node}} to {{memory_numa_node}}',
            },
          ],
        },
        {
          id: 32,
          kind: 'rows',
          title: 'Remote share of DRAM loads by socket, over time',
          description:
            'A row for each socket: of what it loads from DRAM, the part from another one. Dark to bright since when.',
          unit: 'percentunit',
          width: 12,
          queries: [
            { expr: `host_socket:numacanary_remote_dram:ratio_rate5m{${onSocket}}`, legend: ofSocket },
          ],
        },
        ...lines(12, [
          [
            33,
            'Remote share of DRAM loads',
            'percentunit',
            'The same as lines, with the greatest share of any one second: bursts that an average flattens.',
            { expr: `host_socket:numacanary_remote_dram:ratio_rate5m{${onSocket}}`, legend: ofSocket },
            {
              expr: latest('numacanary_pmu_remote_dram_ratio_max', 'socket', onSocket),
              legend: `${ofSocket}, worst second`,
            },
          ],
        ]),
        {
          id: 34,
          kind: 'lines',
          title: 'Loads by source',
          description:
            'Where the data of loads came from, in disjoint parts, as the vendor counts them. Never compare units.',
          unit: 'ops',
          width: 12,
          stacked: true,
          queries: [
            {
              expr: perSecond(
                'numacanary_pmu_loads_total',
                'socket, source, unit',
                `${onSocket},source!~"l1|l2"`,
              ),
              legend: `${ofSocket} {{source}}`,
            },
          ],
        },
        ...lines(12, [
          [
            35,
            'HITM for each load',
            'percentunit',
            'Loads that hit a line which another socket had just written.',
            { expr: `host_socket:numacanary_hitm_per_load:ratio_rate5m{${onSocket}}`, legend: ofSocket },
          ],
          [
            36,
            'Instructions per cycle',
            'short',
            'Side by side: the same program on all sockets, and one lower, has it farther to its data.',
            {
              expr: `host_socket:numacanary_instructions_per_cycle:ratio_rate5m{${onSocket}}`,
              legend: ofSocket,
            },
          ],
          [
            37,
            'Stalled cycles by cause',
            'percentunit',
            'Part of the cycles in which nothing moved on while the cause held. Causes overlap.',
            {
              expr: `${perSecond('numacanary_pmu_stalled_cycles_total', 'socket, cause', onSocket)} / on (cluster, host, socket) group_left () (${perSecond('numacanary_pmu_cycles_total', 'socket', onSocket)} > 0)`,
              legend: `${ofSocket} {{cause}}`,
            },
          ],
          [
            38,
            'Reads that left the cores',
            'ops',
            'Prefetches included, by who answered: a remote stream that prefetchers hide is seen here.',
            {
              expr: perSecond('numacanary_pmu_offcore_reads_total', 'socket, source', onSocket),
              legend: `${ofSocket} {{source}}`,
            },
          ],
          [
            39,
            'Interconnect',
            'Bps',
            'What a socket sends to others, and the most in any one second. Do not add both directions.',
            { expr: `host_socket:numacanary_interconnect_bytes:rate5m{${onSocket}}`, legend: ofSocket },
            {
              expr: latest('numacanary_interconnect_bytes_per_second_max', 'socket', onSocket),
              legend: `${ofSocket}, worst second`,
            },
          ],
          [
            40,
            'DRAM traffic',
            'Bps',
            'Counted at the memory controllers of a socket, whoever asks.',
            {
              expr: perSecond('numacanary_dram_bytes_total', 'socket, op', onSocket),
              legend: `${ofSocket} {{op}}`,
            },
            {
              expr: perSecond('numacanary_resctrl_memory_bytes_total', 'socket, scope', onSocket),
              legend: `${ofSocket} {{scope}} (resctrl)`,
            },
          ],
          [
            41,
            'Read latency by the hardware',
            'short',
            'Cycles of the unit given for each read that missed the last cache, local and remote.',
            {
              expr: `${perSecond('numacanary_uncore_read_latency_cycles_total', 'socket, source, unit', onSocket)} / on (cluster, host, socket, source) group_left () (${perSecond('numacanary_uncore_read_latency_requests_total', 'socket, source', onSocket)} > 0)`,
              legend: `${ofSocket} {{source}} {{unit}}`,
            },
          ],
          [
            42,
            'Core clock over the nominal one',
            'short',
            'Below 1 a socket is throttled or saves power.',
            {
              expr: `${perSecond('numacanary_pmu_cycles_total', 'socket', onSocket)} / (${perSecond('numacanary_pmu_ref_cycles_total', 'socket', onSocket)} > 0)`,
              legend: ofSocket,
            },
          ],
        ]),
      ],
    },
    {
      id: 4,
      title: 'What the kernel does to placement',
      panels: [
        ...lines(12, [
          [
            50,
            'Burst seconds',
            's',
            'Seconds of bursts in ten minutes, however short: they are counted on the host, every second.',
            {
              expr: `host_socket:numacanary_burst_seconds:increase10m{${at}}`,
              legend: '{{signal}} {{socket}}',
            },
          ],
          [
            51,
            'Pages on the move',
            'ops',
            'All that moved, what NUMA balancing moved of it, what could not be moved, and the most in any one second.',
            {
              expr: perSecond('numacanary_page_migrations_pages_total', 'outcome'),
              legend: 'all: {{outcome}}',
            },
            {
              expr: `sum by (cluster, host) (rate(numacanary_autonuma_pages_migrated_total{${at}}[$__rate_interval]))`,
              legend: 'by NUMA balancing',
            },
            {
              expr: perSecond('numacanary_page_migrations_thp_total', 'outcome'),
              legend: 'huge: {{outcome}}',
            },
            {
              expr: `max by (cluster, host) (numacanary_page_migrations_max_per_second{${at}})`,
              legend: 'worst second',
            },
          ],
          [
            52,
            'NUMA balancing: hint faults',
            'ops',
            'Faults of pages that it looked at, by whether they lay where they were touched. A sample, by page.',
            { expr: perSecond('numacanary_autonuma_hint_faults_total', 'locality'), legend: '{{locality}}' },
            {
              expr: `sum by (cluster, host) (rate(numacanary_autonuma_pte_updates_total{${at}}[$__rate_interval]))`,
              legend: 'looked at',
            },
          ],
          [
            53,
            'NUMA balancing: tasks',
            'ops',
            'Tasks moved to their memory, swapped, or stuck.',
            { expr: perSecond('numacanary_numa_balancing_events_total', 'event'), legend: '{{event}}' },
          ],
          [
            54,
            'Tasks that moved to another socket',
            'ops',
            'By direction. Both ways at once is balancing back and forth.',
            {
              expr: perSecond('numacanary_sched_task_migrations_total', 'from_socket, to_socket'),
              legend: '{{from_socket}} to {{to_socket}}',
            },
          ],
          [
            55,
            'Scheduling by socket',
            'ops',
            'Context switches, and tasks that arrived on another CPU than before.',
            {
              expr: perSecond('numacanary_sched_context_switches_total', 'socket', onSocket),
              legend: `${ofSocket} switches`,
            },
            {
              expr: perSecond('numacanary_sched_cpu_migrations_total', 'socket', onSocket),
              legend: `${ofSocket} migrations`,
            },
          ],
        ]),
        {
          id: 56,
          kind: 'rows',
          title: 'TLB shootdowns by socket, over time',
          description: 'Interrupts by which CPUs of a socket were told to forget translations.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: `host_socket:numacanary_tlb_shootdowns:rate5m{${onSocket}}`, legend: ofSocket }],
        },
        ...lines(12, [
          [
            57,
            'Interrupts between CPUs, and of devices',
            'ops',
            'By the socket that handled them.',
            {
              expr: perSecond('numacanary_ipis_total', 'socket, kind', onSocket),
              legend: `${ofSocket} {{kind}}`,
            },
            {
              expr: perSecond('numacanary_device_interrupts_total', 'socket, kind', onSocket),
              legend: `${ofSocket} {{kind}}`,
            },
          ],
          [
            58,
            'Allocations that went elsewhere',
            'ops',
            'numa_foreign: wanted here, served elsewhere. numa_miss: served here, wanted elsewhere. Allocations, never loads.',
            {
              expr: perSecond(
                'numacanary_numastat_pages_total',
                'numa_node, event',
                `${at},event=~"numa_foreign|numa_miss"`,
              ),
              legend: 'node {{numa_node}} {{event}}',
            },
          ],
          [
            59,
            'Node memory',
            'bytes',
            'Free memory of each node beside the line below which it spills over.',
            {
              expr: latest('numacanary_numa_node_memory_bytes', 'numa_node, kind', `${at},kind=~"free|file"`),
              legend: 'node {{numa_node}} {{kind}}',
            },
            {
              expr: latest('numacanary_numa_node_low_watermark_bytes', 'numa_node'),
              legend: 'node {{numa_node}} low watermark',
            },
          ],
          [
            60,
            'Reclaim and tiering',
            'ops',
            'Pages that were needed back soon after they were evicted; pages between memory tiers.',
            {
              expr: perSecond('numacanary_numa_node_refaults_total', 'numa_node'),
              legend: 'node {{numa_node}} refaults',
            },
            {
              expr: perSecond('numacanary_tiering_pages_total', 'numa_node, direction'),
              legend: 'node {{numa_node}} {{direction}}',
            },
          ],
          [
            61,
            'Page faults',
            'ops',
            'By socket: the first touch decides where a page lies.',
            { expr: perSecond('numacanary_page_faults_total', 'socket', onSocket), legend: ofSocket },
          ],
          [
            62,
            'Pressure and steal',
            'percentunit',
            'Time in which some or all tasks waited for a resource; time that the hypervisor took from a socket.',
            {
              expr: perSecond('numacanary_pressure_stalled_seconds_total', 'resource, kind'),
              legend: '{{resource}} {{kind}}',
            },
            {
              expr: perSecond('numacanary_steal_seconds_total', 'socket', onSocket),
              legend: `${ofSocket} steal`,
            },
          ],
          [
            63,
            'System management interrupts',
            'ops',
            'Firmware that stops all CPUs for each.',
            { expr: perSecond('numacanary_smi_total', 'socket', onSocket), legend: ofSocket },
          ],
        ]),
      ],
    },
    {
      id: 5,
      title: 'Under which conditions',
      panels: [
        {
          id: 70,
          kind: 'table',
          title: 'Conditions',
          description:
            'What this host is set to; changes of those that change while it runs are marked on all panels.',
          unit: '',
          width: 12,
          height: 10,
          columns: { condition: 'condition', value: 'value' },
          queries: [{ expr: `numacanary_condition_info{${at}}` }],
        },
        {
          id: 71,
          kind: 'table',
          title: 'Would a number taken now be found again?',
          description: 'The reproducibility ladder; numacanary conditions says why not, and what to do.',
          unit: '',
          width: 12,
          height: 10,
          columns: { check: 'check', state: 'state' },
          queries: [{ expr: `numacanary_reproducibility_check{${at}}` }],
        },
        {
          id: 72,
          kind: 'table',
          title: 'Devices',
          description: 'Which socket a NIC or NVMe controller hangs on.',
          unit: '',
          width: 12,
          columns: { device: 'device', kind: 'kind', numa_node: 'node', socket: 'socket' },
          queries: [{ expr: `numacanary_device_info{${at}}` }],
        },
        ...lines(12, [
          [
            73,
            'Drift watch',
            'bytes',
            'Resident memory of the programs watched, by node, and what moved a second.',
            {
              expr: latest('numacanary_drift_resident_bytes', 'target, numa_node'),
              legend: '{{target}} node {{numa_node}}',
            },
            {
              expr: perSecond('numacanary_drift_moved_bytes_total', 'target'),
              legend: '{{target}} moved a second',
            },
          ],
        ]),
      ],
    },
  ],
};
