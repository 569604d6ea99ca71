// Runs in the guest, with the fake PMU: containers of the image in /lab/image, as crun starts them. Argument: a file with JSON
// { runs: [{ name, paranoid, spec }], served: { name, spec, seconds } }. Tells how each ended and what it said.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fake from './fakepmu.mjs';

const { runs, served, module, configs } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);
const paranoid = '/proc/sys/kernel/perf_event_paranoid';

fake.load(module);
for (const [path, text] of Object.entries(configs)) {
  mkdirSync(path, { recursive: true });
  writeFileSync(`${path}/config.yml`, text);
}
// As a runtime has it: the image below, and above it what mount points are made in.
for (const name of ['upper', 'work', 'root']) mkdirSync(`/tmp/overlay/${name}`, { recursive: true });
const layers = 'lowerdir=/lab/image,upperdir=/tmp/overlay/upper,workdir=/tmp/overlay/work';
execFileSync('mount', ['-t', 'overlay', '-o', layers, 'overlay', '/tmp/overlay/root']);

// Two of root's processes beside them, whose root may be a door: one that may do nothing, and one that may do all.
for (const name of ['capless', 'capable']) {
  copyFileSync('/usr/bin/sleep', `/tmp/${name}`);
  execFileSync('chmod', ['755', `/tmp/${name}`]);
}
const nothing = ['--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'];
spawn('setpriv', [...nothing, '/tmp/capless', '3000'], { stdio: 'ignore' }).unref();
spawn('/tmp/capable', ['3000'], { stdio: 'ignore' }).unref();

const ended = {};
for (const { name, paranoid: level, spec } of runs) {
  writeFileSync(paranoid, String(level));
  const { status, stdout, stderr } = spawnSync('crun', crun(name, spec), {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  ended[name] = { status, stdout, stderr: stderr.slice(-4000) };
  say(`${name}: exit ${status}`);
}

writeFileSync(paranoid, '2');
const daemon = spawn('crun', crun(served.name, served.spec), { stdio: ['ignore', 'ignore', 'pipe'] });
let log = '';
daemon.stderr.setEncoding('utf8').on('data', (text) => (log += text));
let page = '';
const deadline = performance.now() + served.seconds * 1000;
while (performance.now() < deadline && daemon.exitCode === null) {
  await sleep(2000);
  const found = await fetch('http://127.0.0.1:6862/metrics')
    .then((response) => response.text())
    .catch(() => '');
  if (found !== '') page = found;
  if (served.until.every((pattern) => new RegExp(pattern, 'm').test(page))) break;
}
say('the daemon was asked');
spawnSync('crun', ['--cgroup-manager=cgroupfs', 'kill', served.name, 'SIGTERM']);
const code = await new Promise((done) => daemon.once('exit', done));
console.log(JSON.stringify({ ended, page, log, code }));

function crun(name, spec) {
  const bundle = `/tmp/bundles/${name}`;
  mkdirSync(bundle, { recursive: true });
  writeFileSync(`${bundle}/config.json`, JSON.stringify(spec));
  return ['--cgroup-manager=cgroupfs', 'run', '--bundle', bundle, name];
}
