/** Does the work of that name, or has others wait for the next doing of it. */
export type Coalesce<T> = (name: string, work: () => Promise<T>) => Promise<T>;

/**
 * One at a time for each name. All who ask while one is under way share the next, which begins when that has ended: what
 * it finds is never older than the question, and however many ask, two stand in line.
 */
export function createCoalesce<T>(): Coalesce<T> {
  const last = new Map<string, Promise<T>>();
  const next = new Map<string, Promise<T>>();
  return (name, work) => {
    const waiting = next.get(name);
    if (waiting) return waiting;
    const before = last.get(name);
    const begin = () => {
      next.delete(name);
      return work();
    };
    const mine = before ? before.then(begin, begin) : work();
    if (before) next.set(name, mine);
    last.set(name, mine);
    const end = () => {
      if (last.get(name) === mine) last.delete(name);
    };
    mine.then(end, end);
    return mine;
  };
}
