import { reasons, statuses } from './run.ts';
import type { Metric } from './sample.ts';

/** What the daemon says of itself, beside its sources. */

export const sourceStatus = {
  name: 'numacanary_source_status',
  kind: 'gauge',
  labels: ['source', 'status', 'reason'],
  closed: { status: statuses, reason: reasons },
  per: ['source'],
  oneAtATime: true,
  help: 'How the last run of each source ended: one series for each source, always 1, that changes its labels.',
  tells: 'What is missing here and whose turn it is: absent nobody’s, denied the operator’s, failed ours.',
} as const satisfies Metric;

export const sourceSeconds = {
  name: 'numacanary_source_duration_seconds',
  kind: 'gauge',
  labels: ['source'],
  per: ['source'],
  help: 'Time that the last run of each source took, by the monotonic clock.',
  tells: 'Which source makes a scrape slow.',
} as const satisfies Metric;

export const scrapeSeconds = {
  name: 'numacanary_scrape_duration_seconds',
  kind: 'gauge',
  labels: [],
  help: 'Time that reading all collectors took for this page, rendering left out.',
  tells: 'What a scrape costs here, against its timeout.',
} as const satisfies Metric;

export const collections = {
  name: 'numacanary_scrape_collections_total',
  kind: 'counter',
  labels: [],
  help: 'Times that the collectors were read; scrapes within one second of each other share one reading.',
  tells: 'How often the page is really made.',
} as const satisfies Metric;

export const seriesDropped = {
  name: 'numacanary_series_dropped_total',
  kind: 'counter',
  labels: ['family'],
  help: 'Series left out because the page would have exceeded metrics.max_series, by family: whole families go, the largest first.',
  tells: 'That a family is missing because it is too big, and not because it could not be read.',
} as const satisfies Metric;

export const buildInfo = {
  name: 'numacanary_build_info',
  kind: 'gauge',
  labels: ['version', 'revision', 'node_version'],
  help: 'What runs here: version of package.json, revision it was built from, version of Node. Always 1.',
  tells: 'Which hosts still run the old one.',
} as const satisfies Metric;

export const reloadSuccessful = {
  name: 'numacanary_config_last_reload_successful',
  kind: 'gauge',
  labels: [],
  help: 'Whether the last attempt to read the configuration, and the files of --web.config.file, succeeded; after a failure what was before stays in force.',
  tells: 'That a file on disk is not what runs: a certificate that was renewed and is wrong, too.',
} as const satisfies Metric;

export const reloadTimestamp = {
  name: 'numacanary_config_last_reload_success_timestamp_seconds',
  kind: 'gauge',
  labels: [],
  help: 'When the configuration in force was read, seconds since 1970.',
  tells: 'Since when the present configuration holds: a step in a graph may be its doing.',
} as const satisfies Metric;

export const ownMetrics: readonly Metric[] = [
  buildInfo,
  reloadSuccessful,
  reloadTimestamp,
  sourceStatus,
  sourceSeconds,
  scrapeSeconds,
  collections,
  seriesDropped,
];
