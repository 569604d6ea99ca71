import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import type { OpenPerf, PerfEvent, PerfReadings } from '../../src/host/host.ts';
import { errnoName, layouts } from '../../src/host/layout.ts';
import { loadNative } from '../../src/host/native.ts';
import { decodeErrors, encodeEvents, eventBytes, holding, readingBytes } from '../../src/host/perf_buffer.ts';
import { createPool } from '../../src/host/pool.ts';

const software = 1;
const [cpuClock, dummy] = [0n, 9n];
const event = (config: bigint, leader: number, more: Partial<PerfEvent> = {}): PerfEvent => ({
  type: software,
  config,
  config1: 0n,
  config2: 0n,
  cpu: 0,
  leader,
  ...more,
});

function reading({ words }: PerfReadings, index: number) {
  const word = (at: number) => words[8 * index + at] ?? NaN;
  const long = (at: number) => word(at) + word(at + 1) * 2 ** 32;
  return { value: long(0), enabledNs: long(2), runningNs: long(4), errno: word(6) };
}

async function moved(perf: OpenPerf, index: number, before = 0): Promise<number> {
  for (;;) {
    const { value } = reading(await perf.read(), index);
    if (value > before) return value;
  }
}

/** Descriptors of events in this process: other files come and go beside the test. */
const openEvents = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('perf_event');
    } catch {
      return false; // closed meanwhile
    }
  }).length;

describe('the buffer of events', () => {
  it('is laid out as the struct is', () => {
    const struct = koffi.struct(layouts.nc_perf_event);
    expect(eventBytes).toBe(koffi.sizeof(struct));
    expect(readingBytes).toBe(koffi.sizeof(koffi.struct(layouts.nc_perf_reading)));
    const { buffer, filters } = encodeEvents([
      event(1n, 0),
      event(0xfedc_ba98_7654_3210n, 0, { config1: 2n, config2: 3n, cpu: 7, filter: 'pid == 1' }),
      event(4n, 2, { filter: 'cpu & 1' }),
      event(4n, 3, { filter: 'pid == 1' }),
    ]);
    const decoded = [1, 2, 3].map((index) => koffi.decode(buffer, index * eventBytes, struct));
    expect(decoded[0]).toEqual({
      type: 1,
      flags: 0,
      config: 0xfedc_ba98_7654_3210n,
      config1: 2,
      config2: 3,
      cpu: 7,
      leader: 0,
      filter: 0,
      fd: -1,
      error: 0,
      reserved: 0,
    });
    expect(decoded.map(({ filter }) => filter)).toEqual([0, 9, 0]);
    expect(Buffer.from(filters).toString()).toBe('pid == 1\0cpu & 1\0');
    expect(decodeErrors(buffer, 4)).toEqual([null, null, null, null]);
  });

  it('is refused where it is too short, or was handed over to a thread', () => {
    const buffer = new ArrayBuffer(10 * eventBytes);
    expect(holding(buffer, 10, eventBytes)).toBe(buffer);
    expect(() => holding(buffer, 11, eventBytes)).toThrow(RangeError);
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => holding(buffer, 1, eventBytes)).toThrow(RangeError);
    expect(holding(buffer, 0, eventBytes)).toBe(buffer);
  });

  it.each([
    [1, 'EPERM'],
    [13, 'EACCES'],
    [95, 'ENOTSUP'],
    [125, 'ECANCELED'],
    [524, 'E524'],
  ])('knows errno %i as %s', (errno, name) => {
    expect(errnoName(errno)).toBe(name);
  });
});

const path = fileURLToPath(new URL('../../native/build/libnumacanary.so', import.meta.url));
const built = existsSync(path);
if (!built) process.stdout.write(`skipped: ${path} is not built (make -C native)\n`);

/** Counting what a CPU does takes a capability where the kernel is paranoid. */
async function mayCount(): Promise<boolean> {
  if (!built) return false;
  const perf = await loadNative(path).perfOpen([event(dummy, 0)]);
  await perf.close();
  if (perf.errors[0]) process.stdout.write(`skipped: software events of a CPU: ${perf.errors[0]}\n`);
  return perf.errors[0] === null;
}
const counts = await mayCount();

