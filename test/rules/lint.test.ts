import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { ruleGroups, rulesFile, shipped } from '../../src/rules/index.ts';
import { isAlert } from '../../src/rules/rule.ts';
import type { Alert, Recording } from '../../src/rules/rule.ts';
import { thresholdNames } from '../../src/rules/thresholds.ts';
import { catalogue } from '../../src/sources.ts';
import { labelsIn, rangesIn, selectorsIn } from './promql.ts';

const groups = ruleGroups(shipped);
const all = groups.flatMap(({ rules }) => rules);
const alerts = all.filter(isAlert);
const recordings = all.filter((rule): rule is Recording => !isAlert(rule));
const recorded = new Set(recordings.map(({ record }) => record));
const declared = new Map(catalogue().map(({ metric }) => [metric.name as string, metric]));

/** What others export, with the labels that we take from it. */
const foreign: Readonly<Record<string, readonly string[]>> = {
  up: ['job'],
  kube_node_info: ['node'],
  kube_pod_info: ['uid'],
};
const target = ['cluster', 'host'];
const nameOf = (rule: (typeof all)[number]) => (isAlert(rule) ? rule.alert : rule.record);
const each = all.map((rule) => [nameOf(rule), rule] as const);
const ofNoHost = new Set(['NumacanaryAllAbsent', 'NumacanaryFleetLatencyShift']);
const eachAlert = alerts.map((rule) => [`${rule.alert} ${JSON.stringify(rule.labels ?? {})}`, rule] as const);

describe('the rules', () => {
  it('are those that alerts/ holds: npm run docs prints them', () => {
    expect(readFileSync('alerts/numacanary.rules.yml', 'utf8')).toBe(rulesFile(shipped));
  });

  it.each(each)('%s parses', (_, { expr }) => {
    parser.parse(expr).iterate({ enter: ({ type }) => expect(type.isError, expr).toBe(false) });
  });

  it.each(each)('%s asks for what is declared or recorded before it', (name, { expr }) => {
    const before = new Set(
      recordings
        .slice(
          0,
          recordings.findIndex(({ record }) => record === name),
        )
        .map(({ record }) => record),
    );
    // A baseline is made of the day before: its group may come later.
    const known = recorded.has(name) ? new Set([...before, name]) : recorded;
    for (const { metric, matchers } of selectorsIn(expr)) {
      const labels =
        declared.get(metric)?.labels ?? foreign[metric] ?? (known.has(metric) ? undefined : null);
      expect(labels, `${metric} of ${name}`).not.toBeNull();
      if (!labels) continue;
      for (const { label, value, matches } of matchers) {
        expect([...labels, ...target], `${label} of ${metric}`).toContain(label);
        const closed = declared.get(metric)?.closed?.[label];
        const words = matches ? value.split('|') : [value];
        if (closed) for (const word of words) expect(['', ...closed], `${metric}{${label}}`).toContain(word);
      }
    }
  });

  it.each(each)('%s keeps cluster and host, or the group of the host', (name, { expr }) => {
    for (const { operation, labels } of labelsIn(expr)) {
      expect(labels, `${operation} of ${name}`).toContain('cluster');
      expect(labels.includes('host') || labels.includes('cpu_model') || labels.length === 1, expr).toBe(true);
    }
    // Only absent() has no labels to keep.
    expect(labelsIn(expr).length > 0 || /^(absent\(|host|quantile_over_time|group)/.test(expr), expr).toBe(
      true,
    );
  });

  it.each(each)('%s is no mean over sockets or hosts, and picks no first few', (name, { expr }) => {
    // Of what a host is, one answer is taken; none is better than the other.
    if (name !== 'host:numacanary_group:info')
      expect(expr).not.toMatch(/\b(avg|topk|bottomk|stddev|limitk)\b\s*(by|without|\()/);
    expect(expr).not.toMatch(/\bavg\b/);
  });

  it.each(each)('%s has no range below four scrapes', (_, { expr }) => {
    for (const seconds of rangesIn(expr)) expect(seconds).toBeGreaterThanOrEqual(4 * shipped.scrapeSeconds);
  });

  it('look at what is recorded every five minutes over a longer range: a late round must leave no moment without', () => {
    const slow = groups.flatMap(({ intervalSeconds, rules }) =>
      intervalSeconds >= 300 ? rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.record])) : [],
    );
    expect(slow.length).toBeGreaterThan(5);
    for (const { alert, expr } of alerts)
      for (const record of slow)
        for (const [, range] of expr.matchAll(
          new RegExp(`${record}(?:\\{[^}]*\\})?(\\[(?:15m|1d)\\])?`, 'g'),
        ))
          expect(range, `${record} in ${alert}`).toBeDefined();
  });

  it('scaled to seconds have none either', () => {
    for (const { rules } of ruleGroups({ ...shipped, scale: 0.001, scrapeSeconds: 2 }))
      for (const { expr } of rules)
        for (const seconds of rangesIn(expr)) expect(seconds).toBeGreaterThanOrEqual(8);
  });

  it('divide by nothing that may be 0', () => {
    for (const { expr } of all)
      for (const [, divisor = ''] of expr.matchAll(
        / \/ (?:on \([^)]*\) (?:group_left \([^)]*\) )?)?(.{0,40})/g,
      ))
        expect(divisor, expr).toMatch(
          /^\(.*|^1\b|^host:numacanary_cpus_online|^min by|^host:numacanary_sockets|^host_socket:numacanary_cycles/,
        );
  });

  it('have names as Prometheus wants them, and each only once', () => {
    for (const { record } of recordings)
      expect(record).toMatch(
        /^(host|host_pair|host_socket|host_node|group|cluster):numacanary_[a-z0-9_]+:[a-z0-9_]+$/,
      );
    const parts = recordings.map(({ record, labels = {} }) => record + JSON.stringify(labels));
    expect(new Set(parts).size).toBe(recordings.length);
  });

  it('use every threshold, and every threshold is a number of them', () => {
    for (const name of thresholdNames) {
      const other = rulesFile({ ...shipped, thresholds: { ...shipped.thresholds, [name]: 987_654 } });
      expect(other, name).toContain('987654');
    }
  });
});

