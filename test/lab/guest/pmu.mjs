// Runs in the guest, with the fake PMU: a daemon's life under whatever can happen to its counters. Argument: JSON
// { cpus, core, uncore, turns, acts }. Tells what was injected, and every page that the daemon gave.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { helperCounts } from './counters.mjs';
import { startDaemon, total } from './daemon.mjs';
import * as fake from './fakepmu.mjs';

const asked = JSON.parse(process.argv[2]);
const { cpus, core } = asked;
const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);

/** Scraped pages in order, by what was done before them; only lines about counters. */
const pages = [];
let daemon;
const counting = (page) => total(page, 'numacanary_pmu_cycles_total') !== undefined;
async function scrape(label) {
  pages.push({ label, page: lean(await daemon.metrics()) });
}
const lean = (page) =>
  page
    .split('\n')
    .filter((line) => /^numacanary_(pmu|interconnect|dram|uncore|sched)/.test(line))
    .join('\n');

/** What is done, by name; each answers with what the other side needs to know of it. */
const acts = {
  helper: () => helperCounts(cpus),

  /** The module comes after the daemon. */
  async late() {
    await scrape('before the module');
    fake.load(asked.module);
    fake.still();
    const page = await daemon.until(counting, 60);
    pages.push({ label: 'with the module', page: lean(page) });
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
    await daemon.reload();
    await scrape('refused');
    const given = fake.inject(core, cpus, 6);
    await scrape('refused after');
    for (const { event } of asked.refused) fake.refuse(event, 0);
    await daemon.reload();
    await scrape('admitted');
    const back = fake.inject(core, cpus, 7);
    await scrape('admitted after');
    return { given, back };
  },

  /** Somebody pins all general counters, and gives them back. */
  async taken() {
    await scrape('taken before');
    const greedy = Array.from(
      { length: asked.module.ncounters },
      (_, index) => `r${(0xe00 + index).toString(16)}`,
    );
    const other = spawn('perf', ['stat', '-a', '-e', `{${greedy.join(',')}}:D`, 'sleep', '1000'], {
      stdio: 'ignore',
    });
    await sleep(2000);
    await scrape('taken');
    fake.inject(core, cpus, 8);
    await sleep(3000);
    await scrape('taken after');
    await sleep(3000);
    await scrape('taken long');
    other.kill('SIGINT');
    await new Promise((done) => other.once('exit', done));
    await sleep(2000);
    await scrape('given back');
    const given = fake.inject(core, cpus, 9);
    await scrape('given back after');
    return given;
  },

  /** Counters go away one by one while the daemon runs, and come back. */
  async fewer() {
    const found = {};
    for (const ncounters of [4, 2, asked.module.ncounters]) {
      fake.set('ncounters', ncounters);
      await sleep(2000);
      await scrape(`fewer ${ncounters} before`);
      found[ncounters] = fake.inject(core, cpus, 10 + ncounters);
      await sleep(2000);
      await scrape(`fewer ${ncounters}`);
    }
    return found;
  },

  /** Twice as many events as counters: the kernel shares them out. Steady rates, and what full coverage would see. */
  async shared() {
    fake.set('ncounters', 4);
    fake.set('fixed', 0);
    await daemon.reload();
    core.forEach((event, index) =>
      cpus.forEach((cpu) => fake.rate(event, 1_000_000 * (index + 1) * (cpu + 1), cpu)),
    );
    await sleep(2000);
    const truth = () => core.map(fake.counted);
    await scrape('shared before');
    const before = truth();
    for (let second = 0; second < asked.sharedSeconds; second += 3) {
      await sleep(3000);
      await scrape('shared');
    }
    await scrape('shared after');
    const after = truth();
    for (const event of core) fake.rate(event, 0);
    fake.set('ncounters', asked.module.ncounters);
    fake.set('fixed', asked.module.fixed);
    await daemon.reload();
    return { before, after };
  },

  /** Groups that do not fit beside the first have a second each: their counts stand for all the time between. */
  async turns() {
    asked.turns.forEach((event, index) =>
      cpus.forEach((cpu) => fake.rate(event, 1_000_000 * (index + 1) * (cpu + 1), cpu)),
    );
    await sleep(asked.turnSeconds * 2000);
    const truth = () => asked.turns.map(fake.counted);
    await scrape('turns before');
    const before = truth();
    await sleep(asked.turnSeconds * 6000);
    await scrape('turns after');
    const after = truth();
    return { before, after };
  },
};

function online(cpu, value) {
  writeFileSync(`/sys/devices/system/cpu/cpu${cpu}/online`, String(value));
}

/** The daemon has opened what it wants: the module counts its users. */
async function opened(wanted) {
  for (let time = 0; time < 600 && !wanted(fake.openEvents()); time += 1) await sleep(100);
}

const found = {};
if (asked.acts.includes('helper')) {
  fake.load(asked.module);
  found.helper = await acts.helper();
  fake.unload();
}
if (!asked.acts.includes('late')) {
  fake.load(asked.module);
  fake.still();
}
daemon = startDaemon({ config: asked.config });
await daemon.until(asked.acts.includes('late') ? (page) => page !== '' : counting, 60);
say('daemon up');
for (const act of asked.acts) {
  if (act === 'helper') continue;
  found[act] = await acts[act]();
  say(act);
}
const stopped = await daemon.stop();
console.log(JSON.stringify({ found, pages, stopped, openAfterwards: fake.openEvents(), log: daemon.log() }));
