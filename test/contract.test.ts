import { describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.ts';
import { run } from '../src/run.ts';
import { catalogue, createSources, idle, sections } from '../src/sources.ts';
import { machineWorld } from './fakeWorld.ts';
import { machines } from './machines.ts';
import type { MachineName } from './machines.ts';

const everything = () => createSources(idle).of(parseConfig(undefined, sections));
const sourcesNow = () => {
  const { collectors, samplers, probes } = everything();
  return [...collectors, ...samplers, ...probes];
};
const names = sourcesNow().map(({ name }) => name);
const declared = catalogue().map(({ metric }) => metric);

describe('metrics', () => {
  it('each has one declaration', () => {
    const seen = declared.map(({ name }) => name);
    expect(seen.filter((name, index) => seen.indexOf(name) !== index)).toEqual([]);
  });

  it.each(declared.map((metric) => [metric.name, metric] as const))(
    '%s keeps the conventions',
    (name, metric) => {
      expect(name).toMatch(/^(numacanary|process)_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(metric.kind === 'counter');
      expect(name).not.toMatch(/_(ms|us|ns|millis\w*|micros\w*|nanos\w*|percent|kb|mb|mib|gib)(_|$)/);
      for (const label of metric.labels) {
        expect(label).toMatch(/^[a-z][a-z0-9_]*$/);
        // Target labels are the scrape's to give; `le` is the histogram's own.
        expect(['host', 'node', 'instance', 'job', 'cluster', 'le', 'quantile']).not.toContain(label);
      }
      expect(new Set(metric.labels).size).toBe(metric.labels.length);
      for (const label of Object.keys(metric.closed ?? {})) expect(metric.labels).toContain(label);
      for (const text of [metric.help, metric.tells]) {
        expect(text).toMatch(/[.?]$/);
        expect(text).not.toMatch(/["\n|]/); // OpenMetrics would need an escape, the table of docs/metrics.md another
      }
      expect(metric.kind === 'histogram').toBe(metric.bounds !== undefined);
      expect(metric.bounds ?? []).toEqual([...(metric.bounds ?? [])].toSorted((a, b) => a - b));
      if (metric.newestOnly) expect(metric.labels).toContain(metric.newestOnly);
      if (metric.fold) expect(metric.kind).toBe('gauge');
    },
  );
});

describe.each(Object.keys(machines) as MachineName[])('on %s', (machine) => {
  it.each(names)('%s says something, and only what it declared', async (name) => {
    const world = await machineWorld(machine);
    const source = sourcesNow().find((one) => one.name === name);
    if (!source) throw new Error(`no source ${name}`);
    const running = run(source, world, 30);
    for (let beat = 0; beat < 20; beat += 1) await world.clock.advance(0.5);
    const outcome = await running;
    // run() itself turns undeclared metrics, labels and values into a failure.
    expect(outcome).toMatchObject({ status: 'ok' });
    if (outcome.status === 'ok') expect(outcome.samples.length).toBeGreaterThan(0);
  });
});

describe('on a bare machine', () => {
  it.each(names)('%s is absent or works, and does not fail', async (name) => {
    const world = await machineWorld('bare');
    const source = sourcesNow().find((one) => one.name === name);
    if (!source) throw new Error(`no source ${name}`);
    const running = run(source, world, 30);
    for (let beat = 0; beat < 20; beat += 1) await world.clock.advance(0.5);
    const outcome = await running;
    expect(outcome.status === 'failed' ? outcome.error : undefined).toBeUndefined();
    expect(name === 'visits' ? 'ok' : 'absent').toBe(outcome.status);
  });
});
