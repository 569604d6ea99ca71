import { ParseError } from '../errors.ts';

const units: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** Bytes. */
// > 32768K
export function parseCacheSize(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,9})([KMG]?)$/.exec(text.trim()) ?? [];
  const scale = units[unit];
  if (digits === undefined || scale === undefined)
    throw new ParseError(`cache size: ${JSON.stringify(text)}`);
  return Number(digits) * scale;
}
