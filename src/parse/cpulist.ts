import { ParseError } from '../errors.ts';

// No kernel has more ids; what names more of them, in one range or in many, is garbage and would fill memory and time.
const largestId = 1 << 20;

/** Ids, ascending and once each. */
// > 0-3,8,10-11
// > (null)            nohz_full of kernels that were built with it and started without
export function parseCpulist(text: string): number[] {
  const list = text.replaceAll('\0', '').trim();
  if (list === '' || list === '(null)') return [];
  const ids = new Set<number>();
  let named = 0;
  for (const part of list.split(',')) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const first = Number(range?.[1]);
    const last = Number(range?.[2] ?? first);
    named += last - first + 1;
    if (!range || last < first || last > largestId || named > largestId)
      throw new ParseError(`cpulist: ${JSON.stringify(text.slice(0, 200))}`);
    for (let id = first; id <= last; id += 1) ids.add(id);
  }
  return [...ids].toSorted((a, b) => a - b);
}

/** The older form of the same: 32 bits to a word, the highest CPUs first. */
// > 00000000,00002222
// > 0000,0000003f
export function parseCpumask(text: string): number[] {
  const words = text.replaceAll('\0', '').trim().split(',').toReversed();
  if (words.length * 32 > largestId || !words.every((word) => /^[0-9a-f]{1,8}$/i.test(word)))
    throw new ParseError(`cpumask: ${JSON.stringify(text.slice(0, 200))}`);
  return words.flatMap((word, index) => {
    const bits = Number.parseInt(word, 16);
    return Array.from({ length: 32 }, (_, bit) => bit)
      .filter((bit) => (bits >>> bit) & 1)
      .map((bit) => index * 32 + bit);
  });
}

/** `0-3,8`: the shortest way to write ids, which are ascending. */
export function formatCpulist(ids: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const id of ids) {
    const open = ranges.at(-1);
    if (open && open[1] === id - 1) open[1] = id;
    else ranges.push([id, id]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
