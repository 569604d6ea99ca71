import { describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.ts';
import { parseModels } from '../src/pmu/catalogue/models.ts';
import { run } from '../src/run.ts';
import { catalogue, createSources, idle, sections } from '../src/sources.ts';
import { ticks } from '../src/source.ts';
import type { Sources } from '../src/sources.ts';
import { machineWorld } from './fakeWorld.ts';
import { machines } from './machines.ts';
import { modelFiles } from './pmu/catalogue.ts';
import type { MachineName, MachineSpec } from './machines.ts';

const models = parseModels(modelFiles());
const everything = () => createSources({ ...idle, models }).of(parseConfig(undefined, sections));
const sourcesOf = ({ collectors, samplers, probes }: Sources) => [...collectors, ...samplers, ...probes];
const names = sourcesOf(everything()).map(({ name }) => name);
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

/** As in the daemon: collectors have been read and samplers have looked before they are asked. */
async function asked(name: string, machine: MachineName) {
  const world = await machineWorld(machine);
  const all = everything();
  const source = sourcesOf(all).find((one) => one.name === name);
  if (!source) throw new Error(`no source ${name}`);
  if (ticks(source)) {
    for (const collector of all.collectors) await run(collector, world, 30);
    for (let beat = 0; beat < 3; beat += 1) {
      await world.clock.advance(1);
      for (const ticker of all.tickers)
        await ticker.tick({ ...world, signal: new AbortController().signal }).catch(() => {}); // as the schedule does
    }
  }
  const reading = async () => {
    const running = run(source, world, 30);
    for (let beat = 0; beat < 20; beat += 1) await world.clock.advance(0.5);
    return running;
  };
  // What is counted between two readings is told at the second.
  await reading();
  return reading();
}

/** Sources that have nothing to say on a machine without counters in hardware, or by a kernel without NUMA. */
const needsPmu = ['pmu_burst'];
const needsNodes = ['numastat', 'node_memory'];
/** Sources that do nothing until they are told what to look at. */
const optIn = ['drift'];

describe.each(Object.keys(machines) as (keyof typeof machines)[])('on %s', (machine) => {
  const spec: MachineSpec = machines[machine];
  it.each(names)('%s says something, and only what it declared', async (name) => {
    const outcome = await asked(name, machine);
    // run() itself turns undeclared metrics, labels and values into a failure.
    const lacks =
      optIn.includes(name) ||
      (needsPmu.includes(name) && spec.pmu === undefined) ||
      (needsNodes.includes(name) && spec.numa === false);
    expect(outcome).toMatchObject({ status: lacks ? 'absent' : 'ok' });
    if (outcome.status === 'ok') expect(outcome.samples.length).toBeGreaterThan(0);
  });
});

describe('on a bare machine', () => {
  it.each(names)('%s is absent or works, and does not fail', async (name) => {
    const outcome = await asked(name, 'bare');
    expect(outcome.status === 'failed' ? outcome.error : undefined).toBeUndefined();
    expect(name === 'visits' ? 'ok' : 'absent').toBe(outcome.status);
  });
});
