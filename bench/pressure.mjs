// `npm run bench:pressure`: does the canary stay honest, and awake, while others want its CPUs?
//
//   npm run bench:pressure -- [--visits 200] [--loops 1] [--minutes 1] [--json]
//
// 1. Visits to one pair in turn with and without a busy loop on one of its CPUs: how far the clean median
//    moves, and how many of the throughput samples that the loop wrecked were thrown away.
// 2. Loops of 90 % duty on every CPU, and the latency probe as the daemon runs it: clean visits a minute.
// 3. Nothing else running: what all probes cost by their own books, against the budget they promise.
//
// Real visits on real CPUs, so the numbers are this machine's at this minute; nothing here is asserted.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { systemClock } from '../dist/host/clock.js';
import { filesUnder } from '../dist/host/files.js';
import { loadNative } from '../dist/host/native.js';
import { courtesyOptions, spinOf } from '../dist/probes/courtesy.js';
import { handOffSeconds, itemsPerSecond } from '../dist/probes/experiments.js';
import { probes } from '../dist/probes/index.js';
import { planVisit } from '../dist/probes/plan.js';
import { purposeOf, taintsOf } from '../dist/probes/taint.js';
import { createVisitor } from '../dist/probes/visit.js';
import { median } from '../dist/quantile.js';
import { readTopology } from '../dist/topology/read.js';

