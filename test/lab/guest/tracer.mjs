// bpftrace inside the guest: counts moves of tasks by the sockets they come from and go to, and says so over and over.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Nanoseconds on the clock of bpftrace's nsecs: it differs from this one by suspends only, and a guest has none. */
export const now = () => Number(process.hrtime.bigint());

/** `sockets`: by CPU. */
export async function traceMoves(sockets) {
  const program = `
    BEGIN { ${sockets.map((socket, cpu) => `@socket[${cpu}] = ${socket};`).join(' ')} }
    tracepoint:sched:sched_migrate_task { @moves[@socket[args->orig_cpu], @socket[args->dest_cpu]] = count(); }
    interval:ms:200 { printf("%llu", nsecs); print(@moves); }`;
  const child = spawn('bpftrace', ['-f', 'json', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const snapshots = [];
  let asked;
  // > {"type": "printf", "data": "48327543210"}
  // > {"type": "map", "data": {"@moves": {"0,1": 2003, "1,0": 2001}}}
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === '') return;
    const { type, data } = JSON.parse(line);
    if (type === 'printf') asked = Number(data);
    if (type === 'map' && data['@moves']) snapshots.push({ asked, told: now(), moves: data['@moves'] });
  });

  /** Counted at a time between its `asked` and its `told`: this one entirely after `time`. */
  const after = async (time) => {
    for (;;) {
      const found = snapshots.find(({ asked }) => asked >= time);
      if (found) return found.moves;
      if (child.exitCode !== null) throw new Error(`bpftrace ended with ${child.exitCode}`);
      await sleep(20);
    }
  };
  await after(now());
  return {
    after,
    /** The last one entirely before `time`. */
    before: (time) => snapshots.findLast(({ told }) => told <= time).moves,
    stop: () => child.kill('SIGINT'),
  };
}
