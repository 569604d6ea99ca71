import { ParseError } from '../errors.ts';
import { parseCpulist, parseCpumask } from './cpulist.ts';

/** CPUs a task may run on, from its /proc/<pid>/status: its own mask, which its cpuset has already cut. */
// > Cpus_allowed:	3
// > Cpus_allowed_list:	0-1
export const parseCpusAllowed = (text: string): number[] => parseAllowed(text, 'Cpus');

/** Nodes whose memory a task may have, by cpuset.mems. */
// > Mems_allowed_list:	0-1
export const parseMemsAllowed = (text: string): number[] => parseAllowed(text, 'Mems');

function parseAllowed(text: string, what: 'Cpus' | 'Mems'): number[] {
  const list = new RegExp(`^${what}_allowed_list:(.*)$`, 'm').exec(text)?.[1];
  if (list !== undefined) return parseCpulist(list);
  const mask = new RegExp(`^${what}_allowed:(.*)$`, 'm').exec(text)?.[1];
  if (mask !== undefined) return parseCpumask(mask);
  throw new ParseError(`status: no ${what}_allowed_list`);
}
