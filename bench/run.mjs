// `npm run bench`: is the native helper as fast as the best known rings, and does its number follow the
// distance? Builds yardsticks.cpp against native/build, runs it, prints medians and ratios.
//
//   npm run bench -- [--only rings|perf|peers] [--seconds 60] [--scrapes 200] [--cpus 0,1] [--spin auto] [--json]
//                    [--strict] [--budget]
//
// --strict exits 1 when a ratio of rings misses its bound; left out, the bounds are only printed beside the ratios.
// --budget exits 1 when a ratio is outside bench/budget.json, which is wide enough for a busy machine.
// perf.mjs is another section: what reading counters costs; peers.mjs the third: the daemon beside node_exporter.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { judgeBudget, measuredOf, printBudget, readBudget } from './budget.mjs';
import { benchPeers, printPeers } from './peers.mjs';
import { benchPerf, printPerf } from './perf.mjs';
import { quantile } from './process.mjs';

const here = import.meta.dirname;
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'all' },
    seconds: { type: 'string', default: '60' },
    cpus: { type: 'string' },
    spin: { type: 'string', default: 'auto' },
    json: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    budget: { type: 'boolean', default: false },
    scrapes: { type: 'string', default: '200' },
  },
});

/** Both rulers of a measurement must agree this closely: else the machine moved us in between. */
const sameplace = 1.25;

const cpus = options.cpus?.split(',') ?? ends(allowedCpus());
const wants = (section) => options.only === 'all' || options.only === section;
const counters = wants('perf') ? await measurePerf() : undefined;
const measured = wants('rings') ? run(build(), cpus, options.seconds) : [];
const states = byState(measured);
const table = states.map(({ state, rows }) => ({ state, ...summary(rows) }));
const verdicts = judge(table);
const peers = wants('peers') ? await measurePeers() : undefined;
const budget = judgeBudget(readBudget(), measuredOf({ states: table, perf: counters, peers }));

if (options.json)
  console.log(JSON.stringify({ cpus, states: table, verdicts, perf: counters, peers, budget }, null, 2));
else {
  if (measured.length > 0) print();
  if (counters) printPerf(counters);
  if (peers) printPeers(peers);
  printBudget(budget);
}
if (options.strict && verdicts.some(({ ok }) => !ok)) process.exitCode = 1;
if (options.budget && budget.some(({ ok }) => !ok)) process.exitCode = 1;

async function measurePeers() {
  const [scrapes, seconds] = [Number(options.scrapes), Number(options.seconds)];
  console.error(`bench: the daemon beside its peers, some ${Math.round(30 + 1.2 * scrapes + 2 * seconds)} s`);
  return benchPeers({ scrapes, seconds, warmSeconds: 20 });
}

async function measurePerf() {
  console.error('bench: counters, some 15 s');
  const result = await benchPerf(allowedCpus().map(Number), quantile);
  if (typeof result !== 'string') return result;
  console.error(`bench: left out counters (${result})`);
  return undefined;
}

function build() {
  const native = resolve(here, '../native/build');
  const out = resolve(here, 'build');
  mkdirSync(out, { recursive: true });
  const flags = ['-std=c++17', '-O3', '-pthread'];
  const libraries = [`-L${native}`, '-lnumacanary', `-Wl,-rpath,${native}`];
  if (compiles(['-include', 'boost/lockfree/spsc_queue.hpp'])) flags.push('-DBENCH_BOOST');
  else skip('boost', 'apt-get install libboost-dev');
  const dpdk = spawnSync('pkg-config', ['--cflags', 'libdpdk'], { encoding: 'utf8' });
  if (dpdk.status === 0) {
    flags.push('-DBENCH_DPDK', ...dpdk.stdout.trim().split(/\s+/));
    libraries.push('-lrte_ring', '-lrte_eal');
  } else skip('DPDK', 'apt-get install dpdk-dev pkg-config');
  const program = resolve(out, 'yardsticks');
  execFileSync('g++', [...flags, resolve(here, 'yardsticks.cpp'), '-o', program, ...libraries], {
    stdio: 'inherit',
  });
  return program;
}

function compiles(flags) {
  const options = { input: '', stdio: ['pipe', 'ignore', 'ignore'] };
  return spawnSync('g++', [...flags, '-std=c++17', '-fsyntax-only', '-x', 'c++', '-'], options).status === 0;
}

function skip(what, fix) {
  if (process.env.NUMACANARY_REQUIRE) throw new Error(`${what} is required: ${fix}`);
  console.error(`bench: left out ${what} (${fix})`);
}

function run(program, [a, b], seconds) {
  if (b === undefined) throw new Error('a ring needs two CPUs; this process may use one');
  // As the daemon does: PAUSE costs some 140 cycles on Intel.
  const intel = readFileSync('/proc/cpuinfo', 'utf8').includes('GenuineIntel');
  const spin = options.spin === 'auto' ? (intel ? 'bare' : 'pause') : options.spin;
  console.error(`bench: CPUs ${a} and ${b}, ${spin} spin, ${seconds} s`);
  const text = execFileSync(program, [a, b, seconds, spin], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** > Cpus_allowed_list:	0-3,8 */
function allowedCpus() {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
  });
}

