// `npm run bench:events`: what the kernel events cost whom they count. The same work, with the events closed and open
// by turns; the plan is the daemon's own, for two CPUs taken for two sockets, so that moves have their filters.
// Tracepoints need tracefs: unshare -m sh -c 'mount -t tracefs none /sys/kernel/tracing && npm run bench:events'
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import koffi from 'koffi';
import { filesUnder } from '../dist/host/files.js';
import { loadNative } from '../dist/host/native.js';
import { readFacts } from '../dist/perf/facts.js';
import { kernelSignalNames, tracepointsOf } from '../dist/pmu/kernel_signals.js';
import { planKernel } from '../dist/pmu/planning/plan_kernel.js';
import { readTopology } from '../dist/topology/read.js';

const here = import.meta.dirname;
const rounds = 41;
const works = [
  { name: 'context switch', times: 20_000 },
  { name: 'move to another CPU', times: 3_000 },
  { name: 'page fault', times: 20_000 },
];

const files = filesUnder({ procfs: '/proc', sysfs: '/sys', rootfs: '/', cgroupfs: '/sys/fs/cgroup' });
const native = loadNative(resolve(here, '../native/build/libnumacanary.so'));
const real = await readTopology(files);
const [first, second] = real.cpus.filter(({ allowed }) => allowed);
if (!second) {
  console.log('bench: two CPUs are needed');
  process.exit(0);
}
const topology = {
  ...real,
  sockets: [first, second].map(({ id }, socket) => ({ ...real.sockets[0], id: socket, cpus: [id] })),
  cpus: [first, second].map((cpu, socket) => ({ ...cpu, socket })),
};
const facts = await readFacts(files, topology, tracepointsOf(kernelSignalNames));
const plan = planKernel({ signals: kernelSignalNames, facts, topology, fds: 1000, includeIsolated: true });
for (const { signal, advice } of plan.missing) console.log(`left out ${signal}: ${advice}`);
const events = [];
for (const { counters, places } of plan.groups)
  for (const { cpu } of places) {
    const leader = events.length;
    for (const { attr } of counters) events.push({ ...attr, cpu, leader });
  }

const work = build();
const took = works.map(() => ({ closed: [], open: [] }));
for (let round = 0; round < rounds; round++)
  for (const [index, { times }] of works.entries())
    for (const state of round % 2 === 0 ? ['closed', 'open'] : ['open', 'closed']) {
      const perf = state === 'open' ? await native.perfOpen(events) : undefined;
      const refused = perf?.errors.find((error) => error !== null);
      if (refused) throw new Error(`an event was refused: ${refused}`);
      await perf?.enable(true);
      const ns = work(index, times, first.id, second.id);
      await perf?.close();
      if (ns === 0) throw new Error(`${works[index].name}: the kernel would not`);
      if (round > 0) took[index][state].push(ns);
    }

const counted = [...new Set(plan.groups.flatMap(({ counters }) => counters.map(({ signal }) => signal)))];
console.log(`counted: ${counted.join(' ')}; ${rounds - 1} rounds, medians`);
for (const [index, { name }] of works.entries()) {
  const [closed, open] = ['closed', 'open'].map((state) => median(took[index][state]));
  const differences = took[index].open.map((ns, at) => ns - took[index].closed[at]);
  console.log(
    `${name.padEnd(20)} ${closed.toFixed(0).padStart(6)} ns, counted ${open.toFixed(0).padStart(6)} ns: ` +
      `${(open / closed).toFixed(3)} (median of the differences ${median(differences).toFixed(0)} ns)`,
  );
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function build() {
  const out = resolve(here, 'build');
  mkdirSync(out, { recursive: true });
  const library = resolve(out, 'kernel_work.so');
  const flags = ['-O2', '-D_GNU_SOURCE', '-shared', '-fPIC', '-pthread'];
  execFileSync('cc', [...flags, resolve(here, 'kernel_work.c'), '-o', library], { stdio: 'inherit' });
  return koffi.load(library).func('kernel_work', 'double', ['uint32', 'uint32', 'int32', 'int32']);
}
