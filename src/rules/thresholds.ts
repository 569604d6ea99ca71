/**
 * What the alerts compare with. Every number can be set (`numacanary rules --set name=value`): a fleet that interleaves
 * its memory on purpose has half of its reads remote, and nobody should be woken for it.
 */

interface Threshold {
  readonly default: number;
  readonly unit: string;
  readonly tells: string;
}

export const thresholds = {
  regression_ratio: {
    default: 1.25,
    unit: 'times the baseline',
    tells: 'Hand-off latency across sockets against the median of the day before.',
  },
  regression_seconds: {
    default: 15e-9,
    unit: 's',
    tells: 'Least difference to that baseline: a quarter more of very little is nothing.',
  },
  regression_over_usual_high: {
    default: 1.1,
    unit: 'times the 80th percentile',
    tells:
      'It must also exceed the slowest fifth of the day before: links sleep at night, and a night is no incident.',
  },
  hypervisor_wait_seconds: {
    default: 900,
    unit: 's',
    tells:
      'How long a regression must last where a hypervisor moves virtual CPUs about: longer than yours leaves them in one place.',
  },
  outlier_deviations: {
    default: 6,
    unit: 'deviations',
    tells: 'Robust z-score among the hosts of a group: distance from the median over 1.4826 MAD.',
  },
  outlier_ratio: {
    default: 1.1,
    unit: 'times the median',
    tells:
      'An outlier must also be so far from the median of its group: peers that agree too well make any host one.',
  },
  group_hosts: {
    default: 8,
    unit: 'hosts',
    tells: 'Smallest group in which hosts are compared.',
  },
  fleet_shift_ratio: {
    default: 1.15,
    unit: 'times the day before',
    tells: 'Median of a group against the same hour of the day before and of the week before.',
  },
  throughput_ratio: {
    default: 0.7,
    unit: 'times the baseline',
    tells: 'Items a second through a ring across sockets against the median of the day before.',
  },
  remote_dram_share: {
    default: 0.3,
    unit: 'of DRAM loads',
    tells: 'Remote share of a socket’s DRAM loads, which may page.',
  },
  remote_dram_rise: {
    default: 0.15,
    unit: 'of DRAM loads',
    tells:
      'It must be so much above its own median of the day before: a steady share is a placement, no incident.',
  },
  remote_dram_loads_per_second: {
    default: 5e6,
    unit: '1/s',
    tells: 'DRAM loads of a socket below which its share wakes nobody.',
  },
  burst_seconds: {
    default: 5,
    unit: 's in 10 min',
    tells: 'Seconds of bursts (burst_seconds_total) within ten minutes.',
  },
  hitm_per_load: {
    default: 0.001,
    unit: 'of all loads',
    tells: 'Loads that hit a line which a core of another socket had just written.',
  },
  hitm_per_second: {
    default: 100_000,
    unit: '1/s',
    tells: 'Such loads of a socket a second below which their share is noise.',
  },
  ipc_divergence: {
    default: 1.6,
    unit: 'times',
    tells: 'Instructions per cycle of the best busy socket over those of the worst.',
  },
  busy_cycles_per_second: {
    default: 5e9,
    unit: 'Hz',
    tells: 'Cycles a second from which on a socket counts as busy: about two cores.',
  },
  pages_migrated_per_second: {
    default: 10_000,
    unit: 'pages/s',
    tells: 'Pages on the move for a quarter of an hour: 40 MB/s that are copied while somebody waits.',
  },
  tlb_shootdowns_per_second: {
    default: 20_000,
    unit: '1/s',
    tells: 'TLB shootdowns that CPUs of a socket are told of.',
  },
  task_migrations_per_cpu: {
    default: 10,
    unit: '1/s and CPU',
    tells: 'Moves of tasks to another socket, for each CPU online.',
  },
  over_usual: {
    default: 4,
    unit: 'times the baseline',
    tells: 'Shootdowns and moves of tasks must also exceed their median of the day before so many times.',
  },
  outside_share: {
    default: 0.3,
    unit: 'of its memory',
    tells: 'Share of a workload’s memory on nodes where it has no CPU.',
  },
  outside_bytes: {
    default: 1024 ** 3,
    unit: 'bytes',
    tells: 'Least memory there that is worth a word.',
  },
  drift_minority: {
    default: 0.2,
    unit: 'of the group',
    tells: 'A condition’s value that fewer hosts of the group have, and the rest agree on another.',
  },
  drift_majority: {
    default: 0.6,
    unit: 'of the group',
    tells: 'So many must agree on one value before others are called drifted.',
  },
  blind_seconds: {
    default: 300,
    unit: 's',
    tells: 'Age of the last clean hand-off across sockets.',
  },
  tainted_share: {
    default: 0.5,
    unit: 'of the visits',
    tells: 'Visits thrown away on evidence against them, over an hour.',
  },
} as const satisfies Readonly<Record<string, Threshold>>;

export type ThresholdName = keyof typeof thresholds;
export type Thresholds = Readonly<Record<ThresholdName, number>>;

export const thresholdNames = Object.keys(thresholds) as ThresholdName[]; // the keys of a literal

export const defaults = Object.fromEntries(
  thresholdNames.map((name) => [name, thresholds[name].default]),
) as Thresholds; // one for each name