describe('the alerts', () => {
  it.each(eachAlert)(
    '%s says what is the matter in a sentence without numbers, and then with them',
    (_, rule) => {
      expect(rule.alert).toMatch(/^Numacanary([A-Z][a-z0-9]+)+$/);
      expect(rule.summary).toMatch(/^[A-Z][^{}\n]{20,120}\.$/);
      expect(rule.description).toMatch(/\.(\{\{ ?end ?\}\})?$/);
      if (!ofNoHost.has(rule.alert)) expect(rule.description).toContain('{{ $labels.host }}');
    },
  );

  it.each(eachAlert)('%s compares', (_, { expr }) => expect(expr).toMatch(/ (>|<|==|>=|<=) /));

  it.each(eachAlert)('%s has a runbook that says what to do', (_, { alert, severity }) => {
    const file = `docs/runbooks/${alert}.md`;
    expect(existsSync(file), file).toBe(true);
    const text = readFileSync(file, 'utf8');
    expect(text.startsWith(`# ${alert}\n`)).toBe(true);
    expect(text).toContain(`Severity: ${severity}`);
    for (const part of [
      '## What it means',
      '## The first five minutes',
      '## Likely causes',
      '## How to confirm',
    ])
      expect(text, part).toContain(part);
  });

  it('have no runbook too many', () => {
    const names = new Set(alerts.map(({ alert }: Alert) => `${alert}.md`));
    expect(
      readdirSync('docs/runbooks').filter(
        (file) => file !== 'README.md' && !names.has(file as Alert['alert']),
      ),
    ).toEqual([]);
  });

  it('page for three reasons only', () => {
    expect(
      alerts
        .filter(({ severity }) => severity === 'critical')
        .map(({ alert }) => alert)
        .toSorted(),
    ).toEqual([
      'NumacanaryBlind',
      'NumacanaryCrossSocketLatencyRegressionOutlier',
      'NumacanaryRemoteDramShare',
    ]);
  });
});
