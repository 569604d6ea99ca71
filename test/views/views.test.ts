import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { units } from '../../src/pmu/signals.ts';
import { catalogue } from '../../src/sources.ts';
import { views } from '../../src/views/index.ts';
import { lacks } from '../require.ts';

const declared = new Map(catalogue().map(({ metric }) => [metric.name as string, metric]));

describe('views', () => {
  it('each has a name of its own, and a value to be checked by', () => {
    expect(Object.keys(expected).toSorted()).toEqual(views.map(({ name }) => name).toSorted());
    const names = views.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(views.map((view) => [view.name, view] as const))(
    '%s asks for what is declared',
    (_, { formula }) => {
      const selectors = [...formula.matchAll(/(numacanary_\w+)(?:\{([^}]*)\})?/g)];
      expect(selectors.length).toBeGreaterThan(0);
      for (const [, name = '', matchers = ''] of selectors) {
        const metric = declared.get(name);
        expect(metric, name).toBeDefined();
        for (const [, label = '', , value = ''] of matchers.matchAll(/(\w+)(=~?)"([^"]*)"/g)) {
          const known = metric?.closed?.[label] ?? [];
          for (const one of value.split('|')) {
            const pattern = new RegExp(`^(?:${one})$`);
            expect(
              known.some((word) => pattern.test(word)),
              `${label}=${one} of ${name}`,
            ).toBe(true);
          }
        }
      }
    },
  );

  it.each(views.map((view) => [view.name, view] as const))('%s says it in whole sentences', (_, view) => {
    for (const text of [view.tells, view.caveat ?? '.']) {
      expect(text).toMatch(/^[A-Z.0-9].*\.$|^\.$/);
      expect(text).not.toMatch(/["\n|]/);
    }
    for (const unit of view.units ?? []) expect(units).toContain(unit);
  });
});

/** Counts a second of each series on a host of two sockets, and what the views make of them. */
const given: Readonly<Record<string, number>> = {
  'pmu_all_loads_total{socket="0",numa_node="0",unit="retired_loads"}': 60e6,
  'pmu_all_loads_total{socket="0",numa_node="1",unit="retired_loads"}': 40e6,
  'pmu_all_loads_total{socket="1",numa_node="2",unit="retired_loads"}': 100e6,
  'pmu_loads_total{socket="0",numa_node="0",source="l1",unit="retired_loads"}': 96e6,
  'pmu_loads_total{socket="0",numa_node="0",source="l3",unit="retired_loads"}': 2e6,
  'pmu_loads_total{socket="0",numa_node="0",source="local_dram",unit="retired_loads"}': 1.4e6,
  'pmu_loads_total{socket="0",numa_node="1",source="remote_dram",unit="retired_loads"}': 0.6e6,
  'pmu_loads_total{socket="0",numa_node="1",source="remote_hitm",unit="retired_loads"}': 0.2e6,
  // An idle socket: nine of ten loads are remote, and nobody should be woken.
  'pmu_loads_total{socket="1",numa_node="2",source="local_dram",unit="retired_loads"}': 1e3,
  'pmu_loads_total{socket="1",numa_node="2",source="remote_dram",unit="retired_loads"}': 9e3,
  'pmu_loads_detail_total{socket="0",numa_node="0",source="llc",unit="accesses"}': 400,
  'pmu_loads_detail_total{socket="0",numa_node="0",source="llc_miss",unit="accesses"}': 100,
  'pmu_cycles_total{socket="0",numa_node="0"}': 3e9,
  'pmu_cycles_total{socket="0",numa_node="1"}': 1e9,
  'pmu_ref_cycles_total{socket="0",numa_node="0"}': 2e9,
  'pmu_instructions_total{socket="0",numa_node="0"}': 6e9,
  'pmu_stalled_cycles_total{socket="0",numa_node="0",cause="l3_miss"}': 1e9,
  'pmu_offcore_reads_total{socket="0",source="local_dram",unit="offcore_reads"}': 3e6,
  'pmu_offcore_reads_total{socket="0",source="remote_dram",unit="offcore_reads"}': 1e6,
  'interconnect_bytes_total{socket="0",direction="tx"}': 5e9,
  'interconnect_bytes_total{socket="0",direction="rx"}': 7e9,
  'dram_bytes_total{socket="0",op="read"}': 20e9,
  'uncore_read_latency_cycles_total{socket="0",source="remote_dram",unit="uncore_cycles"}': 400e6,
  'uncore_read_latency_requests_total{socket="0",source="remote_dram"}': 1e6,
  'uncore_clock_cycles_total{socket="0"}': 2e9,
  'tsc_cycles_total{socket="0"}': 1.9e9,
  'autonuma_hint_faults_total{locality="local"}': 300,
  'autonuma_hint_faults_total{locality="remote"}': 100,
  'page_migrations_pages_total{outcome="success"}': 250,
  'page_migrations_pages_total{outcome="fail"}': 5,
  'numastat_pages_total{socket="0",numa_node="0",event="numa_foreign"}': 12,
  'numastat_pages_total{socket="1",numa_node="1",event="numa_miss"}': 12,
};

const container = 'pod_uid="u1", container_id="c1", qos="burstable"';
const noted = container.replaceAll(', ', ',');

/** The same for what does not count. */
const gauges: Readonly<Record<string, number>> = {
  'numa_node_memory_bytes{socket="0",numa_node="0",kind="free"}': 5e9,
  'numa_node_memory_bytes{socket="0",numa_node="0",kind="file"}': 7e9,
  'numa_node_low_watermark_bytes{socket="0",numa_node="0"}': 1e9,
  [`workload_memory_bytes{${noted},numa_node="0",memory="anon"}`]: 60e6,
  [`workload_memory_bytes{${noted},numa_node="1",memory="anon"}`]: 30e6,
  [`workload_memory_bytes{${noted},numa_node="1",memory="file"}`]: 10e6,
  [`workload_outside_memory_bytes{${noted},memory="anon"}`]: 30e6,
  [`workload_outside_memory_bytes{${noted},memory="file"}`]: 10e6,
  [`workload_sockets_spanned{${noted}}`]: 2,
};

/** Two kube-state-metrics say the same of a pod, and something of another. */
const others: Readonly<Record<string, number>> = {
  'kube_pod_info{uid="u1",namespace="shop",pod="cart-0",instance="ksm-a"}': 1,
  'kube_pod_info{uid="u1",namespace="shop",pod="cart-0",instance="ksm-b"}': 1,
  'kube_pod_info{uid="u2",namespace="shop",pod="cart-1",instance="ksm-a"}': 1,
};

const expected: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  remote_dram_share: { 'socket="0", unit="retired_loads"': 0.3 },
  remote_load_fraction: {
    'socket="0", unit="retired_loads"': 0.006,
    'socket="1", unit="retired_loads"': 0.000_09,
  },
  loads_by_source: {
    'socket="0", source="l1", unit="retired_loads"': 96 / 100.2,
    'socket="0", source="l3", unit="retired_loads"': 2 / 100.2,
    'socket="0", source="local_dram", unit="retired_loads"': 1.4 / 100.2,
    'socket="0", source="remote_dram", unit="retired_loads"': 0.6 / 100.2,
    'socket="0", source="remote_hitm", unit="retired_loads"': 0.2 / 100.2,
    'socket="1", source="local_dram", unit="retired_loads"': 0.1,
    'socket="1", source="remote_dram", unit="retired_loads"': 0.9,
  },
  hitm_per_thousand_loads: { 'socket="0"': 2 },
  l3_miss_ratio: {
    'socket="0", unit="retired_loads"': 2.2 / 4.2,
    'socket="1", unit="retired_loads"': 1,
  },
  llc_miss_ratio_of_arm: { 'socket="0"': 0.25 },
  instructions_per_cycle: { 'socket="0"': 1.5 },
  stall_share: { 'cause="l3_miss", socket="0"': 0.25 },
  core_clock_ratio: { 'socket="0"': 2 },
  core_clock_hertz: { 'socket="0"': 3.8e9 },
  read_latency_seconds: { 'socket="0", source="remote_dram"': 200e-9 },
  read_latency_cycles: { 'socket="0", source="remote_dram", unit="uncore_cycles"': 400 },
  offcore_remote_share: { 'socket="0", unit="offcore_reads"': 0.25 },
  interconnect_bytes_per_second: { 'socket="0"': 5e9 },
  dram_bytes_per_second: { 'op="read", socket="0"': 20e9 },
  hint_fault_local_share: { '': 0.75 },
  pages_migrated_per_second: { '': 250 },
  spilt_pages_per_second: { 'numa_node="0"': 12 },
  node_headroom_bytes: { 'numa_node="0"': 4e9 },
  workload_outside_share: { [container]: 0.4 },
  workload_sockets_by_name: { [`${container}, namespace="shop", pod="cart-0"`]: 2 },
};

describe.skipIf(lacks('promtool', 'evaluates the PromQL of the views'))('the PromQL of the views', () => {
  it('is understood by Prometheus', () => {
    expect(promtool(['check', 'rules', 'rules.json'])).toMatchObject({ status: 0 });
  });

  it('comes to what the counts say', () => {
    expect(promtool(['test', 'rules', 'test.json'])).toMatchObject({ status: 0 });
  });
});

const onHost = (series: string) => `numacanary_${series.replace('{', '{host="a",')}`;

function promtool(command: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'views-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const rules = views.map(({ name, formula }) => ({ record: name, expr: formula }));
  // promtool reads YAML, of which JSON is a part.
  const write = (file: string, value: unknown) => writeFileSync(join(folder, file), JSON.stringify(value));
  write('rules.json', { groups: [{ name: 'views', rules }] });
  write('test.json', {
    rule_files: ['rules.json'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '15s',
        input_series: [
          ...Object.entries(given).map(([series, perSecond]) => ({
            series: onHost(series),
            values: `0+${15 * perSecond}x40`,
          })),
          ...Object.entries(gauges).map(([series, value]) => ({
            series: onHost(series),
            values: `${value}x40`,
          })),
          ...Object.entries(others).map(([series, value]) => ({ series, values: `${value}x40` })),
        ],
        promql_expr_test: Object.entries(expected).map(([name, values]) => ({
          // Rounded: rates are sums of doubles.
          expr: `round(${name}, 1e-12)`,
          eval_time: '10m',
          exp_samples: Object.entries(values).map(([labels, value]) => ({
            labels: `{host="a"${labels && `, ${labels}`}}`,
            value: Math.round(value * 1e12) / 1e12,
          })),
        })),
      },
    ],
  });
  const { status, stdout, stderr } = spawnSync('promtool', command, { cwd: folder, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}
