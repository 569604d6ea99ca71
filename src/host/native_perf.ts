/** The perf section of native/numacanary.h: a list of events in two buffers of ours, and the calls upon it in turn. */
import { NativeError } from '../errors.ts';
import type { Native, OpenPerf, PerfEvent } from './host.ts';
import { errnoName } from './layout.ts';
import { decodeErrors, encodeEvents, eventBytes, holding, readingBytes } from './perf_buffer.ts';
import { createPool } from './pool.ts';

/** One call on a thread of libuv's: what the function returned. */
export type Call = (...values: readonly unknown[]) => Promise<number>;
/** A function of the library by its name and what it takes, in koffi's words. */
export type Bind = (name: string, parameters: readonly string[]) => Call;

export function bindPerf(bind: Bind): Native['perfOpen'] {
  const uint32 = 'uint32';
  const native = {
    open: bind('nc_perf_open', ['void *', uint32, 'const void *', uint32]),
    enable: bind('nc_perf_switch', ['const void *', uint32, 'const void *', uint32, uint32]),
    read: bind('nc_perf_read', ['const void *', 'void *', uint32, 'const void *', uint32]),
    close: bind('nc_perf_close', ['void *', uint32]),
  };
  return async (events: readonly PerfEvent[]): Promise<OpenPerf> => {
    const count = events.length;
    const { buffer, filters } = encodeEvents(events);
    const readings = new ArrayBuffer(count * readingBytes);
    // Two calls must not share a list: one after the other, in the order they were asked for.
    const inTurn = createPool(1);
    const ours = () => holding(buffer, count, eventBytes);
    must('nc_perf_open', await native.open(ours(), count, filters, filters.byteLength));

    let closed: Promise<void> | undefined;
    const switchOrRead = async <T>(
      name: string,
      leaders: readonly number[] | undefined,
      work: Call,
      after: () => T,
    ): Promise<T> => {
      if (closed) throw new NativeError(name, 'EBADF', 'it was closed');
      const indices = Uint32Array.from(leaders ?? []);
      return inTurn(async () => {
        // To the helper none is all.
        if (leaders?.length !== 0) must(name, await work(indices.buffer, indices.length));
        return after(); // before the next call in turn
      });
    };
    return {
      errors: decodeErrors(buffer, count),
      enable: (on, leaders) =>
        switchOrRead(
          'nc_perf_switch',
          leaders,
          (indices, length) => native.enable(ours(), count, indices, length, on ? 1 : 0),
          () => {},
        ),
      read: (leaders) =>
        switchOrRead(
          'nc_perf_read',
          leaders,
          (indices, length) =>
            native.read(ours(), holding(readings, count, readingBytes), count, indices, length),
          () => ({ words: new Uint32Array(readings.slice(0)) }),
        ),
      close: () => {
        closed ??= inTurn(async () => must('nc_perf_close', await native.close(ours(), count)));
        return closed;
      },
    };
  };
}

function must(name: string, result: number): void {
  if (result !== 0) throw new NativeError(name, errnoName(-result));
}
