import { ParseError } from '../errors.ts';

export interface SelfStat {
  /** utime + stime. */
  readonly cpuTicks: number;
  /** Since boot. */
  readonly startTicks: number;
}

// > 4711 (node) S 1 4711 4711 0 -1 4194304 9216 0 0 0 31 7 0 0 20 0 11 0 8815 1102741504 12034 18446744073709551615 1
// > 4711 (a ) b) R 1 4711 4711 0 -1 4194304 9216 0 0 0 31 7 0 0 20 0 11 0 8815 1102741504 12034 18446744073709551615 1
/** /proc/self/stat: the name may hold anything, so count fields from its last bracket. */
export function parseSelfStat(text: string): SelfStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => {
    const digits = fields[number - 3] ?? '';
    if (!/^\d{1,20}$/.test(digits))
      throw new ParseError(`self/stat: field ${number} is ${JSON.stringify(digits)}`);
    return Number(digits);
  };
  return { cpuTicks: field(14) + field(15), startTicks: field(22) };
}
