import { Absent, Denied, ParseError } from '../errors.ts';
import type { Files } from '../host/host.ts';
import type { Topology } from '../topology.ts';

export const groups = [
  'kernel',
  'cpu',
  'frequency',
  'idle',
  'memory',
  'isolation',
  'scheduler',
  'others',
] as const;

/**
 * Something that a host is set to and that a number taken on it depends on. Its value is a short word or list in one
 * spelling, so that equal means the same; it does not follow the load, and holds nothing that must stay on the host.
 */
export interface Condition {
  /** The value of the label `condition`. */
  readonly name: string;
  readonly group: (typeof groups)[number];
  readonly what: string;
  /** A difference in it can move a NUMA number: a latency, a share of remote loads, a count of moved pages. */
  readonly moves: boolean;
  /** It can change while the kernel runs; what cannot is read until it is known, and then never again. */
  readonly changes: boolean;
  /** Its changes are a series of their own. */
  readonly counted?: true;
  /** Why it is no series of condition_info: another metric says it, or nothing follows from it. */
  readonly unpublished?: string;
  /** Throws Absent or Denied where it cannot be known, with the reason for people. */
  read(look: Look): Promise<string>;
}

export interface Look {
  readonly files: Files;
  readonly topology: Topology;
  /** Path under /sys/fs/cgroup of what is measured; null: nobody said. */
  readonly measured: string | null;
}

export type Known = { readonly value: string };
export type Unknown = { readonly status: 'absent' | 'denied' | 'failed'; readonly reason: string };
export type Read = Known | Unknown;
/** By name of the condition. */
export type Reading = Readonly<Record<string, Read>>;

export const valueOf = (reading: Reading, name: string): string | null => {
  const read = reading[name];
  return read && 'value' in read ? read.value : null;
};

export const text = async (files: Files, path: string): Promise<string> => (await files.read(path)).trim();

/** A word as the kernel prints it; anything else would be no label. */
export async function word(files: Files, path: string): Promise<string> {
  const said = await text(files, path);
  if (!/^[\w.+:/-]{1,60}$/.test(said)) throw new ParseError(`${path}: ${JSON.stringify(said.slice(0, 80))}`);
  return said;
}

/** Distinct values of many files of a kind, sorted: `performance,powersave`. One that cannot be read costs itself. */
export async function spread(readings: readonly Promise<string>[], nothing: string): Promise<string> {
  const settled = await Promise.allSettled(readings);
  const values = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (values.length > 0) {
    const distinct = [...new Set(values)].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    return distinct.length > 8 ? `${distinct.slice(0, 8).join()},…` : distinct.join();
  }
  const [refused] = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  throw refused ?? new Absent(nothing);
}

/** The first that is there; that one is denied is not a reason to believe another. */
export async function first(ways: readonly (() => Promise<string>)[], nothing: string): Promise<string> {
  for (const way of ways) {
    try {
      return await way();
    } catch (thrown) {
      if (!(thrown instanceof Absent)) throw thrown;
    }
  }
  throw new Absent(nothing);
}

export function unknownOf(thrown: unknown): Unknown {
  const status = thrown instanceof Absent ? 'absent' : thrown instanceof Denied ? 'denied' : 'failed';
  return { status, reason: thrown instanceof Error ? thrown.message : String(thrown) };
}
