import { ParseError } from '../errors.ts';

/** One row of the SLIT: a column for each online node, in the order of their ids, whatever those are. */
// > 10 16 32 33
export function parseDistance(text: string): number[] {
  const row = text.trim().split(/\s+/);
  if (!row.every((column) => /^\d{1,5}$/.test(column)))
    throw new ParseError(`distance: ${JSON.stringify(text)}`);
  return row.map(Number);
}
