/** Where a process has its memory, and how much of it has changed node since we last looked. */
import type { NumaMapping } from '../parse/numa_maps.ts';

/** By NUMA node. */
export type Bytes = ReadonlyMap<number, number>;

export interface Look {
  readonly bytes: Bytes;
  /** By where they begin; those of a MiB and more, so that there are no more of them than the process has MiB. */
  readonly mappings: ReadonlyMap<string, Bytes>;
}

const leastBytes = 1024 ** 2;

export function lookOf(mappings: readonly NumaMapping[]): Look {
  const large = mappings.filter(
    ({ bytes }) => [...bytes.values()].reduce((sum, own) => sum + own, 0) >= leastBytes,
  );
  return {
    bytes: sumOf(mappings.map(({ bytes }) => bytes)),
    mappings: new Map(large.map(({ start, bytes }) => [start, bytes])),
  };
}

/**
 * What one mapping lost on some nodes and gained on others. What it gained beyond what it lost is growth, what it lost
 * beyond what it gained was given back, and neither has moved.
 */
export function movedBytes(before: Bytes, after: Bytes): number {
  let [gained, lost] = [0, 0];
  for (const node of new Set([...before.keys(), ...after.keys()])) {
    const change = (after.get(node) ?? 0) - (before.get(node) ?? 0);
    if (change > 0) gained += change;
    else lost -= change;
  }
  return Math.min(gained, lost);
}

/** Mapping by mapping: memory freed in one while another is filled elsewhere is no move. */
export function movedBetween(before: Look, after: Look): number {
  let moved = 0;
  for (const [start, bytes] of after.mappings) {
    const earlier = before.mappings.get(start);
    if (earlier) moved += movedBytes(earlier, bytes);
  }
  return moved;
}

export function sumOf(all: readonly Bytes[]): Bytes {
  const sum = new Map<number, number>();
  for (const bytes of all) for (const [node, own] of bytes) sum.set(node, (sum.get(node) ?? 0) + own);
  return sum;
}
