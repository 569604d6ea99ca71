// What the program says of a kernel whose settings are written meanwhile.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { startDaemon, total } from './daemon.mjs';
import { configured } from './quiet.mjs';

const balancing = '/proc/sys/kernel/numa_balancing';
const thp = '/sys/kernel/mm/transparent_hugepage/enabled';
const run = (by, ...flags) => {
  const [program, ...rest] = [...by, process.execPath, 'dist/main.js', 'conditions', ...flags];
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8' });
  return { status, stdout, stderr };
};
const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

spawnSync('mount', ['-t', 'debugfs', 'debugfs', '/sys/kernel/debug']);
writeFileSync(balancing, '0');
writeFileSync(thp, 'madvise');

const asRoot = JSON.parse(run([], '--json').stdout);
const asNobody = JSON.parse(run(nobody, '--json').stdout).conditions;
writeFileSync('/tmp/saved.json', JSON.stringify(asRoot));
const itself = run([], '--diff=/tmp/saved.json');

const daemon = startDaemon({
  config: configured({ collectors: { conditions: { period_seconds: 1 } } }),
});
const says = (condition, value) => (page) =>
  total(page, 'numacanary_condition_info', { condition, value }) === 1;
const before = await daemon.until(says('numa_balancing', '0'), 60);
writeFileSync(balancing, '1');
const on = await daemon.until(says('numa_balancing', '1'), 30);
writeFileSync(thp, 'always');
const always = await daemon.until(says('thp_enabled', 'always'), 30);
const document = await (await fetch('http://127.0.0.1:6862/api/v1/conditions')).json();
await daemon.stop();
const other = run([], '--diff=/tmp/saved.json');

const release = execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim();
const clocksource = readFileSync(
  '/sys/devices/system/clocksource/clocksource0/current_clocksource',
  'utf8',
).trim();
console.log(
  JSON.stringify({
    release,
    clocksource,
    asRoot: asRoot.conditions,
    asNobody,
    itself,
    other,
    before,
    on,
    always,
    document,
  }),
);
