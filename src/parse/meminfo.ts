import { ParseError } from '../errors.ts';

/** MemTotal in bytes, of one node or of the machine. */
// > Node 0 MemTotal:       131732940 kB
// > MemTotal:       32489480 kB
export function parseMemTotal(text: string): number {
  const total = parseMeminfo(text).get('MemTotal');
  if (total === undefined)
    throw new ParseError(`meminfo: no MemTotal in ${JSON.stringify(text.slice(0, 100))}`);
  return total;
}

/** Bytes by the kernel's names, of one node or of the machine; what is counted in pages of its own size is left out. */
// > Node 0 MemFree:         1204512 kB
// > Node 0 HugePages_Total:     0
export function parseMeminfo(text: string): ReadonlyMap<string, number> {
  const lines = text.matchAll(/^(?:Node \d+ )?([A-Za-z]\w*(?:\(\w+\))?):\s*(\d{1,15}) kB$/gm);
  return new Map([...lines].map(([, name = '', kibibytes]) => [name, Number(kibibytes) * 1024]));
}
