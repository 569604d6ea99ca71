import { ParseError } from '../errors.ts';

/** MemTotal in bytes, of one node or of the machine. */
// > Node 0 MemTotal:       131732940 kB
// > MemTotal:       32489480 kB
export function parseMemTotal(text: string): number {
  const kibibytes = /^(?:Node \d+ )?MemTotal:\s*(\d+) kB$/m.exec(text)?.[1];
  if (kibibytes === undefined)
    throw new ParseError(`meminfo: no MemTotal in ${JSON.stringify(text.slice(0, 100))}`);
  return Number(kibibytes) * 1024;
}
