import { ParseError } from '../errors.ts';

/**
 * Periods in which a cgroup had run out of its CPU quota; undefined where the file does not count them (the
 * root cgroup, and kernels without CFS bandwidth).
 */
// > nr_periods 5021
// > nr_throttled 12
export function parseThrottled(text: string): number | undefined {
  const line = /^nr_throttled (.*)$/m.exec(text);
  if (!line) return undefined;
  if (!/^\d{1,20}$/.test(line[1] ?? '')) throw new ParseError(`cpu.stat: ${JSON.stringify(line[0])}`);
  return Number(line[1]);
}
