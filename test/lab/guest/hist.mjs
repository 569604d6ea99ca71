// The kernel's own histogram of task moves: no eBPF in it, and nothing that it misses.
import { readFileSync, writeFileSync } from 'node:fs';

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
