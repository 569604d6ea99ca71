import { Absent, Denied } from '../errors.ts';
import type { Files } from '../host/host.ts';

/** Reads what may be missing: null or nothing in place of an error, a warning where there is something to say. */
export interface Reader {
  get<T>(path: string, parse: (text: string) => T): Promise<T | null>;
  /** The first of the paths that can be had; kernels have renamed files. */
  first<T>(paths: readonly (readonly [path: string, parse: (text: string) => T])[]): Promise<T | null>;
  list(path: string): Promise<readonly string[]>;
  /** Ids of a folder's entries with this prefix: 0, 8, 250 of `node0 node8 node250 online`. */
  ids(path: string, prefix: string): Promise<number[]>;
  warn(sentence: string): void;
  readonly warnings: readonly string[];
}

export function readerOf(files: Files): Reader {
  const warnings: string[] = [];
  // A thousand CPUs with the same unreadable file are one thing to say.
  const said = new Set<string>();
  const complain = (path: string, thrown: unknown) => {
    if (thrown instanceof Absent) return;
    const kind = path.replaceAll(/\d+/g, 'N');
    if (said.has(kind)) return;
    said.add(kind);
    const what = thrown instanceof Denied ? 'may not be read' : 'was passed over';
    warnings.push(`${path} ${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  };
  const reader: Reader = {
    warnings,
    warn: (sentence) => {
      warnings.push(sentence);
    },
    async get(path, parse) {
      try {
        return parse(await files.read(path));
      } catch (thrown) {
        complain(path, thrown);
        return null;
      }
    },
    async first(paths) {
      for (const [path, parse] of paths) {
        const value = await reader.get(path, parse);
        if (value !== null) return value;
      }
      return null;
    },
    async list(path) {
      try {
        return await files.list(path);
      } catch (thrown) {
        complain(path, thrown);
        return [];
      }
    },
    async ids(path, prefix) {
      const names = await reader.list(path);
      return names
        .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
        .map((name) => Number(name.slice(prefix.length)))
        .toSorted((a, b) => a - b);
    },
  };
  return reader;
}
