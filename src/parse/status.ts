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

/** Capabilities in force, a bit for each: CAP_SYS_ADMIN is bit 21, CAP_PERFMON bit 38. */
// > CapEff:	000001ffffffffff
// > CapEff:	00000000a80425fb
export function parseCapabilities(text: string): bigint {
  const bits = /^CapEff:\s*([0-9a-f]{1,16})\s*$/m.exec(text)?.[1];
  if (bits === undefined) throw new ParseError('status: no CapEff');
  return BigInt(`0x${bits}`);
}

/** Whether a seccomp filter is on the task; kernels without seccomp have no such line. */
// > Seccomp:	2
// > Seccomp_filters:	1
export const parseSeccomp = (text: string): boolean => /^Seccomp:\s*[12]\s*$/m.test(text);
