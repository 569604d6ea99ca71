/**
 * A list of events as native/numacanary.h lays it out, in one buffer of ours. koffi checks neither type nor length of
 * what is declared `void *`, and crashes on large lists of objects.
 */
import type { PerfEvent } from './host.ts';
import { errnoName, layouts } from './layout.ts';
import { offsets, sizeOf } from './widths.ts';

export const eventBytes = sizeOf(layouts.nc_perf_event);
export const readingBytes = sizeOf(layouts.nc_perf_reading);
const at = offsets(layouts.nc_perf_event);

/** Refuses a buffer that the helper would run out of, or that was handed over to another thread. */
export function holding(buffer: ArrayBuffer, count: number, stride: number): ArrayBuffer {
  if (count * stride <= buffer.byteLength) return buffer;
  throw new RangeError(`${count} times ${stride} bytes do not fit into ${buffer.byteLength}`);
}

export function encodeEvents(events: readonly PerfEvent[]): { buffer: ArrayBuffer; filters: ArrayBuffer } {
  const buffer = new ArrayBuffer(events.length * eventBytes);
  const view = new DataView(buffer);
  const filters = new Map<string, number>(); // a filter stands for many CPUs
  const texts: Uint8Array[] = [];
  let length = 0;
  const filterAt = (text: string): number => {
    const known = filters.get(text);
    if (known !== undefined) return known;
    const start = length;
    const encoded = new TextEncoder().encode(`${text}\0`);
    filters.set(text, start);
    texts.push(encoded);
    length += encoded.length;
    return start;
  };
  for (const [index, event] of events.entries()) {
    const start = index * eventBytes;
    view.setUint32(start + at.type, event.type, true);
    view.setBigUint64(start + at.config, event.config, true);
    view.setBigUint64(start + at.config1, event.config1, true);
    view.setBigUint64(start + at.config2, event.config2, true);
    view.setInt32(start + at.cpu, event.cpu, true);
    view.setInt32(start + at.leader, event.leader, true);
    view.setInt32(start + at.filter, event.filter === undefined ? -1 : filterAt(event.filter), true);
    view.setInt32(start + at.fd, -1, true);
  }
  const all = new Uint8Array(length);
  let end = 0;
  for (const text of texts) {
    all.set(text, end);
    end += text.length;
  }
  return { buffer, filters: all.buffer };
}

export function decodeErrors(buffer: ArrayBuffer, count: number): readonly (string | null)[] {
  const view = new DataView(buffer);
  return Array.from({ length: count }, (_, index) => {
    const errno = view.getInt32(index * eventBytes + at.error, true);
    return errno === 0 ? null : errnoName(errno);
  });
}
