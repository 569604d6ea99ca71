/** Has work done, and gives what it gave. */
export type Pool = <T>(work: () => Promise<T>) => Promise<T>;

/** Runs at most `size` at a time, the rest in the order they came. */
export function createPool(size: number): Pool {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running === size) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
