// Runs in the guest, with the fake PMU: a daemon's life under whatever can happen to its counters. Argument: JSON
// { cpus, core, pmu, module, acts, … }, `pmu` being a section of the configuration. Tells what was injected, and every
// page that the daemon gave.
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { helperCounts } from './counters.mjs';
import { startDaemon, total } from './daemon.mjs';
import * as fake from './fakepmu.mjs';
import { configured } from './quiet.mjs';

const asked = JSON.parse(process.argv[2]);
const { cpus, core } = asked;
const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);

/** Scraped pages in order, by what was done before them; only lines about counters. */
const pages = [];
let daemon;
const record = (label, page) => pages.push({ label, page: lean(page), seconds: performance.now() / 1000 });
const scrape = async (label) => record(label, await daemon.metrics());
const about = /^numacanary_(pmu|interconnect|dram|uncore|burst|sched)/;
const lean = (page) =>
  page
    .split('\n')
    .filter((line) => about.test(line))
    .join('\n');

const counting = (page) => total(page, 'numacanary_pmu_cycles_total') !== undefined;

/** Counters outlive a reload that changes nothing about them: this changes something that does not matter. */
let again = 0;
function config() {
  const turn_period_seconds = asked.pmu.turn_period_seconds + again / 1000;
  return configured({ collectors: { pmu: { ...asked.pmu, turn_period_seconds } } });
}
async function reopen() {
  again += 1;
  config();
  await daemon.reload();
}

/** What is done, by name; each answers with what the other side needs to know of it. */
const acts = {
  /** The module comes after the daemon. */
  async late() {
    await scrape('before the module');
    fake.load(asked.module);
    fake.still();
    record('with the module', await daemon.until(counting, 240));
  },

  async exact() {
    await scrape('exact before');
    const given = fake.inject(core, cpus, 1);
    await scrape('exact after');
    return given;
  },

  /** Only the CPUs of the cpumask count: what is given to others must not appear. */
  async uncore() {
    await scrape('uncore before');
    const given = fake.inject(asked.uncore, cpus, 2);
    await scrape('uncore after');
    return given;
  },

  async hotplug() {
    const cpu = cpus.at(-1);
    const left = cpus.slice(0, -1);
    const all = fake.openEvents();
    await scrape('hotplug before');
    online(cpu, 0);
    const early = fake.inject(core, left, 3);
    await opened((count) => count < all);
    await scrape('hotplug gone');
    const without = fake.inject(core, left, 4);
    await scrape('hotplug without');
    online(cpu, 1);
    await opened((count) => count === all);
    await scrape('hotplug back');
    const back = fake.inject(core, cpus, 5);
    await scrape('hotplug after');
    return { early, without, back };
  },

  /** Each of these events is refused with an errno of its own; the others go on. */
  async refused() {
    for (const { event, errno } of asked.refused) fake.refuse(event, errno);
    await scrape('refused before');
    await reopen();
    await scrape('refused');
    const given = fake.inject(core, cpus, 6);
    await scrape('refused after');
    for (const { event } of asked.refused) fake.refuse(event, 0);
    await reopen();
    await scrape('admitted');
    const back = fake.inject(core, cpus, 7);
    await scrape('admitted after');
    return { given, back };
  },

  /** Somebody pins all general counters, and gives them back. */
  async taken() {
    const other = greedy(':D');
    await sleep(2000);
    await scrape('taken');
    fake.inject(core, cpus, 8);
    for (let time = 0; time < 4; time += 1) await scrape('taken');
    await scrape('taken long');
    await stopped(other);
    await reopen();
    await scrape('given back');
    const given = fake.inject(core, cpus, 9);
    await scrape('given back after');
    return given;
  },

  /** Somebody wants as many counters as we do: the kernel shares them out. */
  async shared() {
    const other = greedy('');
    steady(core);
    await sleep(2000);
    const told = await compared('shared', core, asked.sharedSeconds);
    for (const event of core) fake.rate(event, 0);
    await stopped(other);
    return told;
  },

  /** A PMU with fewer counters than the model says: the group is refused as it is. */
  async small() {
    fake.set('ncounters', 4);
    fake.set('fixed', 0);
    await reopen();
    // The first turn comes at once, and shares the counters.
    await sleep(3000);
    await scrape('small before');
    const given = fake.inject(core, cpus, 10);
    await scrape('small after');
    fake.set('fixed', asked.module.fixed);
    fake.set('ncounters', asked.module.ncounters);
    await reopen();
    return given;
  },

  /** Counters go away while the daemon runs, and come back. */
  async fewer() {
    const told = {};
    steady(core);
    for (const ncounters of [4, 2, asked.module.ncounters]) {
      fake.set('ncounters', ncounters);
      if (ncounters === asked.module.ncounters) await reopen();
      await sleep(2000);
      told[ncounters] = await compared(`fewer ${ncounters}`, core, 6);
    }
    for (const event of core) fake.rate(event, 0);
    return told;
  },

  /** Eight seconds of remote loads on one socket, between two scrapes. */
  async burst() {
    const { local, remote, on } = asked.burst;
    fake.rate(local, 5_000_000);
    await sleep(3000);
    await scrape('burst before');
    for (const cpu of on) fake.rate(remote, 20_000_000, cpu);
    await sleep(8000);
    for (const cpu of on) fake.rate(remote, 0, cpu);
    await sleep(5000);
    await scrape('burst after');
    fake.rate(local, 0);
  },

  /** Groups that do not fit beside the first have a second each: their counts stand for all the time between. */
  async turns() {
    steady(asked.turns);
    const end = performance.now() + asked.turnsSeconds * 1000;
    while (performance.now() < end) await scrape('turns');
    for (const event of asked.turns) fake.rate(event, 0);
  },
};

