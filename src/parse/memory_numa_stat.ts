import { ParseError } from '../errors.ts';

/** What a cgroup has on each node, by node; in the unit of the file: bytes in version 2, pages in version 1. */
export interface NumaStat {
  readonly anon: ReadonlyMap<number, number>;
  readonly file: ReadonlyMap<number, number>;
}

/** memory.numa_stat of a cgroup with its children: version 1 tells those apart by a word in front. */
// > anon N0=135168 N1=4096
// > hierarchical_anon=34 N0=33 N1=1
export function parseMemoryNumaStat(text: string): NumaStat {
  const rows = new Map<string, ReadonlyMap<number, number>>();
  for (const line of text.split('\n')) {
    const [, name = '', columns = ''] = /^([a-z_]+)(?:=\d+)?((?: N\d{1,5}=\d{1,19})+)$/.exec(line) ?? [];
    if (name === '') {
      if (/^(hierarchical_)?(anon|file)\b/.test(line)) throw refused(line);
      continue;
    }
    const nodes = [...columns.matchAll(/N(\d+)=(\d+)/g)];
    rows.set(name, new Map(nodes.map(([, node, value]) => [Number(node), Number(value)])));
  }
  const anon = rows.get('hierarchical_anon') ?? rows.get('anon');
  const file = rows.get('hierarchical_file') ?? rows.get('file');
  if (!anon || !file) throw refused(text);
  return { anon, file };
}

const refused = (text: string) => new ParseError(`memory.numa_stat: ${JSON.stringify(text.slice(0, 100))}`);
