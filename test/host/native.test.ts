import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Absent, Denied, NativeError } from '../../src/errors.ts';
import { systemClock } from '../../src/host/clock.ts';
import type { Native, PingPong, Ring, Step, Visit, VisitPlan } from '../../src/host/host.ts';
import { delayHandoffs, loadNative } from '../../src/host/native.ts';

const path = fileURLToPath(new URL('../../native/build/libnumacanary.so', import.meta.url));
const native = loadNative(path);
const built = existsSync(path);
if (!built) process.stdout.write(`skipped: ${path} is not built (make -C native)\n`);
const cpus = availableParallelism();
if (cpus < 2) process.stdout.write(`skipped: a visit needs two CPUs, this process may use ${cpus}\n`);

const plan: VisitPlan = {
  cpuA: 0,
  cpuB: 1,
  nodeA: -1,
  nodeB: -1,
  steps: [],
  spin: 'bare',
  pinned: true,
  strideBytes: 128,
  offset: 0,
  stepNs: 100_000,
  deadlineNs: 400_000_000,
};

/** On a busy machine a visit may miss its partner; that is an answer, and here we ask again. */
async function whole(native: Native, plan: VisitPlan): Promise<Visit> {
  for (let tries = 0; tries < 30; tries++) {
    const visit = await native.visit(plan).catch((error: unknown) => {
      if (!(error instanceof NativeError && error.code === 'EBUSY')) throw error;
    });
    if (visit?.outcome === 'done') return visit;
  }
  throw new Error('no visit of 30 had both its threads: the machine is too busy for this test');
}

const positive = (pings: PingPong) => pings.roundTripNs.length > 0 && pings.roundTripNs.every((ns) => ns > 1);
const moved = (ring: Ring) => ring.laps > 0 && ring.corrupt === 0;

describe.skipIf(!built)('the native helper', () => {
  it('names its clock and how fine it is', async () => {
    const clock = await native.clock();
    expect(['tsc', 'cntvct', 'monotonic_raw']).toContain(clock.source);
    expect(clock.hertz).toBeGreaterThan(1e6);
    expect(clock.stepNs).toBeGreaterThan(0);
  });

  const did: Record<Step, (visit: Visit) => boolean> = {
    store2: (visit) => positive(visit.store2),
    ring1: (visit) => positive(visit.ring1),
    experienced: (visit) => visit.experiencedNs.length > 0 && visit.experiencedNs.every((ns) => ns > 0),
    ring_512: (visit) => moved(visit.ring512),
    ring_1: (visit) => moved(visit.ring1Item),
    ring_line: (visit) => moved(visit.ringLine),
  };
  for (const step of Object.keys(did) as Step[]) {
    it.skipIf(cpus < 2)(`does ${step} between two CPUs, rulers before and after`, async () => {
      const visit = await whole(native, { ...plan, steps: [step] });
      expect([visit.a.cpuBefore, visit.a.cpuAfter, visit.a.maskCpus]).toEqual([0, 0, 1]);
      expect([visit.b.cpuBefore, visit.b.cpuAfter, visit.b.maskCpus]).toEqual([1, 1, 1]);
      expect(positive(visit.rulerBefore) && positive(visit.rulerAfter)).toBe(true);
      expect(did[step](visit)).toBe(true);
    });
  }

  it('refuses the same CPU twice, by the name of the errno', async () => {
    const refused = native.visit({ ...plan, cpuB: 0 });
    await expect(refused).rejects.toBeInstanceOf(NativeError);
    await expect(refused).rejects.toMatchObject({ call: 'nc_visit', code: 'EINVAL' });
  });

  it('refuses a CPU that is not there, and goes on working', async () => {
    await expect(native.visit({ ...plan, cpuB: 8000 })).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(native.clock()).resolves.toMatchObject({ hertz: expect.any(Number) });
  });

  it('times loads of DRAM', async () => {
    const memory = await native.memory({
      cpu: 0,
      node: 0,
      bytes: 2 ** 23,
      loads: 1024,
      hugePages: true,
      deadlineNs: 400_000_000,
    });
    expect(memory.outcome).toBe('done');
    expect(memory.loadNs).toHaveLength(16);
    expect(memory.loadNs.every((ns) => ns > 1)).toBe(true);
    expect(memory.pagesOnNode).toBe(memory.pagesChecked);
  });

  it('shows a drift while it goes on, and ends it when it is told to', async ({ skip }) => {
    const plan = { bufferNode: 0, readerCpu: 0, bytes: 2 ** 20, seconds: 600, hugePages: false };
    const running = await native.drift(plan);
    const end = running.ended.catch((error: unknown) => error);
    const refused = async () => Promise.race([end, systemClock.sleep(0.005)]);
    for (let tries = 0; tries < 1000 && !running.seen(); tries += 1) {
      const why = await refused();
      if (why instanceof Denied || why instanceof Absent) skip(why.message);
    }
    const seen = running.seen();
    const pages = 2 ** 20 / (seen?.pageBytes ?? 0);
    expect(seen?.rows[0]).toMatchObject({ elapsedNs: 0, readerCpu: 0, unknownPages: 0 });
    expect([...(seen?.rows[0]?.pages ?? [])]).toEqual([[0, pages]]);
    running.stop();
    expect(await end).toBeUndefined();
  });

  it('refuses a drift by the name of the errno', async () => {
    const plan = { bufferNode: 0, readerCpu: 8000, bytes: 2 ** 20, seconds: 1, hugePages: false };
    const { ended } = await native.drift(plan);
    await expect(ended).rejects.toMatchObject({ call: 'nc_drift', code: 'EINVAL' });
  });
});

const delayed = fileURLToPath(new URL('../../native/build/libnumacanary-delay.so', import.meta.url));
const delayBuilt = existsSync(delayed);
if (!delayBuilt) process.stdout.write(`skipped: ${delayed} is not built (make -C native delay)\n`);

describe.skipIf(!delayBuilt || cpus < 2)('a slower link', () => {
  it('reaches rulers and values in full, and is no gap', async () => {
    const delayNs = 500;
    const slow = loadNative(delayed);
    delayHandoffs(delayed, delayNs);
    // What else runs here makes gaps of its own; the delay would be one in each group of each visit.
    let undisturbed = false;
    for (let time = 0; time < 50 && !undisturbed; time += 1) {
      const visit = await whole(slow, { ...plan, steps: ['store2', 'ring1'] });
      for (const pings of [visit.rulerBefore, visit.store2, visit.ring1, visit.rulerAfter]) {
        expect(Math.min(...pings.roundTripNs)).toBeGreaterThan(2 * delayNs * 0.99);
      }
      undisturbed = visit.store2.gapNs.includes(0);
    }
    expect(undisturbed).toBe(true);
  });
});

describe('without the library', () => {
  it('says what to run', async () => {
    const none = loadNative('/nonexistent/libnumacanary.so');
    await expect(none.visit(plan)).rejects.toBeInstanceOf(Absent);
    await expect(none.clock()).rejects.toThrow('make -C native');
  });
});
