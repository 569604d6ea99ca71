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
    const switchOrRead = async (name: string, leaders: readonly number[] | undefined, work: Call) => {
      if (closed) throw new NativeError(name, 'EBADF', 'it was closed');
      if (leaders?.length === 0) return; // to the helper none is all
      const indices = Uint32Array.from(leaders ?? []);
      await inTurn(async () => must(name, await work(indices.buffer, indices.length)));
    };
    return {
      errors: decodeErrors(buffer, count),
      enable: (on, leaders) =>
        switchOrRead('nc_perf_switch', leaders, (indices, length) =>
          native.enable(ours(), count, indices, length, on ? 1 : 0),
        ),
      read: async (leaders) => {
        let words: Uint32Array | undefined;
        await switchOrRead('nc_perf_read', leaders, async (indices, length) => {
          const result = await native.read(
            ours(),
            holding(readings, count, readingBytes),
            count,
            indices,
            length,
          );
          words = new Uint32Array(readings.slice(0)); // before the next call in turn writes into it
          return result;
        });
        return { words: words ?? new Uint32Array(readings.slice(0)) };
      },
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