function ends(list) {
  return list.length < 2 ? list : [list[0], list.at(-1)];
}

/**
 * A virtual machine's host moves its CPUs between near and far; each state is reported for itself. Near is
 * what lies within 1.7 of the nearest tenth.
 */
function byState(rows) {
  const kept = rows.filter(({ clean, before, after }) => {
    return clean && before > 0 && after > 0 && Math.max(before, after) / Math.min(before, after) <= sameplace;
  });
  const edge = 1.7 * quantile(kept.map(place), 0.1);
  return [
    { state: 'near', rows: kept.filter((row) => place(row) <= edge) },
    { state: 'far', rows: kept.filter((row) => place(row) > edge) },
  ].filter((state) => state.rows.length > 0);
}

function place({ before, after }) {
  return (before + after) / 2;
}

function summary(rows) {
  const roundTripNs = quantile(rows.map(place), 0.5);
  const results = Object.fromEntries(
    [...new Set(rows.map(({ name }) => name))].map((name) => {
      const mine = rows.filter((row) => row.name === name);
      const values = mine.map(({ value }) => value);
      // million items/s x ns = thousandths of an item in flight; eight 8-byte items to a line.
      const inFlight = mine.map((row) => (row.value * place(row)) / 1000 / 8);
      return [
        name,
        {
          n: mine.length,
          median: quantile(values, 0.5),
          p10: quantile(values, 0.1),
          p90: quantile(values, 0.9),
          linesInFlight: quantile(inFlight, 0.5),
        },
      ];
    }),
  );
  return { roundTripNs, results };
}

function judge(states) {
  const enough = 5;
  const verdicts = [];
  const say = (state, what, ratio, low, high = Infinity) => {
    if (Number.isFinite(ratio))
      verdicts.push({ state, what, ratio, low, high, ok: ratio >= low && ratio <= high });
  };
  for (const { state, results } of states) {
    const median = (name) => (results[name]?.n >= enough ? results[name].median : NaN);
    say(state, 'ours_batch512 / ours_batch1', median('ours_batch512') / median('ours_batch1'), 5);
    say(state, 'ours_batch512 / boost_bulk512', median('ours_batch512') / median('boost_bulk512'), 0.95);
    say(
      state,
      'ours_batch512 / rte_ring_burst512',
      median('ours_batch512') / median('rte_ring_burst512'),
      0.95,
    );
    // The line ring's lead is tuned and thin far apart: asked for near only.
    const lead = state === 'near' ? 1.2 : 0;
    say(state, 'ours_line / boost_bulk512', median('ours_line') / median('boost_bulk512'), lead);
    say(state, 'ours_line / rte_ring_burst512', median('ours_line') / median('rte_ring_burst512'), lead);
    say(state, 'ours_cas1 / plain_cas', median('ours_cas1') / median('plain_cas'), 0.85, 1.15);
  }
  const [near, far] = states.map(({ results }) => results.ours_batch512);
  if (near?.n >= enough && far?.n >= enough) {
    say('near, far', 'lines in flight of ours_batch512', near.linesInFlight / far.linesInFlight, 0.9, 1.1);
  }
  return verdicts;
}

function print() {
  const left = measured.length - states.reduce((sum, { rows }) => sum + rows.length, 0);
  console.log(`${measured.length} measurements, ${left} left out (preempted, or moved in between)`);
  for (const { state, roundTripNs, results } of table) {
    console.log(`\n${state}: plain CAS round trip ${roundTripNs.toFixed(0)} ns`);
    console.log('                         n      median         p10         p90  lines in flight');
    for (const [name, { n, median, p10, p90, linesInFlight }] of Object.entries(results)) {
      const cas = name.endsWith('cas') || name.endsWith('cas1');
      const [unit, digits] = cas ? ['ns', 1] : ['M/s', 0];
      const cells = [median, p10, p90]
        .map((value) => `${value.toFixed(digits)} ${unit}`.padStart(12))
        .join('');
      console.log(
        `${name.padEnd(20)}${String(n).padStart(6)}${cells}${cas ? '' : linesInFlight.toFixed(1).padStart(17)}`,
      );
    }
  }
  console.log('\nratio of medians');
  for (const { state, what, ratio, low, high, ok } of verdicts) {
    const wanted = high === Infinity ? `>= ${low}` : `${low} to ${high}`;
    console.log(
      `${ok ? 'ok  ' : 'MISS'} ${ratio.toFixed(2).padStart(6)}  ${what} (${state}; wanted ${low === 0 ? 'shown only' : wanted})`,
    );
  }
  if (states.length < 2) console.log('     one placement only: nothing to compare lines in flight with');
}
