/** CPU time that probes may use, in shares of two CPUs: the two that a visit spins on. */
export interface BudgetOptions {
  /** For each unordered pair of sockets, a socket with itself included. */
  readonly perPair: number;
  /** For each socket, whatever its pairs would allow. */
  readonly perSocket: number;
}

export interface Budget {
  /** With `spare`, only while that share of a full bucket would be left for others. */
  affordable(socketA: number, socketB: number, now: number, spare?: number): boolean;
  /** After the fact: what a visit cost is known only when it is over. */
  charge(socketA: number, socketB: number, cpuSeconds: number, now: number): void;
}

// A bucket holds ten seconds of its income: enough for any one visit after a quiet spell, too little for a burst.
const holdsSeconds = 10;

/**
 * Token buckets, paid afterwards: a visit may begin while its buckets are not overdrawn, and may overdraw them
 * once; the debt is waited off. So over t seconds no pair costs more than income x (t + 10 s) and one visit.
 */
export function createBudget(options: BudgetOptions): Budget {
  const buckets = new Map<string, { level: number; at: number; full: number }>();
  const bucket = (key: string, share: number, now: number) => {
    const income = share * 2;
    const full = income * holdsSeconds;
    const old = buckets.get(key) ?? { level: full, at: now, full };
    const filled = { level: Math.min(full, old.level + income * Math.max(0, now - old.at)), at: now, full };
    buckets.set(key, filled);
    return filled;
  };
  const bucketsOf = (socketA: number, socketB: number, now: number) => {
    const sockets = [...new Set([socketA, socketB])];
    return {
      pair: bucket(`${Math.min(socketA, socketB)}/${Math.max(socketA, socketB)}`, options.perPair, now),
      sockets: sockets.map((socket) => bucket(`${socket}`, options.perSocket, now)),
    };
  };
  return {
    affordable(socketA, socketB, now, spare = 0) {
      const { pair, sockets } = bucketsOf(socketA, socketB, now);
      return [pair, ...sockets].every(({ level, full }) => level > spare * full);
    },
    charge(socketA, socketB, cpuSeconds, now) {
      const { pair, sockets } = bucketsOf(socketA, socketB, now);
      pair.level -= cpuSeconds;
      for (const socket of sockets) socket.level -= cpuSeconds / sockets.length;
    },
  };
}
