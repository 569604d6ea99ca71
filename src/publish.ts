import { Registry } from 'prom-client';
import type { Metric as ClientMetric, OpenMetricsContentType, PrometheusContentType } from 'prom-client';
import type { Family } from './latest.ts';
import type { HistogramValue } from './sample.ts';

export type Format = 'text' | 'openmetrics';

export const contentType: Readonly<Record<Format, PrometheusContentType | OpenMetricsContentType>> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openmetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

/**
 * One page. A fresh registry with fresh views each time: an OpenMetrics render of prom-client takes `_total`
 * off the name of the very object it is given, and a text page made of that object would lack it ever after.
 */
export async function publish(families: readonly Family[], format: Format): Promise<string> {
  const registry = new Registry<PrometheusContentType | OpenMetricsContentType>();
  registry.setContentType(contentType[format]);
  for (const family of families) {
    if (family.values.length > 0) registry.registerMetric(view(family, format));
  }
  return registry.metrics();
}

/** Series that a family takes on the page. */
export function seriesOf({ values }: Family): number {
  return values.reduce(
    (sum, { value }) => sum + (typeof value === 'number' ? 1 : value.bounds.length + 3),
    0,
  );
}

function view({ metric, values }: Family, format: Format) {
  const name =
    format === 'openmetrics' && metric.kind === 'counter' ? metric.name.replace(/_total$/, '') : metric.name;
  const { help } = metric;
  const view = {
    name,
    help,
    type: metric.kind,
    get: () => ({
      name: view.name,
      help,
      type: metric.kind,
      values: values.flatMap(({ labels, value }) =>
        typeof value === 'number' ? [{ sharedLabels: labels, value }] : lines(name, labels, value),
      ),
    }),
  };
  // The registry asks a metric for its name and get() alone; its types ask for one of its classes.
  return view as unknown as ClientMetric;
}

/**
 * prom-client keeps the text of `sharedLabels` by the object: that of a series is written once and not at each
 * scrape, nor for each bucket.
 */
function lines(
  name: string,
  sharedLabels: Readonly<Record<string, string>>,
  { bounds, counts, sum }: HistogramValue,
) {
  let total = 0;
  const buckets = [...bounds, Infinity].map((bound, index) => {
    total += counts[index] ?? 0;
    const le = bound === Infinity ? '+Inf' : String(bound);
    return { metricName: `${name}_bucket`, labels: { le }, sharedLabels, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, sharedLabels, value: sum },
    { metricName: `${name}_count`, sharedLabels, value: total },
  ];
}
