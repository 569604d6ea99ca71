// Runs in the arm64 guest, whose PMU is the kernel's own driver's: two pages with work on one CPU between them.
// Argument: that CPU.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon, total } from './daemon.mjs';
import { configured } from './quiet.mjs';

const daemon = startDaemon({ config: configured() });
const first = await daemon.until((page) => total(page, 'numacanary_pmu_cycles_total') !== undefined, 360);
const begin = await scrape();
const work = spawn('taskset', ['-c', process.argv[2], process.execPath, '-e', 'for (;;);']);
await sleep(2000);
work.kill();
const end = await scrape();
const stopped = await daemon.stop();
console.log(JSON.stringify({ first, begin, end, stopped, log: daemon.log() }));

/** The daemon read its counters at some time between; nanoseconds. */
async function scrape() {
  const from = Number(process.hrtime.bigint());
  const page = await daemon.metrics();
  return { from, page, to: Number(process.hrtime.bigint()) };
}
