/**
 * native/numacanary.h through koffi, each call on one of libuv's threads. The library is never unloaded: a call
 * still in flight would crash.
 */
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { Absent, Denied, NativeError } from '../errors.ts';
import type { Native } from './host.ts';
import {
  abi,
  errnoName,
  fromCalibration,
  fromClock,
  fromMemory,
  fromVisit,
  layouts,
  toCalibrationPlan,
  toDriftPlan,
  toMemoryPlan,
  toVisitPlan,
} from './layout.ts';
import type { Raw } from './layout.ts';
import { askToStop, driftBytes, seenSoFar } from './drift_buffer.ts';
import { bindPerf } from './native_perf.ts';
import type { Bind } from './native_perf.ts';
import { eventBytes, holding, readingBytes } from './perf_buffer.ts';
import { isWhole } from './library.ts';
import { createPool } from './pool.ts';
import type { Pool } from './pool.ts';

type Struct = keyof typeof layouts;
type Library = ReturnType<typeof koffi.load>;

for (const [name, fields] of Object.entries(layouts)) koffi.struct(name, fields);

/** Of libuv's four threads; the others are left to the files. */
const callsInFlight = createPool(2);

/** No library is no error here: its calls say that it is not there, and the rest of the daemon runs on. */
export function loadNative(libraryPath: string, pool: Pool = callsInFlight): Native {
  const library = open(libraryPath);
  if (library instanceof Error) {
    const refuse = () => Promise.reject(library);
    return {
      clock: refuse,
      visit: refuse,
      memory: refuse,
      perfOpen: refuse,
      calibrate: refuse,
      drift: refuse,
      fdLimit: refuse,
    };
  }
  const bind = binder(library, pool);
  const clock = filling(bind, 'nc_clock', [], 'nc_clock');
  const visit = filling(bind, 'nc_visit', ['nc_visit_plan'], 'nc_visit');
  const memory = filling(bind, 'nc_memory', ['nc_memory_plan'], 'nc_memory');
  const calibrate = filling(bind, 'nc_calibrate', ['nc_calibration_plan'], 'nc_calibration');
  const drift = bind('nc_drift', ['const nc_drift_plan *', 'void *']);
  const fdLimit = bind('nc_fd_limit', ['_Out_ uint64 *']);
  return {
    clock: async () => fromClock(await clock()),
    visit: async (plan) => fromVisit(await visit(toVisitPlan(plan))),
    memory: async (plan) => fromMemory(await memory(toMemoryPlan(plan))),
    perfOpen: bindPerf(bind),
    calibrate: async (plan) => fromCalibration(await calibrate(toCalibrationPlan(plan))),
    drift: async (plan) => {
      const buffer = new ArrayBuffer(driftBytes);
      const run = async () => {
        const result = await drift(toDriftPlan(plan), holding(buffer, 1, driftBytes));
        if (result !== 0) throw refusal('nc_drift', result);
      };
      return { ended: run(), seen: () => seenSoFar(buffer), stop: () => askToStop(buffer) };
    },
    fdLimit: async () => {
      const limit = [0];
      const result = await fdLimit(limit);
      if (result !== 0) throw new NativeError('nc_fd_limit', errnoName(-result));
      return Number(limit[0]);
    },
  };
}

/** Of the test build only (`make delay`): every hand-off waits this much longer. */
export function delayHandoffs(libraryPath: string, delayNs: number): void {
  koffi.load(libraryPath).func('nc_test_set_handoff_delay_ns', 'void', ['uint64'])(delayNs);
}

function open(path: string): Library | Error {
  try {
    if (!isWhole(path)) throw new Error(`${path} is cut off`);
    const library = koffi.load(path);
    check(library, path);
    return library;
  } catch (thrown) {
    if (thrown instanceof NativeError) return thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return new Absent(
      `no native helper (${why}): run \`make -C native\` on this machine; it needs a C compiler`,
    );
  }
}

const sized = [
  'clock',
  'visit_plan',
  'visit',
  'memory_plan',
  'memory',
  'perf_event',
  'perf_reading',
  'calibration_plan',
  'calibration',
  'drift_plan',
  'drift',
];

function check(library: Library, path: string): void {
  const ask = (name: string): number => library.func(name, 'uint32', [])();
  const advice = `${path} is of another version than this program: run \`make -C native\``;
  if (ask('nc_abi') !== abi) throw new NativeError('nc_abi', `${ask('nc_abi')}, not ${abi}`, advice);
  const mustBe = (name: string, ours: number) => {
    const theirs = ask(`nc_sizeof_${name}`);
    if (theirs !== ours) throw new NativeError(`nc_sizeof_${name}`, `${theirs} bytes, not ${ours}`, advice);
  };
  for (const name of sized) mustBe(name, koffi.sizeof(`nc_${name}`));
  mustBe('perf_event', eventBytes);
  mustBe('perf_reading', readingBytes);
  mustBe('drift', driftBytes);
}

/** Every call there is goes through here. What it was given is held until it is back, for nobody else may hold it. */
function binder(library: Library, pool: Pool): Bind {
  const held = new Set<readonly unknown[]>();
  return (name, parameters) => {
    const native = library.func(name, 'int', [...parameters]);
    return (...values) =>
      pool(async () => {
        held.add(values);
        try {
          return await new Promise<number>((resolve, reject) => {
            native.async(...values, (error: Error | null, result: number) =>
              error ? reject(error) : resolve(result),
            );
          });
        } finally {
          held.delete(values);
        }
      });
  };
}

/** Of a function that fills in one struct. */
function filling<Out extends Struct>(bind: Bind, name: string, takes: readonly Struct[], gives: Out) {
  const native = bind(name, [...takes.map((type) => `const ${type} *`), `_Out_ ${gives} *`]);
  return async (...plan: readonly object[]): Promise<Raw<Out>> => {
    const out = {};
    const result = await native(...plan, out);
    if (result !== 0) throw refusal(name, result);
    return out as Raw<Out>; // koffi has filled it in by the layout
  };
}

const advice: Readonly<Record<string, string>> = {
  EBUSY: 'another visit runs',
  EINVAL: 'a CPU or memory node that may not be used, the same CPU twice, or a plan out of range',
  ENOMEM: 'no memory to be had, or not on that node',
  ETIMEDOUT: 'something of a higher priority keeps that CPU',
  EAGAIN: 'no thread to be had: see the limit on processes (ulimit -u, pids.max)',
};

function refusal(name: string, result: number): Error {
  const code = getSystemErrorName(result);
  if (code === 'ENOSYS' || code === 'ENODEV' || code === 'ENOTSUP') return new Absent(`${name}: ${code}`);
  if (code === 'EPERM' || code === 'EACCES')
    return new Denied(
      `${name}: ${code}: a node without CPUs needs mbind, a drift move_pages as well, every pin sched_setaffinity: allow ` +
        'them in the seccomp profile (that of Docker does with CAP_SYS_NICE)',
    );
  return new NativeError(name, code, advice[code]);
}
