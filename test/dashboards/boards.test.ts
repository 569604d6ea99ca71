import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { json } from '../../dashboards/src/board.ts';
import { boards } from '../../dashboards/src/index.ts';
import { ruleGroups, shipped } from '../../src/rules/index.ts';
import { isAlert } from '../../src/rules/rule.ts';
import { catalogue } from '../../src/sources.ts';
import { selectorsIn } from '../rules/promql.ts';
import { lint, more, rules } from './linter.ts';
import type { GrafanaBoard } from './linter.ts';
import { plain } from './promql.ts';

const parsed = (name: string) => JSON.parse(json(boards[name] ?? fail(name))) as GrafanaBoard; // made a line before
const fail = (name: string): never => {
  throw new Error(`no board ${name}`);
};
const names = Object.keys(boards);
const declared = new Map(catalogue().map(({ metric }) => [metric.name as string, metric]));
const recordings = ruleGroups(shipped).flatMap(({ rules: all }) =>
  all.flatMap((rule) => (isAlert(rule) ? [] : [rule.record])),
);
const foreign = new Set(['ALERTS', 'kube_pod_info', 'app_seconds_bucket']);
const exprsOf = (board: GrafanaBoard) => [
  ...board.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr ?? [])),
  ...(board.annotations?.list ?? []).flatMap(({ expr }) => expr ?? []),
];

/** For whoever looks into one thing closely; a panel would say nothing at a glance. */
const diagnostic: Readonly<Record<string, string>> = {
  numacanary_probe_latency_median_seconds: 'recorded by host_pair:numacanary_latency_seconds:max',
  numacanary_probe_last_clean_timestamp_seconds: 'recorded as its age',
  numacanary_probe_ring_items_total: 'recorded as items a second',
  numacanary_probe_ring_seconds_total: 'recorded as items a second',
  numacanary_memory_latency_seconds: 'recorded by host_node:',
  numacanary_pmu_all_loads_total: 'the divisor of recorded ratios',
  numacanary_pmu_instructions_total: 'recorded as instructions per cycle',
  numacanary_interconnect_bytes_total: 'recorded by socket',
  numacanary_tlb_shootdowns_total: 'recorded by socket',
  numacanary_burst_seconds_total: 'recorded as seconds in ten minutes',
  numacanary_pmu_loads_detail_total: 'subsets that views of docs/metrics.md are made of',
  numacanary_uncore_clock_cycles_total: 'turns read latency into seconds: a view of docs/metrics.md',
  numacanary_tsc_cycles_total: 'turns a clock ratio into hertz: a view of docs/metrics.md',
  numacanary_pmu_info: 'which model counts: for joins',
  numacanary_numa_node_info: 'which socket a node belongs to: for joins',
  numacanary_topology_warnings: 'numacanary topology prints them',
  numacanary_page_migration_batches_total: 'batches beside pages, where /proc/vmstat cannot be read',
  numacanary_devices_hidden: 'whether device_info is about all of them',
  numacanary_workload_info: 'who the ids are: for joins',
  numacanary_workload_cpu_manager_info: 'how own CPUs are known',
  numacanary_workload_walks_total: 'cost of looking for workloads',
  numacanary_workload_walk_seconds_total: 'cost of looking for workloads',
  numacanary_workload_walked_cgroups: 'cost of looking for workloads',
  numacanary_drift_processes: 'whether drift watch speaks for the whole program',
  numacanary_drift_read_seconds_total: 'what drift watch costs the program',
  numacanary_probe_clock_step_seconds: 'resolution of the clock',
  numacanary_probe_spin_info: 'method of the probes',
  numacanary_config_last_reload_success_timestamp_seconds: 'an alert has whether it was taken',
  numacanary_scrape_collections_total: 'how often the page is made',
  process_start_time_seconds: 'for changes() of whoever looks for restarts',
  numacanary_process_threads: 'leaks of ours, and what the canary may do',
  process_open_fds: 'leaks of ours',
};

