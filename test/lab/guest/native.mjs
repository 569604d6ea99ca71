// The helper itself, below the daemon's judgement: what its threads and pages did, visit by visit.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadNative } from '../../../dist/host/native.js';

export const native = loadNative(
  fileURLToPath(new URL('../../../native/build/libnumacanary.so', import.meta.url)),
);
const ms = 1e6;

export function visit(plan) {
  return native.visit({
    nodeA: -1,
    nodeB: -1,
    steps: ['store2'],
    // PAUSE leaves the emulator's loop each time: a round trip of microseconds.
    spin: 'bare',
    pinned: true,
    strideBytes: 128,
    offset: 0,
    stepNs: 0.1 * ms,
    deadlineNs: 400 * ms,
    ...plan,
  });
}

export function memory(plan) {
  return native.memory({ bytes: 1 << 21, loads: 512, hugePages: false, deadlineNs: 400 * ms, ...plan });
}

export function clock() {
  return native.clock();
}

/**
 * Emulated CPUs share few real ones: two threads do not always meet, and one that was starved past its deadline is
 * still on its way home when the next visit asks for it.
 */
export async function patiently(act) {
  for (let attempt = 1; ; attempt += 1) {
    const result = await act().catch((error) => ({ refused: error.code ?? String(error) }));
    const later = result.refused === 'EBUSY' || (!result.refused && result.outcome !== 'done');
    if (!later || attempt === 100) return { attempt, result };
    if (result.refused) await sleep(50);
  }
}
