// Runs in the guest: takes CPU 3 away in the middle of visits and of the daemon's life, by hotplug and by
// cpuset, and tells what was seen.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon, total } from './daemon.mjs';
import { patiently, visit } from './native.mjs';

const ms = 1e6;
const group = '/sys/fs/cgroup/canary';
const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);
const join = (pid, folder) => writeFileSync(`${folder}/cgroup.procs`, String(pid));

/** `left`: cross-socket lanes while CPU 3 is away. */
const switchOf = (file, off, on, left) => ({
  left,
  take: () => writeFileSync(file, off),
  takeMeanwhile: () => writeFile(file, off),
  give: () => writeFileSync(file, on),
});
const ways = {
  hotplug: switchOf('/sys/devices/system/cpu/cpu3/online', '0', '1', 1),
  cpuset: switchOf(`${group}/cpuset.cpus`, '0-1', '0-3', 0),
};

writeFileSync('/sys/fs/cgroup/cgroup.subtree_control', '+cpuset');
mkdirSync(group);
ways.cpuset.give();
join(process.pid, group);

const steps = ['store2', 'ring1', 'experienced', 'ring_512', 'ring_1', 'ring_line'];
const long = { cpuA: 0, cpuB: 3, steps, stepNs: 60 * ms, deadlineNs: 490 * ms };
const helper = {};
for (const [name, way] of Object.entries(ways)) {
  helper[name] = await underVisits(way);
  say(`visits under ${name}`);
}
join(process.pid, '/sys/fs/cgroup');

const daemon = startDaemon({ config: probesAlone() });
join(daemon.pid, group);
const pairs = (page, distance) => total(page, 'numacanary_probe_pairs_available', { distance }) ?? 0;
const clean = (page, distance) => total(page, 'numacanary_probe_latency_seconds_count', { distance }) ?? 0;
const both = (page, than = '') =>
  ['llc', 'cross_socket'].every((distance) => clean(page, distance) > clean(than, distance));
await daemon.until(both, 360);
say('both distances clean');
const life = {};
for (const [name, way] of Object.entries(ways)) {
  // Half a second each: some readings of the topology fall into the middle of a change.
  for (let time = 0; time < 6; time += 1) {
    way.take();
    await sleep(500);
    way.give();
    await sleep(500);
  }
  const whole = await daemon.until((page) => pairs(page, 'llc') === 2, 240);
  way.take();
  // A refusal gives up both CPUs of a pair until the topology has been read anew: one llc lane alone may be that.
  const gone = await daemon.until(
    (page) => pairs(page, 'llc') === 1 && pairs(page, 'cross_socket') === way.left,
    240,
  );
  const without = await daemon.until((page) => clean(page, 'llc') > clean(gone, 'llc'), 360);
  way.give();
  const again = await daemon.until((page) => pairs(page, 'llc') === 2, 240);
  const after = await daemon.until((page) => both(page, again), 360);
  life[name] = { whole, gone, without, again, after, alive: daemon.alive() };
  say(name);
}
const stopped = await daemon.stop();
console.log(JSON.stringify({ helper, life, stopped, log: daemon.log() }));

/** A scrape a second of all that there is keeps emulated CPUs busy, and visits want them idle. */
function probesAlone() {
  const off = 'pmu kernel_events vmstat numastat node_memory workloads conditions interrupts devices pressure'
    .split(' ')
    .map((name) => `  ${name}: { enabled: false }`);
  const probes = readFileSync('test/lab/guest/config.yml', 'utf8');
  writeFileSync('/tmp/probes.yml', `${probes}collectors:\n${off.join('\n')}\n`);
  return '/tmp/probes.yml';
}

/**
 * Visits on CPUs 0 and 3, one after the other, while the CPU is taken away, until three have been struck: the thread
 * says itself that it ran elsewhere or is no longer held. Then one refused, then one given back.
 */
async function underVisits({ take, takeMeanwhile, give }) {
  const struck = [];
  let tries = 0;
  for (let time = 0; time < 100 && struck.length < 3; time += 1) {
    const taken = sleep(Math.random() * 20).then(takeMeanwhile);
    for (let refused; refused !== 'EINVAL' && tries < 5_000; tries += 1) {
      const result = await visit(long).catch(({ code }) => ({ refused: code }));
      refused = result.refused;
      if (refused === 'EBUSY') await sleep(20);
      else if (!refused && left(result.b)) struck.push(result);
    }
    await taken;
    give();
  }
  take();
  const { result: refusal } = await patiently(() => visit({ cpuA: 0, cpuB: 3 }));
  give();
  const { result: back } = await patiently(() => visit({ cpuA: 0, cpuB: 3 }));
  return { tries, struck, refused: refusal.refused, back };
}

/** A thread that was given up at the deadline has said nothing. */
function left({ cpuBefore, cpuAfter, maskCpus }) {
  return maskCpus > 0 && (cpuBefore !== 3 || cpuAfter !== 3 || maskCpus !== 1);
}
