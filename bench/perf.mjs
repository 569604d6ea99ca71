// The perf section of `npm run bench`: what does the way through the binding add to the read() calls themselves, and
// does the event loop stay awake meanwhile? Software events that cost next to nothing stand in for hardware ones.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { loadNative } from '../dist/host/native.js';

const here = import.meta.dirname;
const members = 8;
const rounds = 200;
const halfSeconds = 2; // of each of four turns, idle and reading
const [software, dummy, alignment, emulation] = [1, 9n, 7n, 8n];

/** What was measured; a string says why nothing was. */
export async function benchPerf(cpus, quantile) {
  const native = loadNative(resolve(here, '../native/build/libnumacanary.so'));
  const limit = await native.fdLimit();
  const spare = 64; // beside what is open already
  const room = limit - readdirSync('/proc/self/fd').length - spare;
  const groups = Math.max(0, Math.min(1024, Math.floor(room / members)));
  const events = Array.from({ length: groups * members }, (_, index) => ({
    type: software,
    config: [dummy, alignment, emulation][index % 3],
    config1: 0n,
    config2: 0n,
    cpu: cpus[Math.floor(index / members) % cpus.length],
    leader: index - (index % members),
  }));
  const opening = performance.now();
  const perf = await native.perfOpen(events);
  const openMs = performance.now() - opening;
  const refused = perf.errors.find((error) => error !== null);
  if (refused) {
    await perf.close();
    return `software events of a CPU cannot be opened: ${refused}`;
  }
  const enabling = performance.now();
  await perf.enable(true);
  const enableMs = performance.now() - enabling;

  const bareRead = buildBare();
  const fds = groupFds(groups);
  const through = [];
  const bare = [];
  for (let round = -10; round < rounds; round++) {
    const began = performance.now();
    await perf.read();
    const took = performance.now() - began;
    const loop = await bareRead(fds);
    if (loop === 0) throw new Error('the bare loop could not read the groups that the binding read');
    if (round < 0) continue; // warms up
    through.push(took);
    bare.push(loop / 1e6);
  }
  const delays = { idle: [], reading: [] };
  for (let turn = 0; turn < 4; turn++) {
    const state = turn % 2 === 0 ? 'idle' : 'reading';
    delays[state].push(await p99(state === 'idle' ? () => sleep(100) : () => perf.read()));
  }
  const closing = performance.now();
  await perf.close();
  const closeMs = performance.now() - closing;
  const [ours, theirs] = [quantile(through, 0.5), quantile(bare, 0.5)];
  return {
    groups,
    wantedGroups: 1024,
    members,
    limit,
    cpus: cpus.length,
    openMs,
    enableMs,
    closeMs,
    throughMs: ours,
    bareMs: theirs,
    ratio: ours / theirs,
    idleP99Ms: quantile(delays.idle, 0.5),
    readingP99Ms: quantile(delays.reading, 0.5),
  };
}

/** 99th percentile of how far apart the event loop's milliseconds are, while `work` is done again and again. */
async function p99(work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const until = performance.now() + halfSeconds * 1000;
  while (performance.now() < until) await work();
  delay.disable();
  return delay.percentile(99) / 1e6;
}

function buildBare() {
  const out = resolve(here, 'build');
  mkdirSync(out, { recursive: true });
  const library = resolve(out, 'bare_read.so');
  execFileSync('cc', ['-O3', '-shared', '-fPIC', resolve(here, 'bare_read.c'), '-o', library], {
    stdio: 'inherit',
  });
  const native = koffi.load(library).func('bare_read', 'uint64', ['const void *', 'uint32', 'uint32']);
  return (fds) =>
    new Promise((done, fail) => {
      native.async(fds, fds.length, members, (error, ns) => (error ? fail(error) : done(Number(ns))));
    });
}

/** One descriptor of each group, whichever: the kernel reads the whole group by any. */
function groupFds(groups) {
  const fds = readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes('[perf_event]');
      } catch {
        return false; // that of the folder itself
      }
    })
    .toSorted((a, b) => a - b);
  return Int32Array.from({ length: groups }, (_, group) => fds[group * members]);
}

const ms = (value) => `${value.toFixed(2)} ms`;
const verdict = (ok) => (ok ? 'ok  ' : 'MISS');

export function printPerf(result) {
  const { groups, wantedGroups, ratio, readingP99Ms } = result;
  console.log(`\nperf: ${groups} groups of ${result.members} software events on ${result.cpus} CPUs`);
  if (groups < wantedGroups)
    console.log(`     scaled down from ${wantedGroups}: the limit on open files is ${result.limit}`);
  console.log(`     open ${ms(result.openMs)}, enable ${ms(result.enableMs)}, close ${ms(result.closeMs)}`);
  console.log(
    `     read through the binding ${ms(result.throughMs)}, bare loop ${ms(result.bareMs)} (medians)`,
  );
  console.log(`${verdict(ratio <= 1.15)} ${ratio.toFixed(3)}  binding / bare loop (wanted <= 1.15)`);
  console.log(
    `${verdict(readingP99Ms < 5)} ${ms(readingP99Ms)}  event loop p99 while reading back to back (wanted < 5 ms); idle ${ms(result.idleP99Ms)}`,
  );
}
