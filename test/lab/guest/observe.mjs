// Runs in the guest. Argument: JSON { distances, visits, memories }. Tells what the program says of the machine,
// what the native helper's threads and pages did, and what the daemon measured.
import { execFileSync } from 'node:child_process';
import { startDaemon, total } from './daemon.mjs';
import { memory, patiently, visit } from './native.mjs';

const asked = JSON.parse(process.argv[2]);
const topology = JSON.parse(
  execFileSync(process.execPath, ['dist/main.js', 'topology', '--json'], { encoding: 'utf8' }),
);

const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);
say('topology read');
const visits = [];
for (const plan of asked.visits) visits.push({ plan, ...(await patiently(() => visit(plan))) });
const memories = [];
for (const plan of asked.memories) memories.push({ plan, ...(await patiently(() => memory(plan))) });

say('visits made');
const daemon = startDaemon();
const clean = (page) => (distance) => total(page, 'numacanary_probe_latency_seconds_count', { distance }) > 0;
const page = await daemon.until((page) => asked.distances.every(clean(page)), asked.seconds);
say('daemon watched');
const stopped = await daemon.stop();

console.log(JSON.stringify({ topology, visits, memories, page, stopped, log: daemon.log() }));
