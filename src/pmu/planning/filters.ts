/**
 * Filters in the kernel's own language (Documentation/trace/events.rst), by which tracepoint sched_migrate_task counts
 * only tasks that cross from one socket to another. `CPUS{…}` would say it shorter, and only newer kernels know it. Pure.
 */
import type { Topology } from '../../topology.ts';

export interface Crossing {
  readonly from: number;
  /** Null: to whichever other socket. */
  readonly to: number | null;
  readonly filter: string;
}

/** The kernel takes a page with its closing zero, and pages have 4 KiB at least. */
const mostText = 4_095;

/** One for each direction, or for each origin; undefined where the numbering of the CPUs makes a text too long. */
export function crossings(
  { sockets }: Topology,
  each: 'direction' | 'origin',
): readonly Crossing[] | undefined {
  if (sockets.length < 2) return [];
  const all = sockets.flatMap(({ id, cpus }) => {
    const outside = sockets.filter((socket) => socket.id !== id);
    const leaves = among('orig_cpu', cpus, outside.flatMap((socket) => socket.cpus)); // prettier-ignore
    const ways = each === 'direction' ? outside.map((socket) => [socket]) : [outside];
    return ways.map((to): Crossing => {
      const target = to.flatMap((socket) => socket.cpus);
      const elsewhere = sockets.filter((socket) => !to.includes(socket)).flatMap((socket) => socket.cpus);
      return {
        from: id,
        to: each === 'direction' ? (to[0]?.id ?? null) : null,
        filter: `${leaves}&&${among('dest_cpu', target, elsewhere)}`,
      };
    });
  });
  return all.every(({ filter }) => filter.length <= mostText) ? all : undefined;
}

/** True for these CPUs and false for the others; what it says of ids that no CPU has does not matter. */
export function among(field: string, cpus: readonly number[], others: readonly number[]): string {
  const texts = [
    rangesOf(field, cpus, others),
    negated(rangesOf(field, others, cpus)),
    bitsOf(field, cpus, others),
  ];
  return texts.flatMap((text) => text ?? []).toSorted((a, b) => a.length - b.length)[0] ?? '';
}

/** Several runs have their brackets already. */
const negated = (text: string) => (text.startsWith('(') ? `!${text}` : `!(${text})`);

/** Runs of ids that no other CPU interrupts: as few as there can be. Open at the ends, where nothing else comes. */
function rangesOf(field: string, cpus: readonly number[], others: readonly number[]): string {
  const own = new Set(cpus);
  const ids = [...cpus, ...others].toSorted((a, b) => a - b);
  const runs: { first: number; last: number; readonly from: number; to: number }[] = [];
  for (const [index, id] of ids.entries()) {
    if (!own.has(id)) continue;
    const run = runs.at(-1);
    if (run && run.to === index - 1) [run.last, run.to] = [id, index];
    else runs.push({ first: id, last: id, from: index, to: index });
  }
  const texts = runs.map(({ first, last, from, to }) => {
    const low = from === 0 ? [] : [`${field}>=${first}`];
    const high = to === ids.length - 1 ? [] : [`${field}<=${last}`];
    return low.length + high.length === 2 && first === last
      ? `${field}==${first}`
      : [...low, ...high].join('&&');
  });
  const [only] = texts;
  if (texts.length === 1 && only !== undefined) return only;
  return `(${texts.map((text) => (text.includes('&&') ? `(${text})` : text)).join('||')})`;
}

/** By bits that all of these CPUs have in common and none of the others: alternating numbers. */
function bitsOf(field: string, cpus: readonly number[], others: readonly number[]): string | undefined {
  const [one = 0] = cpus;
  const bits = Array.from({ length: 20 }, (_, bit) => 2 ** bit);
  const common = bits.filter((bit) => cpus.every((id) => (id & bit) === (one & bit)));
  const apart = (some: readonly number[]) =>
    others.every((id) => some.some((bit) => (id & bit) !== (one & bit)));
  if (!apart(common)) return undefined;
  const needed = common.reduceRight((some, bit) => {
    const fewer = some.filter((other) => other !== bit);
    return apart(fewer) ? fewer : some;
  }, common);
  return needed.map((bit) => (one & bit ? `(${field}&${bit})` : `!(${field}&${bit})`)).join('&&');
}
