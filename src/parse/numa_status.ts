import { ParseError } from '../errors.ts';

/** The NUMA node that is the memory of an NVIDIA GPU; null while the driver has not brought it up. */
// > Node:      250
// > Status:    online
export function parseNumaStatus(text: string): number | null {
  const node = /^Node:\s*(-?\d{1,5})\s*$/m.exec(text)?.[1];
  if (node === undefined) throw new ParseError(`numa_status: ${JSON.stringify(text.slice(0, 100))}`);
  return Number(node) < 0 ? null : Number(node);
}
