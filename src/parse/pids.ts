import { ParseError } from '../errors.ts';

// > 4711
// > 0
/** cgroup.procs: in no order, at times twice, and 0 for who is in a PID namespace that we do not see into. */
export function parsePids(text: string): readonly number[] {
  const pids = new Set<number>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (!/^\d{1,10}$/.test(line)) throw new ParseError(`cgroup.procs: ${JSON.stringify(line.slice(0, 40))}`);
    pids.add(Number(line));
  }
  pids.delete(0);
  return [...pids];
}
