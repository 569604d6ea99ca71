import { Worker } from 'node:worker_threads';

/** Of the thread: bcrypt needs 4 KiB, Node itself the rest. */
const heapMiB = 16;

interface Answer {
  readonly id: number;
  readonly equal: boolean;
}

/**
 * bcrypt on a thread of its own, which starts when the first password is to be checked. On ours it would stop everything
 * else for as long as the hash takes: a tenth of a second at cost 10, whenever a stranger likes.
 */
export function createCompare(): (password: string, hash: string) => Promise<boolean> {
  const waiting = new Map<
    number,
    { readonly resolve: (equal: boolean) => void; readonly reject: (error: Error) => void }
  >();
  let worker: Worker | undefined;
  let last = 0;

  function begin(): Worker {
    const begun = new Worker(new URL('bcrypt_worker.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    });
    begun.on('message', ({ id, equal }: Answer) => {
      waiting.get(id)?.resolve(equal);
      waiting.delete(id);
    });
    const over = (error: Error) => {
      if (worker !== begun) return;
      worker = undefined; // the next password starts another
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    begun.on('error', over);
    begun.on('exit', (code) => over(new Error(`the thread that checks passwords ended with ${code}`)));
    begun.unref(); // after the listeners, which hold it
    return begun;
  }

  return (password, hash) =>
    new Promise((resolve, reject) => {
      worker ??= begin();
      last += 1;
      waiting.set(last, { resolve, reject });
      worker.postMessage({ id: last, password, hash });
    });
}
