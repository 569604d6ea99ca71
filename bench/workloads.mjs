// `npm run bench:workloads`: a thousand containers in a tree of real files, as the systemd driver lays them out, on a host
// of 8 nodes. What does a walk and a scrape cost, and does the event loop stay awake meanwhile? Then containers come and go.
// Nothing is asserted: the numbers are of this machine at this minute, beside those of an idle loop.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { workloads } from '../dist/collectors/workloads.js';
import { systemClock } from '../dist/host/clock.js';
import { filesUnder } from '../dist/host/files.js';
import { topologyOf } from '../dist/series.js';
import { createWorkloadBooks } from '../dist/workloads/books.js';

const [count, nodes, rounds] = [1000, 8, 20];
const root = mkdtempSync(join(tmpdir(), 'numacanary-workloads-'));
const perNode = Array.from({ length: nodes }, (_, node) => `N${node}=${(node + 1) * 1_048_576}`).join(' ');
const types = ['anon', 'file', 'kernel_stack', 'pagetables', 'shmem', 'anon_thp', 'slab_reclaimable'];
const numaStat = types.map((type) => `${type} ${perNode}`).join('\n');
const hex = (number, digits) => number.toString(16).padStart(digits, '0');
const slice = join(root, 'kubepods.slice/kubepods-burstable.slice');

try {
  write(root, { 'cgroup.controllers': 'cpuset cpu memory', 'cpuset.cpus.effective': '0-383', 'cpuset.mems.effective': '0-7' });
  for (let number = 0; number < count; number += 1) make(number);
  const files = filesUnder({ procfs: '/proc', sysfs: '/sys', rootfs: '/', cgroupfs: root });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const topology = topologyOf({ name: '2s8n', sockets: 2, nodesPerSocket: 4, coresPerNode: 24, llcsPerNode: 3, limit: 0 });
  const books = createWorkloadBooks();
  const source = workloads(books).make({ period_seconds: 1 });
  const context = { host: { files, clock: systemClock, log, native: {} }, topology, signal: new AbortController().signal };

  const idle = await watched(() => sleep(100));
  const walking = await watched(async () => {
    await sleep(1000);
    return timed(() => source.tick(context));
  });
  const scraping = await watched(() => timed(() => source.read(context)));
  const samples = await source.read(context);
  console.log(`${count} containers, ${nodes} nodes, ${samples.length} series; medians of ${rounds}`);
  print('idle', idle);
  print('walk', walking, count);
  print('scrape', scraping, 30);

  // Ten thousand that live for one walk each.
  const before = process.memoryUsage().heapUsed;
  for (let generation = 1; generation <= 10; generation += 1) {
    for (let number = 0; number < count; number += 1) rmSync(pod(number + count * (generation - 1)), { recursive: true });
    for (let number = 0; number < count; number += 1) make(number + count * generation);
    await sleep(1000);
    await source.tick(context);
  }
  globalThis.gc?.();
  const grown = (process.memoryUsage().heapUsed - before) / 1024;
  console.log(`after ${10 * count} came and went: ${books.size()} known, ${(await source.read(context)).length} series, heap ${grown.toFixed(0)} KiB more`);
} finally {
  rmSync(root, { recursive: true });
} // prettier-ignore

function pod(number) {
  return join(slice, `kubepods-burstable-pod${hex(number, 8)}_0000_0000_0000_000000000000.slice`);
}

function make(number) {
  write(join(pod(number), `cri-containerd-${hex(number, 64)}.scope`), {
    'cpuset.cpus.effective': '0-383',
    'cpuset.mems.effective': '0-7',
    'memory.current': 1_048_576 * (number + 1),
    'memory.numa_stat': numaStat,
    'memory.stat': 'anon 1\nfile 2\nnuma_pages_migrated 3\nnuma_hint_faults 4',
    'cpu.pressure': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0',
  });
} // prettier-ignore

function write(folder, texts) {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), `${text}\n`);
}

/** Milliseconds by the wall, and of CPU of this whole process. */
async function timed(work) {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const used = process.cpuUsage(cpu);
  return { wall: performance.now() - wall, cpu: (used.user + used.system) / 1000 };
}

async function watched(work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const took = [];
  for (let round = 0; round < rounds; round += 1) {
    delay.enable();
    took.push(await work());
    delay.disable();
  }
  return { took, p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
}

function print(what, { took, p99, max }, each) {
  const median = (of) => took.map(of).toSorted((a, b) => a - b)[Math.floor(took.length / 2)];
  const cost = took[0]
    ? `${median(({ wall }) => wall).toFixed(1)} ms, CPU ${median(({ cpu }) => cpu).toFixed(1)} ms, ${((1000 * median(({ cpu }) => cpu)) / each).toFixed(0)} us for each; `
    : '';
  console.log(`${what.padEnd(8)}${cost}event loop p99 ${p99.toFixed(2)} ms, max ${max.toFixed(2)} ms`);
}
