import { ParseError } from '../errors.ts';

/** Share of the last 10 s in which some task waited, 0 to 1. */
// > some avg10=0.06 avg60=0.21 avg300=0.99 total=8537362
// > full avg10=0.00 avg60=0.13 avg300=0.96 total=8183134
export function parsePressure(text: string): number {
  const percent = /^some avg10=(\d+(?:\.\d+)?) /m.exec(text)?.[1];
  if (percent === undefined) throw new ParseError(`pressure: ${JSON.stringify(text.slice(0, 200))}`);
  return Number(percent) / 100;
}
