import { ParseError } from '../errors.ts';

/** Share of the last 10 s in which some task waited, 0 to 1. */
// > some avg10=0.06 avg60=0.21 avg300=0.99 total=8537362
// > full avg10=0.00 avg60=0.13 avg300=0.96 total=8183134
export function parsePressure(text: string): number {
  const percent = /^some avg10=(\d+(?:\.\d+)?) /m.exec(text)?.[1];
  if (percent === undefined) throw new ParseError(`pressure: ${JSON.stringify(text.slice(0, 200))}`);
  return Number(percent) / 100;
}

/** Seconds in which some task waited, and in which none that could have run did; null where the kernel has no such line. */
export function parseStalled(text: string): { readonly some: number; readonly full: number | null } {
  const seconds = (line: 'some' | 'full') => {
    const total = new RegExp(`^${line} .*\\btotal=(\\d{1,19})$`, 'm').exec(text)?.[1];
    return total === undefined ? null : Number(total) / 1e6;
  };
  const some = seconds('some');
  if (some === null) throw new ParseError(`pressure: ${JSON.stringify(text.slice(0, 200))}`);
  return { some, full: seconds('full') };
}
