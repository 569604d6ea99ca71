// Runs in the guest: a pod as the systemd driver makes it, whose cpuset is rewritten while the daemon looks. Tells the
// daemon's pages and what the cgroup's own files said at the same time.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDaemon } from './daemon.mjs';
import { configured } from './quiet.mjs';

const { podUid, containerId, mebibytes } = JSON.parse(process.argv[2]);
const root = '/sys/fs/cgroup';
const pod = `kubepods-burstable-pod${podUid.replaceAll('-', '_')}.slice`;
const path = `${root}/kubepods.slice/kubepods-burstable.slice/${pod}/cri-containerd-${containerId}.scope`;
const service = `${root}/system.slice/db.service`;
const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);
const set = (file, text) => writeFileSync(`${path}/${file}`, text);

for (const folder of [path, service]) make(folder);
set('cpuset.mems', '0');
set('cpuset.cpus', '1-2');
const [inside, served] = [await hold(path, mebibytes), await hold(service, 8)];
const daemon = startDaemon({
  config: configured({ collectors: { workloads: { period_seconds: 2, services: 'always' } } }),
});
const known = (page) => page.includes(`container_id="${containerId}"`);
await daemon.until(known, 120);
say('the daemon knows the container');

const found = { spread: await quiet() };
set('cpuset.cpus', '0-1');
found.near = await quiet();
set('cpuset.mems', '1');
found.moved = await quiet();
say('cpuset rewritten twice');
inside.kill('SIGKILL');
await gone(path);
found.gone = { page: await daemon.metrics() };
served.kill('SIGKILL');
const stopped = await daemon.stop();
console.log(JSON.stringify({ found, stopped, log: daemon.log() }));

/** A cgroup below others that hand their controllers down. */
function make(folder) {
  let at = root;
  for (const part of folder.slice(root.length + 1).split('/')) {
    writeFileSync(`${at}/cgroup.subtree_control`, '+cpuset +memory +cpu');
    at = `${at}/${part}`;
    mkdirSync(at, { recursive: true });
  }
}

/** A process in the cgroup that has touched so much memory. */
async function hold(folder, size) {
  const script = `const held = Buffer.alloc(${size} << 20, 1); console.log(held.length); setInterval(() => {}, 1e6);`;
  const child = spawn(
    'sh',
    ['-c', `echo $$ > ${folder}/cgroup.procs; exec ${process.execPath} -e '${script}'`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await new Promise((done) => child.stdout.once('data', done));
  return child;
}

/** A page at a moment in which the kernel's own numbers did not change. */
async function quiet() {
  for (let tries = 0; tries < 40; tries += 1) {
    const before = numaStat();
    const page = await daemon.metrics();
    if (numaStat() === before) return { page, numaStat: before };
    await sleep(200);
  }
  throw new Error('memory.numa_stat does not come to rest');
}

function numaStat() {
  return readFileSync(`${path}/memory.numa_stat`, 'utf8')
    .split('\n')
    .filter((line) => /^(anon|file) /.test(line))
    .join('\n');
}

/** The kernel takes a moment to bury the processes of a cgroup. */
async function gone(folder) {
  for (let tries = 0; ; tries += 1) {
    try {
      return rmdirSync(folder);
    } catch (thrown) {
      if (thrown.code !== 'EBUSY' || tries > 100) throw thrown;
      await sleep(100);
    }
  }
}
