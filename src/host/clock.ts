import type { Clock } from './host.ts';

/** A timer of Node's counts at most 2^31 ms; a longer one fires at once. */
const longestMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now() / 1000,
  wall: () => Date.now() / 1000,
  sleep: (seconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(seconds * 1000, longestMs));
      signal?.addEventListener('abort', wake, { once: true });
    }),
};
