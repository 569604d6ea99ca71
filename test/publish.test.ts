import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Family } from '../src/latest.ts';
import { publish } from '../src/publish.ts';
import { lacks, skips } from './require.ts';

const words = { help: 'From the file /proc/x, a back\\slash.', tells: 'x' };
const families: readonly Family[] = [
  {
    metric: { ...words, name: 'numacanary_visits_total', kind: 'counter', labels: ['cause'] },
    values: [
      { labels: { cause: 'a "quoted"\nname\\' }, value: 3 },
      { labels: { cause: 'gap' }, value: 0.5 },
    ],
  },
  {
    metric: { ...words, name: 'numacanary_level', kind: 'gauge', labels: [] },
    values: [{ labels: {}, value: 2.5e-7 }],
  },
  {
    metric: {
      ...words,
      name: 'numacanary_latency_seconds',
      kind: 'histogram',
      labels: ['pair'],
      bounds: [1e-7, 2e-7],
    },
    values: [{ labels: { pair: '0' }, value: { bounds: [1e-7, 2e-7], counts: [2, 0, 3], sum: 1e-6 } }],
  },
  { metric: { ...words, name: 'numacanary_absent', kind: 'gauge', labels: [] }, values: [] },
];

describe('publish', () => {
  it('prints text 0.0.4', async () => {
    expect(await publish(families, 'text'))
      .toBe(`# HELP numacanary_visits_total From the file /proc/x, a back\\\\slash.
# TYPE numacanary_visits_total counter
numacanary_visits_total{cause="a \\"quoted\\"\\nname\\\\"} 3
numacanary_visits_total{cause="gap"} 0.5

# HELP numacanary_level From the file /proc/x, a back\\\\slash.
# TYPE numacanary_level gauge
numacanary_level 2.5e-7

# HELP numacanary_latency_seconds From the file /proc/x, a back\\\\slash.
# TYPE numacanary_latency_seconds histogram
numacanary_latency_seconds_bucket{le="1e-7",pair="0"} 2
numacanary_latency_seconds_bucket{le="2e-7",pair="0"} 2
numacanary_latency_seconds_bucket{le="+Inf",pair="0"} 5
numacanary_latency_seconds_sum{pair="0"} 0.000001
numacanary_latency_seconds_count{pair="0"} 5
`);
  });

  it('prints OpenMetrics: the family without _total, its samples with one, and the end', async () => {
    const page = await publish(families, 'openmetrics');
    expect(page).toContain('# TYPE numacanary_visits counter\n');
    expect(page).toContain('numacanary_visits_total{cause="gap"} 0.5\n');
    expect(page).not.toContain('_total_total');
    expect(page.endsWith('\n# EOF\n')).toBe(true);
  });

  // prom-client takes `_total` off the very object that it renders as OpenMetrics.
  it('prints the same text after an OpenMetrics page as before it', async () => {
    const first = await publish(families, 'text');
    await publish(families, 'openmetrics');
    expect(await publish(families, 'text')).toBe(first);
  });

  it.skipIf(lacks('promtool', 'checks the text format'))('passes promtool check metrics', async () => {
    const input = await publish(families, 'text');
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics', '--extended'], {
      input,
      encoding: 'utf8',
    });
    expect(stderr).not.toMatch(/error|duplicate/i);
    expect(status === 0 || status === 3).toBe(true);
  });

  it.skipIf(noParser())('passes the strict OpenMetrics parser of the Prometheus project', async () => {
    const input = await publish(families, 'openmetrics');
    const { status, stderr } = spawnSync('/usr/bin/python3', ['-c', strictly], { input, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

const strictly =
  'import sys; from prometheus_client.openmetrics.parser import text_string_to_metric_families as f; list(f(sys.stdin.read()))';

function noParser(): boolean {
  const found =
    spawnSync('/usr/bin/python3', ['-c', 'import prometheus_client.openmetrics.parser']).status === 0;
  return skips(!found, 'python3-prometheus-client is not installed: checks the OpenMetrics format');
}