describe.skipIf(!counts)('counters of the real kernel', () => {
  const native = loadNative(path);

  it('count while they are on, and stand still after', async () => {
    const perf = await native.perfOpen([event(dummy, 0), event(cpuClock, 0)]);
    expect(perf.errors).toEqual([null, null]);
    expect(reading(await perf.read(), 1)).toEqual({ value: 0, enabledNs: 0, runningNs: 0, errno: 0 });
    await perf.enable(true);
    await moved(perf, 1);
    await perf.enable(false);
    const stopped = await perf.read();
    expect(reading(stopped, 0).value).toBe(0);
    expect(reading(stopped, 1).runningNs).toBe(reading(stopped, 1).enabledNs);
    expect(await perf.read()).toEqual(stopped);
    await perf.close();
  });

  it('give readings that the next read leaves alone', async () => {
    const perf = await native.perfOpen([event(cpuClock, 0)]);
    await perf.enable(true);
    const first = await perf.read();
    const before = reading(first, 0);
    await moved(perf, 0, before.value);
    expect(reading(first, 0)).toEqual(before);
    await perf.close();
  });

  it('are refused one by one, by the name of the errno', async () => {
    const unknown = { type: 0x7fff_fff0 };
    const perf = await native.perfOpen([
      event(cpuClock, 0),
      event(1n, 0, unknown),
      event(cpuClock, 0),
      event(1n, 3, unknown),
      event(cpuClock, 3),
      event(cpuClock, 5, { cpu: 1 << 20 }),
      event(cpuClock, 6, { filter: 'pid == 1' }),
    ]);
    expect(perf.errors).toEqual([null, 'ENOENT', null, 'ENOENT', 'ECANCELED', 'EINVAL', 'EINVAL']);
    await perf.enable(true);
    await moved(perf, 2);
    const all = await perf.read();
    const badFile = 9;
    expect([0, 1, 2, 3, 4].map((index) => reading(all, index).errno)).toEqual([
      0,
      badFile,
      0,
      badFile,
      badFile,
    ]);
    await perf.close();
  });

  it('are switched and read group by group, and none asked for is none', async () => {
    const perf = await native.perfOpen([event(cpuClock, 0), event(cpuClock, 1), event(cpuClock, 1)]);
    await perf.enable(true, []);
    await perf.enable(true, [1]);
    await moved(perf, 2);
    expect(reading(await perf.read([0]), 0).enabledNs).toBe(0);
    const last = await perf.read([0]);
    expect(await perf.read([])).toEqual(last);
    const [all, none] = await Promise.all([perf.read(), perf.read([])]);
    expect(none).toEqual(all);
    await expect(perf.read([2])).rejects.toMatchObject({ call: 'nc_perf_read', code: 'EINVAL' });
    await expect(perf.enable(true, [7])).rejects.toMatchObject({ call: 'nc_perf_switch', code: 'EINVAL' });
    await perf.close();
  });

  it('are refused as a whole where the list makes no sense', async () => {
    await expect(native.perfOpen([event(dummy, 1), event(dummy, 1)])).rejects.toMatchObject({
      call: 'nc_perf_open',
      code: 'EINVAL',
    });
  });

  it('are closed once, after what was asked before, and not asked again', async () => {
    const perf = await native.perfOpen(Array.from({ length: 40 }, (_, index) => event(cpuClock, index)));
    expect(openEvents()).toBe(40);
    const asked = [perf.enable(true), perf.read()] as const;
    const closing = perf.close();
    await expect(perf.read()).rejects.toMatchObject({ code: 'EBADF' });
    await expect(perf.enable(false)).rejects.toMatchObject({ code: 'EBADF' });
    await expect(asked[0]).resolves.toBeUndefined();
    expect(reading(await asked[1], 39).errno).toBe(0);
    expect(perf.close()).toBe(closing);
    await closing;
    expect(openEvents()).toBe(0);
  });

  it('may be none at all', async () => {
    const perf = await native.perfOpen([]);
    await perf.enable(true);
    expect((await perf.read()).words).toHaveLength(0);
    await perf.close();
  });

  it('stay right when thousands are read at once', async () => {
    const groups = 256;
    const events = Array.from({ length: 8 * groups }, (_, index) =>
      event(index % 8 === 7 ? cpuClock : dummy, index - (index % 8), {
        cpu: Math.floor(index / 8) % availableParallelism(),
      }),
    );
    await native.fdLimit();
    const perf = await native.perfOpen(events);
    await perf.enable(true);
    await moved(perf, 8 * groups - 1);
    const all = await perf.read();
    await perf.close();
    if (perf.errors.includes('EMFILE')) return; // a hard limit too low to show it
    const readings = events.map((_, index) => reading(all, index));
    expect(readings.filter(({ errno }) => errno !== 0)).toEqual([]);
    expect(readings.flatMap(({ value }, index) => (value > 0 ? [index % 8] : []))).toEqual(
      Array.from({ length: groups }, () => 7),
    );
  });
});

describe.skipIf(!built)('the native helper', () => {
  it('raises its limit on open files to the hard one', async () => {
    const limit = await loadNative(path).fdLimit();
    // > Max open files            1024                 20000                files
    const [, soft, hard] =
      /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    expect(soft).toBe(hard);
    if (soft !== 'unlimited') expect(limit).toBe(Number(soft));
  });

  it('says of a calibration what was counted, or why not', async () => {
    const native = loadNative(path);
    const plan = { cpu: 0, type: software, config: dummy, instructions: 100_001 };
    const counted = await native.calibrate(plan);
    if (counted.error === null) expect(counted).toMatchObject({ expected: 100_000, counted: 0, cpu: 0 });
    const unknown = await native.calibrate({ ...plan, type: 0x7fff_fff0 });
    expect(unknown).toMatchObject({ counted: 0, enabledNs: 0 });
    expect(unknown.error).toMatch(/^(ENOENT|EACCES|EPERM)$/);
    await expect(native.calibrate({ ...plan, instructions: 1 })).rejects.toMatchObject({ code: 'EINVAL' });
  });

  it('has two calls in flight and no more, whatever they are', async () => {
    const pool = createPool(2);
    let [flying, most, calls] = [0, 0, 0];
    const native = loadNative(path, (work) =>
      pool(async () => {
        calls++;
        most = Math.max(most, ++flying);
        try {
          return await work();
        } finally {
          flying--;
        }
      }),
    );
    const perf = await native.perfOpen([event(dummy, 0)]);
    await Promise.all([
      native.clock(),
      native.calibrate({ cpu: 0, type: software, config: dummy, instructions: 100_000 }),
      native.fdLimit(),
      native.memory({ cpu: 0, node: 0, bytes: 2 ** 20, loads: 64, hugePages: false, deadlineNs: 1e8 }),
      perf.enable(true),
      perf.read(),
      perf.close(),
    ]);
    expect([most, calls, flying]).toEqual([2, 8, 0]);
  });
});
