/** Bytes that one group of tasks has moved through one L3 cache; null: the kernel has no number now. */
export interface Traffic {
  readonly group: string;
  readonly domain: number;
  readonly bytes: Bytes | null;
}

export interface Bytes {
  readonly local: number;
  readonly remote: number;
}

const none: Bytes = { local: 0, remote: 0 };

/**
 * Bytes by L3 cache that never fall, from counts of groups that come and go. They begin at 0: what the groups alive
 * now have behind them would be another number after a restart.
 */
export function createBandwidth() {
  const books = new Map<number, Bytes>();
  /** By L3 cache, what remote has been told too much: the two files are read a moment apart. */
  const owed = new Map<number, number>();
  let before: ReadonlyMap<string, Bytes | null> | undefined;

  return {
    add(traffic: readonly Traffic[]): void {
      const now = new Map<string, Bytes | null>();
      const gains = new Map<number, Bytes>();
      for (const { group, domain, bytes } of traffic) {
        const key = `${group}/${domain}`;
        const last = before?.get(key);
        // Without a number for once it has not lost what it counted: the next difference spans the gap.
        now.set(key, bytes ?? last ?? null);
        // A new group has counted from 0 since it was made.
        const from = last === undefined && before ? none : last;
        const gain = bytes && from ? minus(bytes, from) : none;
        gains.set(domain, plus(gains.get(domain) ?? none, gain));
      }
      // What one group lost another may have been given (a monitoring group was moved), and one that was removed
      // takes its part out of its parent's sum: such an interval counts less than there was, never more.
      for (const [domain, { local, remote }] of gains) {
        // Without a debt each moment too early would stay, and remote would creep upwards by noise alone. No moment
        // is longer than the interval: what is more than its local bytes is a group's that was removed.
        const net = remote - (owed.get(domain) ?? 0);
        owed.set(domain, Math.min(Math.max(0, local), Math.max(0, -net)));
        const gain = { local: Math.max(0, local), remote: Math.max(0, net) };
        books.set(domain, plus(books.get(domain) ?? none, gain));
      }
      before = now;
    },
    /** By L3 cache, those that are gone included. */
    totals: (): ReadonlyMap<number, Bytes> => books,
  };
}

const plus = (a: Bytes, b: Bytes): Bytes => ({ local: a.local + b.local, remote: a.remote + b.remote });
const minus = (a: Bytes, b: Bytes): Bytes => ({ local: a.local - b.local, remote: a.remote - b.remote });
