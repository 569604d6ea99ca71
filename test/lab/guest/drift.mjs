// Runs in the guest: the drift experiment with NUMA balancing on and off, then a program whose memory is moved by hand
// while the daemon watches it. Tells what was seen.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { startDaemon, total } from './daemon.mjs';

const group = '/sys/fs/cgroup/held.slice';
const balancing = (mode) => writeFileSync('/proc/sys/kernel/numa_balancing', mode);
const drift = (...flags) =>
  JSON.parse(
    execFileSync(process.execPath, ['dist/main.js', 'drift', '--json', ...flags], { encoding: 'utf8' }),
  );

balancing('1');
const on = drift('--mib=64', '--seconds=6');
balancing('0');
const off = drift('--mib=16', '--seconds=3');

mkdirSync(group);
const holder = spawn('numactl', ['--cpunodebind=0', '--localalloc', process.execPath, '-e', held(48)], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
await new Promise((done) => holder.stdout.once('data', done));
writeFileSync(`${group}/cgroup.procs`, String(holder.pid));

const daemon = startDaemon({ config: 'test/lab/guest/drift.yml' });
const resident = 'numacanary_drift_resident_bytes';
const both = (page) => ['by-command', 'by-cgroup'].every((target) => total(page, resident, { target }));
const first = await daemon.until(both, 60);
const before = bytesOf(holder.pid);
execFileSync('migratepages', [String(holder.pid), '0', '1']);
const after = bytesOf(holder.pid);
const moved = (page) =>
  ['by-command', 'by-cgroup'].every((target) =>
    total(page, 'numacanary_drift_moved_bytes_total', { target }),
  );
const second = await daemon.until(moved, 60);
// A round later nothing more has moved.
const read = (page) => total(page, 'numacanary_drift_read_seconds_total');
const third = await daemon.until((page) => read(page) > read(second), 60);
const stopped = await daemon.stop();
holder.kill();
console.log(JSON.stringify({ on, off, first, before, after, second, third, stopped, log: daemon.log() }));

/** A program that fills so many MiB and then sleeps. */
function held(mib) {
  return `process.title = 'holder'; globalThis.kept = Buffer.alloc(${mib} * 2 ** 20, 1);
    setInterval(() => {}, 1e6); console.log('ready')`;
}

/** By node, from numa_maps, in words of our own. */
function bytesOf(pid) {
  const nodes = {};
  for (const line of readFileSync(`/proc/${pid}/numa_maps`, 'utf8').split('\n')) {
    const kibibytes = Number(/kernelpagesize_kB=(\d+)/.exec(line)?.[1]);
    for (const [, node, pages] of line.matchAll(/ N(\d+)=(\d+)/g))
      nodes[node] = (nodes[node] ?? 0) + pages * kibibytes * 1024;
  }
  return nodes;
}
