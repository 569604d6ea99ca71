// Runs in the guest: a thread goes round CPUs of all sockets; the daemon counts its moves, and so do bpftrace and a
// histogram of the kernel's.
// Argument: JSON { sockets, tour, rounds, before }; `before` is shell text that makes the machine what is wanted.
import { execFileSync } from 'node:child_process';
import { startDaemon, total } from './daemon.mjs';
import { awaitTracepoints, countMoves, movesSoFar } from './hist.mjs';
import { configured } from './quiet.mjs';
import { now, traceMoves } from './tracer.mjs';

const { sockets, tour, rounds, before } = JSON.parse(process.argv[2]);
const say = (what) => process.stderr.write(`${Math.round(process.uptime())} s: ${what}\n`);
const family = 'numacanary_sched_task_migrations_total';

if (before) execFileSync('bash', ['-ec', before], { stdio: ['ignore', 2, 2] });
countMoves();
const tracer = await traceMoves(sockets);
say('bpftrace counts');
const daemon = startDaemon({ config: configured() });
const first = await daemon.until((page) => total(page, family) !== undefined, 90);
say('the daemon counts');

const begin = await scrape();
// What is still under way must not begin before the daemon has looked.
await tracer.after(begin.to);
execFileSync(process.execPath, ['test/lab/guest/hop.mjs', rounds, ...tour].map(String));
await tracer.after(now());
const end = await scrape();
const bpftrace = {
  outer: difference(tracer.before(begin.from), await tracer.after(end.to)),
  inner: difference(await tracer.after(begin.to), tracer.before(end.from)),
};
const hist = { outer: difference(begin.before, end.after), inner: difference(begin.after, end.before) };
say('compared');
const stopped = await daemon.stop();
tracer.stop();
console.log(
  JSON.stringify({ first, begin: begin.page, end: end.page, bpftrace, hist, stopped, log: daemon.log() }),
);

/** The daemon read its counters at some time between. */
async function scrape() {
  await daemon.pause();
  const before = movesSoFar(sockets);
  awaitTracepoints();
  const from = now();
  const page = await daemon.metrics();
  const to = now();
  awaitTracepoints();
  return { before, from, page, to, after: movesSoFar(sockets) };
}

function difference(from, to) {
  const ways = new Set([...Object.keys(from), ...Object.keys(to)]);
  return Object.fromEntries([...ways].map((way) => [way, (to[way] ?? 0) - (from[way] ?? 0)]));
}
