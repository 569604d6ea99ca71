import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.ts';
import { off } from '../../src/collectors/kept.ts';
import { pmu } from '../../src/collectors/pmu.ts';
import { parseModels } from '../../src/pmu/catalogue/models.ts';
import { planHardware } from '../../src/pmu/planning/plan_hardware.ts';
import { hardwareSignals } from '../../src/pmu/signals.ts';
import { run } from '../../src/run.ts';
import { topologyOf } from '../../src/series.ts';
import { createSources, idle, sections } from '../../src/sources.ts';
import { readTopology } from '../../src/topology/read.ts';
import { fakeNative } from '../fakeNative.ts';
import { fakePerf } from '../fakePerf.ts';
import { fakeWorld } from '../fakeWorld.ts';
import { fakeClock, filesOf } from '../fakes.ts';
import { machine } from '../machines.ts';
import { modelFiles } from '../pmu/catalogue.ts';
import { deviceOf, factsOf } from '../pmu/models.ts';

const models = parseModels(modelFiles());
const topology = topologyOf({
  name: '2s2n',
  sockets: 2,
  nodesPerSocket: 1,
  coresPerNode: 2,
  llcsPerNode: 1,
  limit: 0,
});
const { metrics } = pmu(off, models);
const named = (name: string) => metrics.find((metric) => metric.name === name);

describe('pmu and kernel_events', () => {
  it('say of every signal why, where nothing may be counted', async () => {
    const clock = fakeClock();
    const perf = fakePerf({ clock, open: () => 'EACCES' });
    const tree = machine('two-socket');
    tree['/proc/self/status'] = (tree['/proc/self/status'] ?? '').replace(/CapEff:.*/, 'CapEff:\t0');
    const files = filesOf(tree);
    const world = fakeWorld(files, await readTopology(files), fakeNative({ perf }), clock);
    const { collectors } = createSources({ ...idle, models }).of(parseConfig(undefined, sections));
    for (const name of ['pmu', 'kernel_events']) {
      const source = collectors.find((one) => one.name === name);
      if (!source) throw new Error(`no source ${name}`);
      const outcome = await run(source, world, 10);
      if (outcome.status !== 'ok') throw outcome.error;
      const states = outcome.samples.filter(({ metric }) => metric.name.endsWith('_signal_status'));
      expect(states.length).toBeGreaterThan(5);
      for (const { labels } of states) expect(labels).toMatchObject({ status: 'denied', reason: 'paranoid' });
    }
    expect(perf.openFds).toBe(0);
  });
});

// The table of series is computed from these bounds.
describe.each(models.map((model) => [model.id, model] as const))('%s', (_, model) => {
  const signals = Object.keys(model.signals) as (keyof typeof hardwareSignals)[]; // the schema lets no other key in

  it('has no more signals than are counted on', () => {
    for (const metric of metrics) {
      const own = signals.filter((signal) => hardwareSignals[signal].metric === metric);
      const values = Object.values(metric.closed ?? {}).reduce((product, all) => product * all.length, 1);
      expect(own.length, metric.name).toBeLessThanOrEqual(metric.atMost ?? values);
    }
  });

  it.each([true, false])('has no more groups than are counted on, SMT %s', (smt) => {
    const names = new Set(Object.values(model.signals).map((event) => event?.pmu ?? 'cpu'));
    const pmus = [...names].flatMap((name, index) =>
      name === 'cpu'
        ? [deviceOf('cpu', 4)]
        : [0, 1].map((box) => deviceOf(`${name}_${box}`, 20 + 2 * index + box, [0, 4])),
    );
    const options = { leaveCounters: 1, turns: true, includeIsolated: false };
    const facts = factsOf({ pmus, smt, nmiWatchdog: true });
    const { groups } = planHardware({ model, facts, topology, options });
    const different = new Set(groups.map(({ name }) => name));
    expect(different.size, [...different].join(' ')).toBeLessThanOrEqual(
      named('numacanary_pmu_coverage_ratio')?.open ?? 0,
    );
  });
});