/** perf, on all CPUs, with a group that takes all general counters when it is on; `:D` pins it. */
function greedy(modifier) {
  const events = Array.from(
    { length: asked.module.ncounters },
    (_, index) => `r${(0xe00 + index).toString(16)}`,
  );
  return spawn('perf', ['stat', '-a', '-e', `{${events.join(',')}}${modifier}`], { stdio: 'ignore' });
}

async function stopped(child) {
  child.kill('SIGINT');
  await new Promise((done) => child.once('exit', done));
}

/** Each event at a pace of its own on each CPU. */
function steady(events) {
  events.forEach((event, index) =>
    cpus.forEach((cpu) => fake.rate(event, 1_000_000 * (index + 1) * (cpu + 1), cpu)),
  );
}

/**
 * Pages over some seconds. Around the first and the last: what counters that never stopped had counted just before the
 * page was asked for and just after it came.
 */
async function compared(label, events, seconds) {
  const around = async (what) => {
    await daemon.pause();
    const from = events.map(fake.counted);
    await scrape(what);
    return { from, to: events.map(fake.counted) };
  };
  const before = await around(`${label} before`);
  for (let second = 3; second < seconds; second += 3) {
    await sleep(3000);
    await scrape(label);
  }
  await sleep(3000);
  return { before, after: await around(`${label} after`) };
}

function online(cpu, value) {
  writeFileSync(`/sys/devices/system/cpu/cpu${cpu}/online`, String(value));
}

/** Scrapes, since the daemon looks at the machine when it is asked, until the module has so many users. */
async function opened(wanted) {
  const end = performance.now() + 60_000;
  while (performance.now() < end && !wanted(fake.openEvents())) await scrape('meanwhile');
}

const found = {};
if (!asked.acts.includes('late')) {
  fake.load(asked.module);
  fake.still();
}
daemon = startDaemon({ config: config() });
await daemon.until(asked.acts.includes('late') ? (page) => page !== '' : counting, 240);
say('daemon up');
for (const act of asked.acts) {
  found[act] = await acts[act]();
  say(act);
}
const end = await daemon.stop();
const openAfterwards = fake.openEvents();
if (asked.helper) found.helper = await helperCounts(cpus);

// Daemons with less than everything, each for a page.
const others = {};
for (const { name, by, paranoid = 3, sections = {}, rates = [] } of asked.others ?? []) {
  writeFileSync('/proc/sys/kernel/perf_event_paranoid', String(paranoid));
  for (const { event, perSecond } of rates) fake.rate(event, perSecond);
  const other = startDaemon({ config: configured(sections), by });
  const page = await other.until((page) => /^numacanary_pmu_signal_status/m.test(page), 240);
  others[name] = { page: lean(page), stopped: await other.stop(), log: other.log() };
  say(name);
}
writeFileSync('/proc/sys/kernel/perf_event_paranoid', '3');

const doctor = {};
if (asked.doctor) {
  doctor.with = doctorSays();
  doctor.denied = doctorSays(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']);
  // For good: a second PMU of cores in the life of a kernel is not given to threads.
  fake.unload();
  doctor.without = doctorSays();
}
console.log(
  JSON.stringify({ found, pages, stopped: end, openAfterwards, others, doctor, log: daemon.log() }),
);

function doctorSays(by = []) {
  const [program, ...rest] = [...by, process.execPath, 'dist/main.js', 'doctor', '--json'];
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}
