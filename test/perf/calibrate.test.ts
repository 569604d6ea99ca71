import { describe, expect, it } from 'vitest';
import { Absent, NativeError } from '../../src/errors.ts';
import { createCalibrator } from '../../src/perf/calibrate.ts';
import { createCounters } from '../../src/perf/engine.ts';
import { parseModels, matchModel } from '../../src/pmu/catalogue/models.ts';
import { planHardware } from '../../src/pmu/planning/plan_hardware.ts';
import { createBooks } from '../../src/pmu/counting/totals.ts';
import { readTopology } from '../../src/topology/read.ts';
import { cleanMemory, cleanVisit, fakeNative } from '../fakeNative.ts';
import { fakePerf } from '../fakePerf.ts';
import type { FakePerfOptions } from '../fakePerf.ts';
import { fakeClock, filesOf, silentLog } from '../fakes.ts';
import { machine } from '../machines.ts';
import { modelFiles } from '../pmu/catalogue.ts';

const models = parseModels(modelFiles());

type Mode = Parameters<typeof createCalibrator>[0];

/** A Sapphire Rapids of two sockets; `loads` is what one chase or visit adds to each counter of loads. */
async function calibrated(
  mode: Mode,
  {
    loads = 1,
    busy = 0,
    ...perfOptions
  }: Omit<FakePerfOptions, 'clock'> & { loads?: number; busy?: number } = {},
) {
  const clock = fakeClock();
  const log = silentLog();
  const perf = fakePerf({ clock, ...perfOptions });
  let refusals = busy;
  const act = (cpu: number, counts: number) => {
    if (refusals-- > 0) throw new NativeError('nc_memory', 'EBUSY');
    perf.count((event) => event.cpu === cpu && [0x1d3n, 0x2d3n, 0x4d3n].includes(event.config), counts);
  };
  const native = fakeNative({
    perf,
    memory: (plan) => (act(plan.cpu, plan.loads * loads), cleanMemory(plan)),
    visit: (plan) => (act(plan.cpuA, 400 * loads), cleanVisit(plan)),
  });
  const files = filesOf(machine('two-socket'));
  const topology = await readTopology(files);
  const options = { leaveCounters: 1, turns: true, includeIsolated: false };
  const calibrator = createCalibrator(mode);
  const counters = createCounters({
    name: 'pmu',
    books: createBooks(),
    turnPeriodSeconds: 10,
    calibrator,
    planner: (context, facts) =>
      planHardware({
        model: matchModel(models, context.topology.identity) ?? null,
        facts,
        topology: context.topology,
        options,
      }),
  });
  const context = { host: { files, clock, log, native }, topology, signal: new AbortController().signal };
  return {
    clock,
    log,
    perf,
    native,
    read: () => counters.read(context),
    seconds: async (count: number) => {
      for (let second = 0; second < count; second += 1) {
        await clock.advance(1);
        await counters.tick(context);
      }
    },
  };
}

const calibrations = ({ perf }: { readonly perf: ReturnType<typeof fakePerf> }) =>
  perf.calls.filter(({ call }) => call === 'calibrate').length;