describe.each(names)('%s', (name) => {
  it('is what dashboards/ holds: `npm run dashboards` prints it anew', async () => {
    await expect(json(boards[name] ?? fail(name))).toMatchFileSnapshot(`../../dashboards/${name}.json`);
  });

  it('has nothing that the linter complains of', () => {
    expect(lint(parsed(name))).toEqual([]);
  });

  it('asks for what is exported, recorded, or another’s and well known', () => {
    for (const expr of exprsOf(parsed(name)))
      for (const { metric, matchers } of selectorsIn(plain(expr))) {
        const base = metric.replace(/_(bucket|sum|count)$/, '');
        const known = declared.get(metric) ?? declared.get(base);
        expect(known !== undefined || recordings.includes(metric) || foreign.has(metric), metric).toBe(true);
        if (known)
          for (const { label } of matchers)
            expect([...known.labels, 'cluster', 'host', 'job', 'le'], `${label} of ${metric}`).toContain(
              label,
            );
      }
  });

  it('can be provisioned from a file: version 1, a fixed uid, small enough for a ConfigMap', () => {
    const text = json(boards[name] ?? fail(name));
    const board = parsed(name);
    expect(board.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(board.uid).toBe(`numacanary-${name}`);
    expect(text.length).toBeLessThan(250_000);
    expect(text).not.toContain('__inputs');
    expect(JSON.parse(text)).not.toHaveProperty('id');
  });

  it('is no mean over sockets or hosts', () => {
    for (const expr of exprsOf(parsed(name))) expect(expr).not.toMatch(/\bavg\b/);
  });
});

it('runbooks name panels by their titles', () => {
  const titles = new Set(names.flatMap((name) => parsed(name).panels.flatMap(({ title }) => title ?? [])));
  const said = readdirSync('docs/runbooks').flatMap((file) =>
    // Words set apart that begin small are no panels.
    [...readFileSync(`docs/runbooks/${file}`, 'utf8').matchAll(/(?<![\w`/])_([A-Z][^_`\n]+)_(?![\w`])/g)].map(
      ([, title = '']) => ({ file, title }),
    ),
  );
  expect(said.length).toBeGreaterThan(30);
  expect(said.filter(({ title }) => !titles.has(title))).toEqual([]);
});

it('every family exported is on a board, or said to be a diagnostic', () => {
  const asked = new Set(
    names.flatMap((name) =>
      exprsOf(parsed(name)).flatMap((expr) =>
        selectorsIn(plain(expr)).map(({ metric }) => metric.replace(/_(bucket|sum|count)$/, '')),
      ),
    ),
  );
  const unseen = [...declared.keys()].filter((metric) => !asked.has(metric) && !diagnostic[metric]);
  expect(unseen).toEqual([]);
  expect(Object.keys(diagnostic).filter((metric) => !declared.has(metric) || asked.has(metric))).toEqual([]);
});

describe('the linter', () => {
  /** What breaks each rule, and nothing else need complain. */
  const spoilt: Readonly<Record<string, readonly [path: string, value: unknown]>> = {
    'template-datasource': ['templating.list.0.label', 'source'],
    'template-job': ['templating.list.1.label', 'Cluster'],
    'template-instance': ['templating.list.2.datasource', { uid: 'P1' }],
    'template-label-promql': ['templating.list.2.query', 'label_values(up{, host)'],
    'template-on-time-change-reload': ['templating.list.1.refresh', 1],
    'panel-datasource': ['panels.1.targets.0.datasource', { uid: 'P1' }],
    'panel-title-description': ['panels.1.description', ''],
    'panel-units': ['panels.1.fieldConfig', { defaults: { unit: 'seconds' } }],
    'panel-no-targets': ['panels.1.targets', []],
    'target-logql': ['panels.1.targets.0.expr', '{job="a"} |= "x"'],
    'target-logql-auto': ['panels.1.targets.0.expr', 'rate({a="b"}[$__auto])'],
    'target-promql': ['panels.1.targets.0.expr', 'sum(('],
    'target-rate-interval': ['panels.1.targets.0.expr', 'rate(up[5m])'],
    'target-job': ['panels.1.targets.0.expr', 'numacanary_cpus{host=~"$host"}'],
    'target-instance': ['panels.1.targets.0.expr', 'numacanary_cpus{cluster=~"$cluster"}'],
    'target-counter-agg': ['panels.1.targets.0.expr', 'sum(a_total)'],
    uneditable: ['editable', true],
    'panel-transformations': ['panels.1.transformations', [{ id: 'groupToMatrix' }]],
    'panel-ids': ['panels.1.id', 0],
    'panel-places': ['panels.2.gridPos', parsed('host').panels[1]?.gridPos],
  };

  it('has seventeen rules of Grafana’s, and three of ours', () => {
    expect(Object.keys(rules)).toHaveLength(17);
    expect(Object.keys(spoilt).toSorted()).toEqual([...Object.keys(rules), ...Object.keys(more)].toSorted());
  });

  it.each(Object.keys(spoilt))('%s is complained of where it is broken', (rule) => {
    const board = structuredClone(parsed('host'));
    put(board, ...(spoilt[rule] ?? fail(rule)));
    expect(lint(board).map((complaint) => complaint.rule)).toContain(rule);
  });
});

/** Puts a value where names and indices lead, which must be there. */
function put(board: object, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? fail(path);
  const place = names.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], board); // JSON
  (place as Record<string, unknown>)[last] = value; // an object or an array, or it throws
}
