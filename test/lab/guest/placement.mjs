// Runs in the guest: fills a node so that another has to help out, and moves the pages of a program. Tells the daemon's
// pages and what /proc/vmstat said around them.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon, total } from './daemon.mjs';
import { configured } from './quiet.mjs';

const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);
const node = (id, file) => readFileSync(`/sys/devices/system/node/node${id}/${file}`, 'utf8');
const freeMiB = (id) => Number(/MemFree:\s+(\d+) kB/.exec(node(id, 'meminfo'))[1]) / 1024;
const run = (script) => execFileSync('bash', ['-ec', script], { stdio: ['ignore', 2, 2] });

const daemon = startDaemon({ config: configured() });
await daemon.until((page) => total(page, 'numacanary_numastat_pages_total') !== undefined, 120);
say('the daemon counts');
const found = { spill: await spill() };
say('spilt over');
found.migrate = await migrate();
say('moved');
found.shoot = await shoot();
say('shot down');
const stopped = await daemon.stop();
console.log(JSON.stringify({ found, stopped, log: daemon.log() }));

function said() {
  return {
    vmstat: readFileSync('/proc/vmstat', 'utf8'),
    interrupts: readFileSync('/proc/interrupts', 'utf8'),
  };
}

/** A page, and the kernel's counters just before and just after it. */
async function look() {
  await daemon.pause();
  const before = said();
  const page = await daemon.metrics();
  return { before, page, after: said() };
}

/** Two threads on socket 1 share memory that is taken and given back all the time. */
async function shoot() {
  const script = `
    const { Worker } = require('node:worker_threads');
    const spin = 'for (const end = Date.now() + 3000; Date.now() < end; );';
    new Worker(spin, { eval: true });
    for (const end = Date.now() + 3000; Date.now() < end; gc()) new ArrayBuffer(8 << 20);`;
  const start = await look();
  run(`numactl --physcpubind=2,3 ${process.execPath} --expose-gc -e "${script}"`);
  return { start, end: await look() };
}

/** tmpfs takes its pages by the policy of who writes: node 0 is preferred, and too small. */
async function spill() {
  run('mkdir -p /tmp/fill; mount -t tmpfs -o size=95% none /tmp/fill');
  const start = await look();
  const mebibytes = Math.round(freeMiB(0) + 64);
  run(`numactl --preferred=0 dd if=/dev/zero of=/tmp/fill/x bs=1M count=${mebibytes} status=none`);
  const full = await look();
  run('umount /tmp/fill');
  return { start, full };
}

/** Somebody else than NUMA balancing moves the memory of a program. */
async function migrate() {
  const script =
    'const held = Buffer.alloc(64 << 20, 1); console.log(held.length); setInterval(() => {}, 1e6);';
  const child = spawn('numactl', ['--membind=0', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((done) => child.stdout.once('data', done));
  const start = await look();
  run(`migratepages ${child.pid} 0 1`);
  // The sampler looks once a second.
  await sleep(2500);
  const end = await look();
  child.kill('SIGKILL');
  return { start, end };
}
