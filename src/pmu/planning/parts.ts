/** Cuts a group of the model into parts that fit the counters at one time. Pure. */
import { fits } from './fit.ts';
import type { Need, Room } from './fit.ts';

/**
 * In order, each into the first part where it fits, partners together. What fits nowhere, not even alone, is a part of
 * its own: the kernel will say why.
 */
export function partsOf<N extends Need>(needs: readonly N[], room: Room): readonly (readonly N[])[] {
  const parts: (readonly N[])[] = [];
  const put = (some: readonly N[]): void => {
    const at = parts.findIndex((part) => fits([...part, ...some], room));
    if (at >= 0) parts[at] = [...(parts[at] ?? []), ...some];
    else if (some.length === 1 || fits(some, room)) parts.push(some);
    else for (const need of some) put([need]);
  };
  for (const some of together(needs)) put(some);
  return parts;
}

/** For PMUs that let a group in that can never run: only what says nothing apart shares a part. */
export function smallestParts<N extends Need>(needs: readonly N[], room: Room): readonly (readonly N[])[] {
  return together(needs).flatMap((some) =>
    some.every(({ signal }) => signal.startsWith('read_')) && fits(some, room)
      ? [some]
      : some.map((need) => [need]),
  );
}

/** Addends of one signal, and signals of which one is divided by the other, where the first of them stands. */
function together<N extends Need>(needs: readonly N[]): readonly (readonly N[])[] {
  const sets = new Map<string, N[]>();
  for (const need of needs) {
    const key = pairOf(need.signal);
    const set = sets.get(key);
    if (set) set.push(need);
    else sets.set(key, [need]);
  }
  return [...sets.values()];
}

/** One word for both signals of a pair. */
const pairOf = (signal: string) =>
  signal
    .replace(/^read_(latency|requests)_/, 'read_')
    .replace(/^(load|offcore)_(local|remote)_dram$/, '$1_dram')
    .replace(/^instructions$/, 'cycles');
