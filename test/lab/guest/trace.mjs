// Runs in the guest: every script of trace/ while what it looks for goes on, and one restricted to a pod and to a process.
// Argument: JSON { scripts: { light, heavy }, podUid }; heavy ones look at what keeps the CPUs busy.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';

const { scripts, podUid } = JSON.parse(process.argv[2]);
const root = '/sys/fs/cgroup';
const pod = `${root}/kubepods.slice/kubepods-pod${podUid.replaceAll('-', '_')}.slice`;
const scope = `${pod}/cri-containerd-${'a'.repeat(64)}.scope`;
const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);

for (const folder of [root, `${root}/kubepods.slice`, pod, scope]) {
  mkdirSync(folder, { recursive: true });
  if (folder !== scope) writeFileSync(`${folder}/cgroup.subtree_control`, '+cpuset +memory');
}
writeFileSync('/proc/sys/kernel/numa_balancing', '1');

// Shells by other names, which go to and fro between the sockets.
for (const name of ['hopper', 'inpod']) copyFileSync('/bin/bash', `/tmp/${name}`);
const hop = 'while :; do taskset -pc 0 $$ >/dev/null; taskset -pc 3 $$ >/dev/null; done';
const hopper = start('/tmp/hopper', ['-c', hop]);
const light = [
  hopper,
  start('/tmp/inpod', ['-c', hop], scope),
  repeat(`migratepages ${hopper.pid} 0 1; migratepages ${hopper.pid} 1 0`),
  repeat('numactl --membind=0 true'),
  repeat(`echo 0 > ${scope}/cpuset.mems; echo 0-1 > ${scope}/cpuset.mems`),
];
const found = await together([
  ...scripts.light.map((name) => [name, name]),
  ['pod', 'cross-socket-migrations', '--pod', podUid],
  ['pid', 'cross-socket-migrations', '--pid', String(hopper.pid)],
]);
found.nobody = await trace('cross-socket-migrations', '--pod', podUid.replaceAll('3', '4'));
found.unknown = await trace('no-such-script');
for (const child of light) child.kill('SIGKILL');
say('traced who moves');

// Memory on node 0, its reader on socket 1: NUMA balancing scans, faults and moves.
const touch = `
  const held = Buffer.alloc(48 << 20, 1);
  for (;;) for (let at = 0; at < held.length; at += 4096) held[at] += 1;`;
// Two threads share memory that is taken and given back all the time.
const unmap = `
  const { Worker } = require('node:worker_threads');
  new Worker('for (;;);', { eval: true });
  for (;; gc()) new ArrayBuffer(4 << 20);`;
const heavy = [
  start('numactl', ['--preferred=0', '--physcpubind=3', process.execPath, '-e', touch]),
  start('numactl', ['--physcpubind=1,2', process.execPath, '--expose-gc', '-e', unmap]),
];
Object.assign(found, await together(scripts.heavy.map((name) => [name, name])));
for (const child of heavy) child.kill('SIGKILL');
say('traced who is busy');
console.log(JSON.stringify(found));
process.exit(0);

function start(program, args, cgroup) {
  const [command, rest] = cgroup
    ? ['sh', ['-c', `echo $$ > ${cgroup}/cgroup.procs; exec "$@"`, 'sh', program, ...args]]
    : [program, args];
  return spawn(command, rest, { stdio: 'ignore' });
}

function repeat(script) {
  return start('bash', ['-c', `while :; do ${script}; sleep 0.3; done`]);
}

/** At the same time: bpftrace takes seconds to start under emulation. */
async function together(runs) {
  return Object.fromEntries(
    await Promise.all(runs.map(async ([key, ...command]) => [key, await trace(...command)])),
  );
}

function trace(name, ...options) {
  return new Promise((done) => {
    const child = spawn('bash', ['trace/run', name, ...options, '--seconds', '8']);
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.once('close', (code) => done({ code, text }));
  });
}
