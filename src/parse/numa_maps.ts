import { ParseError } from '../errors.ts';

/** One mapping of a process, and where its resident pages lie. */
export interface NumaMapping {
  /** Hexadecimal, without 0x: where it begins. */
  readonly start: string;
  /** As the kernel words it: `default`, `bind:0`, `prefer (many):0-1`. */
  readonly policy: string;
  readonly bytes: ReadonlyMap<number, number>;
}

// The policy may hold blanks; those of a file name are written \040, and its equals signs \075.
const address = /^([0-9a-f]+) ([^\n]+)$/;
const attribute = / (?:file=\S*|heap|stack\S*|huge|\w+=\d+)(?= |$)/;

// > 7f2726267000 default anon=8192 dirty=8192 active=0 N0=2 N1=8190 kernelpagesize_kB=4
// > 55d0c8a00000 bind:0 file=/opt/a\040b\040(deleted) mapped=12 mapmax=3 N0=12 kernelpagesize_kB=4
/** /proc/<pid>/numa_maps: mappings that have pages; huge ones by THP count as small ones, so that pages times the size hold. */
export function parseNumaMaps(text: string): readonly NumaMapping[] {
  const mappings: NumaMapping[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, start, rest] = address.exec(line) ?? [];
    if (start === undefined || rest === undefined) throw refusal(line);
    const nodes = [...rest.matchAll(/ N(\d+)=(\d+)(?= |$)/g)];
    if (nodes.length === 0) continue;
    const kibibytes = Number(/ kernelpagesize_kB=(\d+)(?= |$)/.exec(rest)?.[1]);
    const bytes = new Map(nodes.map(([, node, pages]) => [Number(node), Number(pages) * kibibytes * 1024]));
    if (![...bytes].flat().every(Number.isSafeInteger)) throw refusal(line);
    mappings.push({ start, policy: rest.slice(0, attribute.exec(rest)?.index), bytes });
  }
  return mappings;
}

const refusal = (line: string) => new ParseError(`numa_maps: ${JSON.stringify(line.slice(0, 200))}`);