describe('calibration', () => {
  it('counts a known loop on one CPU of each socket, the best of three, once', async () => {
    let attempt = 0;
    // Every attempt but the last of each socket is interrupted.
    const options = { calibrate: () => ({ counted: 100_000 * (++attempt % 3 === 0 ? 1 : 1.5) }) };
    const at = await calibrated('enforce', options);
    const reading = await at.read();
    expect(reading.calibrated).toEqual([{ signal: 'instructions', ratio: 1 }]);
    expect(reading.missing).toEqual([]);
    expect(calibrations(at)).toBe(6);
    await at.clock.advance(400);
    await at.read();
    expect(calibrations(at)).toBe(6);
  });

  it.each([39, 102_000])(
    'believes no core counter that says %i for a hundred thousand, and says so with the numbers',
    async (counted) => {
      const at = await calibrated('enforce', { calibrate: ({ cpu }) => (cpu === 8 ? { counted } : {}) });
      const reading = await at.read();
      const cycles = reading.missing.find(({ signal }) => signal === 'cycles');
      expect(cycles).toMatchObject({ status: 'failed', reason: 'implausible' });
      expect(cycles?.advice).toContain(
        `on CPU 8 of socket 1 ${counted} instructions were counted where 100000`,
      );
      expect(reading.missing.map(({ signal }) => signal)).toContain('offcore_remote_dram');
      // What the cores do not count is believed.
      expect(reading.counted).toEqual(
        expect.arrayContaining(['interconnect_tx', 'dram_read', 'read_latency_local_dram']),
      );
      expect(reading.counted.some((signal) => signal.startsWith('load_'))).toBe(false);
      expect(reading.calibrated).toEqual([{ signal: 'instructions', ratio: counted / 1e5 }]);
    },
  );

  it('only reports where it is told to', async () => {
    const at = await calibrated('report', { calibrate: () => ({ counted: 39 }) });
    expect(await at.read()).toMatchObject({ missing: [], calibrated: [{ ratio: 39 / 1e5 }] });
  });

  it('is not done where it is off', async () => {
    const at = await calibrated('off', { calibrate: () => ({ counted: 39 }) });
    await at.read();
    await at.seconds(10);
    expect(await at.read()).toMatchObject({ missing: [], calibrated: [] });
    expect(calibrations(at)).toBe(0);
    expect(at.native.chases).toEqual([]);
  });

  it.each([
    { what: 'never ran', of: { runningNs: 0, counted: 0 } },
    { what: 'could not be opened', of: { error: 'EACCES' } },
  ])('says nothing of a loop that $what', async ({ of }) => {
    const at = await calibrated('enforce', { calibrate: () => of });
    expect(await at.read()).toMatchObject({ missing: [], calibrated: [] });
  });

  it('believes what it cannot check', async () => {
    const at = await calibrated('enforce');
    at.native.calibrate = () => Promise.reject(new Absent('nc_calibrate: ENOSYS'));
    expect(await at.read()).toMatchObject({ missing: [], calibrated: [] });
  });

  it('makes each source of loads move, one step a second, once', async () => {
    const at = await calibrated('enforce');
    await at.read();
    await at.seconds(1);
    expect(at.native.chases).toHaveLength(1);
    await at.seconds(9);
    expect((await at.read()).calibrated).toEqual([
      { signal: 'instructions', ratio: 1 },
      { signal: 'load_local_dram', ratio: 1 },
      { signal: 'load_remote_dram', ratio: 1 },
      { signal: 'load_remote_hitm', ratio: 1 },
    ]);
    // From CPU 0 to node 0 and 1, from CPU 8 likewise.
    expect(at.native.chases.map(({ cpu, node }) => [cpu, node])).toEqual([[0, 0], [0, 1], [8, 1], [8, 0]]); // prettier-ignore
    expect(at.native.visits.map(({ cpuA, cpuB }) => [cpuA, cpuB])).toEqual([[0, 8], [8, 0]]); // prettier-ignore
    expect(at.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    await at.seconds(20);
    expect(at.native.chases).toHaveLength(4);
  });

  it('reports a source that does not move, and takes too much for no fault', async () => {
    const still = await calibrated('enforce', { loads: 0 });
    await still.read();
    await still.seconds(10);
    const reading = await still.read();
    expect(reading.calibrated).toContainEqual({ signal: 'load_remote_dram', ratio: 0 });
    expect(reading.missing).toEqual([]);
    expect(still.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'a counter does not move when provoked' }),
    );
    const lively = await calibrated('enforce', { loads: 40 });
    await lively.read();
    await lively.seconds(10);
    expect((await lively.read()).calibrated).toContainEqual({ signal: 'load_remote_dram', ratio: 40 });
    expect(lively.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('waits where a probe has the helper, and leaves it after some tries', async () => {
    const patient = await calibrated('enforce', { busy: 3 });
    await patient.read();
    await patient.seconds(12);
    expect((await patient.read()).calibrated).toHaveLength(4);
    const hopeless = await calibrated('enforce', { busy: 1000 });
    await hopeless.read();
    await hopeless.seconds(60);
    expect((await hopeless.read()).calibrated).toEqual([{ signal: 'instructions', ratio: 1 }]);
  });
});
