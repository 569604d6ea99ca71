import { ParseError } from '../errors.ts';

export interface PidStat {
  /** At most 15 bytes, as the kernel keeps it. */
  readonly command: string;
  readonly kernelThread: boolean;
  /** Clock ticks since boot: with the id it names one process, of all that had the id. */
  readonly startTicks: number;
  readonly residentPages: number;
}

const kthread = 0x0020_0000; // PF_KTHREAD

// > 4711 (postgres) S 1 4711 4711 0 -1 4194304 9216 0 0 0 31 7 0 0 20 0 11 0 8815 1102741504 12034 18446744073709551615
// > 12 (a ) (b) S 2 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 8 0 0 18446744073709551615 0 0
/** /proc/<pid>/stat: the name may hold anything, so count fields from its last bracket. */
export function parsePidStat(text: string): PidStat {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
  if (open < 0 || close < open) throw new ParseError(`pid/stat: ${JSON.stringify(text.slice(0, 100))}`);
  const fields = text
    .slice(close + 2)
    .trim()
    .split(' ');
  const field = (number: number) => {
    const digits = fields[number - 3] ?? '';
    const value = Number(digits);
    if (!/^\d+$/.test(digits) || !Number.isSafeInteger(value))
      throw new ParseError(`pid/stat: field ${number} is ${JSON.stringify(digits.slice(0, 40))}`);
    return value;
  };
  return {
    command: text.slice(open + 1, close),
    kernelThread: Math.floor(field(9) / kthread) % 2 === 1,
    startTicks: field(22),
    residentPages: field(24),
  };
}
