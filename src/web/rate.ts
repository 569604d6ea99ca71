import type { RateLimit } from './config.ts';

/** A bucket of `burst` tokens that gains one each interval: exporter-toolkit's, over all clients together. */
export function createRate(clock: { now(): number }) {
  let tokens = Infinity; // full, whatever its size
  let at = clock.now();
  /** Null where the request may pass; else seconds until one may. */
  return function take({ intervalSeconds, burst }: RateLimit): number | null {
    const now = clock.now();
    tokens = Math.min(burst, tokens + (now - at) / intervalSeconds);
    at = now;
    if (tokens < 1) return (1 - tokens) * intervalSeconds;
    tokens -= 1;
    return null;
  };
}
