// The kernel's own histogram of task moves: no eBPF in it, and nothing that it misses.
import { readFileSync, writeFileSync } from 'node:fs';
import koffi from 'koffi';

const event = '/sys/kernel/tracing/events/sched/sched_migrate_task';

export const countMoves = () => writeFileSync(`${event}/trigger`, 'hist:keys=orig_cpu,dest_cpu');

/** Moves so far, by sockets. */
// > { orig_cpu:          0, dest_cpu:          3 } hitcount:       1000
export function movesSoFar(sockets) {
  const moves = {};
  for (const [, from, to, count] of readFileSync(`${event}/hist`, 'utf8').matchAll(
    /orig_cpu:\s*(\d+), dest_cpu:\s*(\d+) \} hitcount:\s*(\d+)/g,
  )) {
    const way = `${sockets[from]},${sockets[to]}`;
    moves[way] = (moves[way] ?? 0) + Number(count);
  }
  return moves;
}

const syscall = koffi.load('libc.so.6').func('long syscall(long number, ...)');
/** x86-64's number of membarrier, and its command that waits for an RCU grace period (linux/membarrier.h). */
const [membarrier, global] = [324, 1];

/**
 * Returns when every tracepoint that had begun is over. One is told to its listeners one after the other, and an emulated
 * CPU may stand still between the histogram and the daemon's counter for longer than a page takes to come.
 */
export function awaitTracepoints() {
  if (syscall(membarrier, 'int', global, 'int', 0, 'int', 0) !== 0) throw new Error('membarrier: refused');
}
