import { ParseError } from '../errors.ts';

/** The one number of a sysfs file; below zero where the kernel means "not known". */
// > 36
// > -1
export function parseInteger(text: string): number {
  const digits = text.trim();
  if (!/^-?\d{1,20}$/.test(digits)) throw new ParseError(`integer: ${JSON.stringify(text)}`);
  return Number(digits);
}
