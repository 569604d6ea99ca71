import { by, held, on } from './promql.ts';
import { hour, minute } from './rule.ts';
import type { Alert, Times } from './rule.ts';
import { series } from './series.ts';
import type { Thresholds } from './thresholds.ts';

const { remoteShare: share, dramLoads, instructionsPerCycle: ipc, cycles, shootdowns } = series;
const moves = series.taskMigrations;

const severalNodes = `${on()} ${series.numaNodes} > 1`;

/** What crosses sockets: loads, lines, pages, interrupts, tasks. */
export function trafficAlerts({ range }: Times, limits: Thresholds): readonly Alert[] {
  const lately = range(15 * minute);
  const remote = `${share} > ${limits.remote_dram_share} and ${dramLoads} > ${limits.remote_dram_loads_per_second}`;
  const usual = `${held(series.remoteShareUsual, lately)} + ${limits.remote_dram_rise}`;
  return [
    {
      alert: 'NumacanaryRemoteDramShare',
      severity: 'critical',
      // Without a day to compare with, nobody knows whether it is new.
      expr: `max ${by('socket')} (${remote} and ${share} > ${usual})`,
      forSeconds: 15 * minute,
      summary: 'A socket loads far more from remote memory than it did the day before.',
      description:
        '{{ $labels.host }}: {{ $value | humanizePercentage }} of what socket {{ $labels.socket }} loads from DRAM is remote (another NUMA node’s), ' +
        `at more than ${limits.remote_dram_loads_per_second} loads a second.`,
      board: 'host',
    },
    {
      alert: 'NumacanaryRemoteDramShareSteady',
      severity: 'info',
      expr: `max ${by('socket')} (${remote})`,
      forSeconds: 6 * hour,
      summary: 'A socket has loaded much from remote memory for hours.',
      description:
        '{{ $labels.host }}: {{ $value | humanizePercentage }} of what socket {{ $labels.socket }} loads from DRAM is remote (another NUMA node’s), and has been for six hours: ' +
        'a placement, no incident.',
      board: 'host',
    },
    {
      alert: 'NumacanaryBurst',
      severity: 'warning',
      // On one node pages move too: that is compaction, and crosses nothing.
      expr:
        `${series.burstSeconds}{signal!="page_migrations"} > ${limits.burst_seconds}` +
        ` or ${series.burstSeconds}{signal="page_migrations"} > ${limits.burst_seconds} and ${severalNodes}`,
      forSeconds: 0,
      summary: 'Seconds of remote access or page migration that an average flattens.',
      description:
        '{{ $labels.host }}: {{ $value | humanize }} seconds of {{ $labels.signal }} bursts{{ if $labels.socket }} on socket {{ $labels.socket }}{{ end }} within ten minutes.',
      board: 'host',
    },
    {
      alert: 'NumacanaryHitmStorm',
      severity: 'warning',
      expr:
        `${series.hitmPerLoad} > ${limits.hitm_per_load}` +
        ` and ${on('socket')} sum ${by('socket')} (rate(numacanary_pmu_loads_total{source="remote_hitm"}[${range(5 * minute)}])) > ${limits.hitm_per_second}`,
      forSeconds: 10 * minute,
      summary: 'Sockets fight over cache lines that both write.',
      description:
        '{{ $labels.host }}: {{ $value | humanizePercentage }} of all loads of socket {{ $labels.socket }} hit a line that a core of another socket had just written.',
      board: 'host',
    },
    {
      alert: 'NumacanaryIpcDivergence',
      severity: 'warning',
      // An idle socket’s cycles are the kernel’s own, and say nothing of the program.
      expr:
        `max ${by()} (${ipc} and ${cycles} > ${limits.busy_cycles_per_second})` +
        ` / min ${by()} (${ipc} and ${cycles} > ${limits.busy_cycles_per_second}) > ${limits.ipc_divergence}`,
      forSeconds: 30 * minute,
      summary: 'Busy sockets of a host get very different amounts of work done for each cycle.',
      description:
        '{{ $labels.host }}: the best busy socket retires {{ $value | humanize }} times the instructions per cycle of the worst.',
      board: 'host',
    },
    {
      alert: 'NumacanaryMigrationThrash',
      severity: 'warning',
      expr: `${series.pagesMigrated} > ${limits.pages_migrated_per_second} and ${severalNodes}`,
      forSeconds: 15 * minute,
      summary: 'Pages have been on the move between nodes for a quarter of an hour.',
      description:
        '{{ $labels.host }} moves {{ $value | humanize }} pages a second. Each is copied while whoever wants it waits.',
      board: 'host',
    },
    {
      alert: 'NumacanaryTlbShootdownBurst',
      severity: 'warning',
      expr:
        `${shootdowns} > ${limits.tlb_shootdowns_per_second}` +
        ` and ${shootdowns} > ${limits.over_usual} * ${held(series.shootdownsUsual, lately)}`,
      forSeconds: 10 * minute,
      summary: 'CPUs of a socket are interrupted for TLB shootdowns far more than the day before.',
      description:
        '{{ $labels.host }}: {{ $value | humanize }} TLB shootdowns a second on socket {{ $labels.socket }}.',
      board: 'host',
    },
    {
      alert: 'NumacanaryTaskMigrationStorm',
      severity: 'warning',
      expr:
        `${moves} / ${series.cpusOnline} > ${limits.task_migrations_per_cpu}` +
        ` and ${on()} ${moves} > ${limits.over_usual} * ${held(series.taskMigrationsUsual, lately)}`,
      forSeconds: 10 * minute,
      summary: 'Tasks are moved between sockets far more than the day before.',
      description:
        '{{ $labels.host }}: {{ $value | humanize }} moves to another socket a second and CPU. Each task leaves its caches and its memory behind.',
      board: 'host',
    },
  ];
}
