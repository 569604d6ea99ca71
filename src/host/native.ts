/**
 * native/numacanary.h through koffi, each call on one of libuv's threads. The library is never unloaded: a call
 * still in flight would crash.
 */
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { Absent, Denied, NativeError } from '../errors.ts';
import type { Native } from './host.ts';
import { abi, fromClock, fromMemory, fromVisit, layouts, toMemoryPlan, toVisitPlan } from './layout.ts';
import type { Raw } from './layout.ts';

type Struct = keyof typeof layouts;
type Library = ReturnType<typeof koffi.load>;

for (const [name, fields] of Object.entries(layouts)) koffi.struct(name, fields);

/** No library is no error here: its calls say that it is not there, and the rest of the daemon runs on. */
export function loadNative(libraryPath: string): Native {
  const library = open(libraryPath);
  if (library instanceof Error) {
    const refuse = () => Promise.reject(library);
    return {
      clock: refuse,
      visit: refuse,
      memory: refuse,
      perfOpen: refuse,
      calibrate: refuse,
      fdLimit: refuse,
    };
  }
  const clock = call(library, 'nc_clock', [], 'nc_clock');
  const visit = call(library, 'nc_visit', ['nc_visit_plan'], 'nc_visit');
  const memory = call(library, 'nc_memory', ['nc_memory_plan'], 'nc_memory');
  return {
    clock: async () => fromClock(await clock()),
    visit: async (plan) => fromVisit(await visit(toVisitPlan(plan))),
    memory: async (plan) => fromMemory(await memory(toMemoryPlan(plan))),
    perfOpen: () => Promise.reject(new Absent('nc_perf_open: not bound yet')),
    calibrate: () => Promise.reject(new Absent('nc_calibrate: not bound yet')),
    fdLimit: () => Promise.reject(new Absent('nc_fd_limit: not bound yet')),
  };
}

/** Of the test build only (`make delay`): every hand-off waits this much longer. */
export function delayHandoffs(libraryPath: string, delayNs: number): void {
  koffi.load(libraryPath).func('nc_test_set_handoff_delay_ns', 'void', ['uint64'])(delayNs);
}

function open(path: string): Library | Error {
  try {
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

function check(library: Library, path: string): void {
  const ask = (name: string): number => library.func(name, 'uint32', [])();
  const advice = `${path} is of another version than this program: run \`make -C native\``;
  if (ask('nc_abi') !== abi) throw new NativeError('nc_abi', `${ask('nc_abi')}, not ${abi}`, advice);
  for (const name of ['clock', 'visit_plan', 'visit', 'memory_plan', 'memory']) {
    const [theirs, ours] = [ask(`nc_sizeof_${name}`), koffi.sizeof(`nc_${name}`)];
    if (theirs !== ours) throw new NativeError(`nc_sizeof_${name}`, `${theirs} bytes, not ${ours}`, advice);
  }
}

function call<Out extends Struct>(library: Library, name: string, takes: readonly Struct[], gives: Out) {
  const parameters = [...takes.map((type) => `const ${type} *`), `_Out_ ${gives} *`];
  const native = library.func(name, 'int', parameters);
  return (...plan: readonly object[]) =>
    new Promise<Raw<Out>>((resolve, reject) => {
      const out = {};
      native.async(...plan, out, (error: Error | null, result: number) => {
        if (error) reject(error);
        else if (result !== 0) reject(refusal(name, result));
        else resolve(out as Raw<Out>);
      });
    });
}

const advice: Readonly<Record<string, string>> = {
  EBUSY: 'another visit runs',
  EINVAL: 'a CPU or memory node that may not be used, the same CPU twice, or a plan out of range',
  ENOMEM: 'no memory to be had',
  EAGAIN: 'no thread to be had: see the limit on processes (ulimit -u, pids.max)',
};

function refusal(name: string, result: number): Error {
  const code = getSystemErrorName(result);
  if (code === 'ENOSYS' || code === 'ENODEV' || code === 'ENOTSUP') return new Absent(`${name}: ${code}`);
  if (code === 'EPERM' || code === 'EACCES')
    return new Denied(
      `${name}: ${code}: a node without CPUs needs mbind, every pin sched_setaffinity: allow them in the seccomp profile`,
    );
  return new NativeError(name, code, advice[code]);
}
