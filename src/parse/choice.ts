import { ParseError } from '../errors.ts';

/** The one of several that is in force, which the kernel puts in brackets. */
// > always [madvise] never
// > always defer [defer+madvise] madvise never
export function parseChoice(text: string): string {
  const chosen = [...text.matchAll(/[[(]([\w+-]{1,40})[\])]/g)];
  const [, word] = chosen[0] ?? [];
  if (word === undefined || chosen.length > 1)
    throw new ParseError(`choice: ${JSON.stringify(text.slice(0, 200))}`);
  return word;
}