const { values: options } = parseArgs({
  options: {
    visits: { type: 'string', default: '200' },
    loops: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const native = loadNative(new URL('../native/build/libnumacanary.so', import.meta.url).pathname);
const files = filesUnder({ procfs: '/proc', sysfs: '/sys', rootfs: '/', cgroupfs: '/sys/fs/cgroup' });
const log = { debug() {}, info() {}, warn() {}, error() {} };
const host = { files, native, log, clock: systemClock };
const topology = await readTopology(files);
const courtesy = courtesyOptions.parse({});
const cpus = topology.cpus.filter(({ allowed }) => allowed).map(({ id }) => id);
if (cpus.length < 2) throw new Error('a pair needs two CPUs; this process may use one');
const pair = [cpus[0], cpus.at(-1)];

process.setMaxListeners(0);
process.on('SIGINT', () => process.exit(130)); // by default it would end us without an exit event, and the loops would stay
const report = { pair, neighbour: await neighbour(), allBusy: await allBusy(), cost: await cost() };
if (options.json) console.log(JSON.stringify(report, null, 2));
else print(report);

/** A process that computes for `duty` of its time on this CPU; it ends with us, however we end. */
function loop(cpu, duty) {
  const code = `const nap = new Int32Array(new SharedArrayBuffer(4));
    for (;;) { const until = performance.now() + ${duty * 50}; while (performance.now() < until);
      if (${duty} < 1) Atomics.wait(nap, 0, 0, ${(1 - duty) * 50}); }`;
  const child = spawn('taskset', ['-c', String(cpu), process.execPath, '-e', code], { stdio: 'ignore' });
  process.on('exit', () => child.kill('SIGKILL'));
  return child;
}

async function neighbour() {
  const block = 10;
  const calm = [];
  const beside = [];
  for (let done = 0; done < Number(options.visits); done += block) {
    await visits(block, calm);
    const busy = Array.from({ length: Number(options.loops) }, () => loop(pair[1], 1));
    await systemClock.sleep(0.3); // until the loops are there
    await visits(1, []); // a fork marks our pages for copying: the next visit has the faults of it
    await visits(block, beside);
    for (const one of busy) one.kill('SIGKILL');
    await systemClock.sleep(0.1);
  }
  // One placement state only: the ruler tells, and a hypervisor may move CPUs from one second to the next.
  const home = median(calm.flatMap(({ ruler }) => ruler ?? []));
  const here = (rows) => rows.filter(({ ruler }) => ruler && Math.abs(ruler / home - 1) < 0.25);
  const clean = (rows) => here(rows).filter(({ sound }) => sound);
  const usual = median(rate(clean(calm)));
  const wrecked = beside
    .filter(({ throughput }) => throughput)
    .filter(({ items }) => !items || items < usual / 2);
  return {
    visits: calm.length + beside.length,
    calmMedianSeconds: median(clean(calm).flatMap(({ handOff }) => handOff ?? [])),
    besideMedianSeconds: median(clean(beside).flatMap(({ handOff }) => handOff ?? [])),
    cleanLatencyBeside: share(
      beside.filter(({ throughput }) => !throughput),
      ({ sound }) => sound,
    ),
    wreckedThroughput: wrecked.length,
    wreckedRejected: share(wrecked, ({ sound }) => !sound),
    causes: count(beside.flatMap(({ taints }) => taints)),
  };
}

async function visits(times, rows) {
  for (let turn = 0; turn < times; turn++) {
    for (const steps of [['store2'], ['ring_512']]) {
      const plan = planVisit(topology, spinOf(courtesy.spin, topology), pair, steps);
      const visit = await patiently({ ...plan, stepNs: 300_000, deadlineNs: 10_000_000 });
      const taints = taintsOf(purposeOf(steps), plan, visit, {});
      rows.push({
        throughput: steps[0] === 'ring_512',
        sound: taints.length === 0,
        taints,
        ruler: handOffSeconds(visit.rulerBefore),
        handOff: handOffSeconds(visit.store2),
        items: itemsPerSecond(visit.ring512),
      });
    }
  }
}

/** A thread that the loop starved past its deadline is still on its way home: EBUSY until then. */
async function patiently(plan) {
  for (;;) {
    try {
      return await native.visit(plan);
    } catch (thrown) {
      if (thrown.code !== 'EBUSY') throw thrown;
      await systemClock.sleep(0.02);
    }
  }
}

async function allBusy() {
  const loops = cpus.map((cpu) => loop(cpu, 0.9));
  const seconds = Number(options.minutes) * 60;
  const books = await live(['latency'], seconds);
  for (const one of loops) one.kill('SIGKILL');
  const clean = total(books.visits, 'clean');
  return { seconds, clean, tainted: total(books.visits, 'tainted'), cleanPerMinute: clean / (seconds / 60) };
}

async function cost() {
  const seconds = 60;
  const books = await live(['latency', 'throughput', 'experienced', 'memory'], seconds);
  const lanes = createVisitor(courtesy).lanes(topology);
  const pairs = new Set(lanes.map(({ socketA, socketB }) => `${socketA}/${socketB}`)).size;
  return {
    seconds,
    cpuSeconds: books.cpuSeconds,
    budgetSeconds: courtesy.budget_ratio * 2 * pairs * seconds,
    visits: total(books.visits, 'clean') + total(books.visits, 'tainted'),
    skippedForBudget: books.skipped.get('budget'),
  };
}

/** The probes as the daemon runs them, each at its own period. */
async function live(names, seconds) {
  const visitor = createVisitor(courtesy);
  const stop = new AbortController();
  const context = { host, topology, signal: stop.signal };
  const running = probes(visitor)
    .filter(({ name }) => names.includes(name))
    .map((kind) => kind.make({}))
    .map(async (probe) => {
      while (!stop.signal.aborted) {
        await probe.read(context);
        await systemClock.sleep(probe.periodSeconds(topology), stop.signal);
      }
    });
  await systemClock.sleep(seconds);
  stop.abort();
  await Promise.all(running);
  return visitor.totals();
}

function rate(rows) {
  return rows.flatMap(({ items }) => items ?? []);
}

function total(rows, outcome) {
  return rows.filter((row) => row.outcome === outcome).reduce((sum, row) => sum + row.count, 0);
}

function share(rows, is) {
  return rows.length === 0 ? null : rows.filter(is).length / rows.length;
}

function count(words) {
  return Object.fromEntries(
    [...new Set(words)].map((word) => [word, words.filter((w) => w === word).length]),
  );
}

function ns(seconds) {
  return seconds === undefined ? '-' : `${(seconds * 1e9).toFixed(1)} ns`;
}

function percent(ratio) {
  return ratio === null ? '-' : `${(ratio * 100).toFixed(1)} %`;
}

function print({ neighbour: n, allBusy: b, cost: c }) {
  const moved = n.besideMedianSeconds / n.calmMedianSeconds - 1;
  console.log(
    `CPUs ${pair.join(' and ')}, ${n.visits} visits, half of them beside ${options.loops} busy loops on CPU ${pair[1]}`,
  );
  console.log(
    `  clean median calm ${ns(n.calmMedianSeconds)}, beside ${ns(n.besideMedianSeconds)}, moved ${percent(moved)} (bound: 10 %)`,
  );
  console.log(
    `  clean latency visits beside it: ${percent(n.cleanLatencyBeside)}; taints ${JSON.stringify(n.causes)}`,
  );
  console.log(
    `  wrecked throughput samples: ${n.wreckedThroughput}, rejected ${percent(n.wreckedRejected)} (bound: > 99 %)`,
  );
  console.log(
    `90 % duty on every CPU for ${b.seconds} s: ${b.clean} clean and ${b.tainted} tainted latency visits, ${b.cleanPerMinute.toFixed(1)} clean a minute (bound: >= 1)`,
  );
  console.log(
    `all probes for ${c.seconds} s, nothing else running: ${(c.cpuSeconds * 1e3).toFixed(1)} ms of CPU in ${c.visits} visits, budget ${(c.budgetSeconds * 1e3).toFixed(1)} ms; ${c.skippedForBudget} skipped for budget`,
  );
}
