import type { Metric } from '../sample.ts';

/** Told by several samplers, each for its own signals: one family, so that one alert is for all. */
export const burstSeconds = {
  name: 'numacanary_burst_seconds_total',
  kind: 'counter',
  labels: ['socket', 'signal'],
  closed: { signal: ['remote_dram', 'page_migrations'] },
  per: ['socket_and_host'],
  // A socket has the one, the host the other.
  oneAtATime: true,
  help:
    'Seconds in which the signal was above its threshold, looked at every second: remote_dram of each socket (samplers.pmu_burst.threshold_ratio), ' +
    'page_migrations of the whole host, where socket is empty (samplers.vmstat_burst.threshold_pages).',
  tells: 'How long bursts lasted, whatever the scrape interval.',
} as const satisfies Metric;
