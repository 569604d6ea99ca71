/** What native/numacanary.h has of a drift under way: one buffer of ours, which the helper fills in while we look at it. */
import type { DriftRow, DriftSeen } from './host.ts';
import { layouts } from './layout.ts';
import { offsets, sizeOf } from './widths.ts';

const { rows: _, ...head } = layouts.nc_drift;
const headBytes = sizeOf(head);
const rowBytes = sizeOf(layouts.nc_drift_row);
const most = 601;
const nodes = 64;
export const driftBytes = headBytes + most * rowBytes;

const at = offsets(head);
const inRow = offsets(layouts.nc_drift_row);

/** Null as long as there is no row. Those that are there do not change any more. */
export function seenSoFar(buffer: ArrayBuffer): DriftSeen | null {
  const count = Atomics.load(new Uint32Array(buffer), at.row_count / 4);
  if (count === 0) return null;
  const view = new DataView(buffer);
  return {
    address: view.getBigUint64(at.address, true),
    pageBytes: Number(view.getBigUint64(at.page_bytes, true)),
    backingBytes: Number(view.getBigUint64(at.backing_bytes, true)),
    rows: Array.from({ length: Math.min(count, most) }, (_, index) =>
      rowAt(view, headBytes + index * rowBytes),
    ),
  };
}

export function askToStop(buffer: ArrayBuffer): void {
  Atomics.store(new Uint32Array(buffer), at.stop / 4, 1);
}

function rowAt(view: DataView, start: number): DriftRow {
  const pages = new Map<number, number>();
  for (let node = 0; node < nodes; node += 1) {
    const count = view.getUint32(start + inRow.pages + 4 * node, true);
    if (count > 0) pages.set(node, count);
  }
  return {
    elapsedNs: Number(view.getBigUint64(start + inRow.elapsed_ns, true)),
    passes: Number(view.getBigUint64(start + inRow.passes, true)),
    readerCpu: view.getInt32(start + inRow.reader_cpu, true),
    unknownPages: view.getUint32(start + inRow.pages_unknown, true),
    pages,
  };
}
