import { ParseError } from '../errors.ts';

/** Kinds of swap in use, sorted and once each: `partition`, `file`, `zram`. */
// > Filename				Type		Size		Used		Priority
// > /dev/zram0                              partition	8388604		0		100
export function parseSwaps(text: string): string[] {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  if (!head.startsWith('Filename')) throw new ParseError(`swaps: ${JSON.stringify(text.slice(0, 200))}`);
  const kinds = lines.map((line) => {
    const [, path, kind] = /^(\S+)\s+(partition|file)\s/.exec(line) ?? [];
    if (path === undefined || kind === undefined)
      throw new ParseError(`swaps: ${JSON.stringify(line.slice(0, 200))}`);
    return path.startsWith('/dev/zram') ? 'zram' : kind;
  });
  return [...new Set(kinds)].toSorted();
}
