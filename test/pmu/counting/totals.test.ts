import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalOf } from '../../../src/pmu/counting/interval.ts';
import type { Group, Place } from '../../../src/pmu/plan.ts';
import { cycles, dramBytes, loads } from '../../../src/pmu/signals.ts';
import { createBooks } from '../../../src/pmu/counting/totals.ts';
import type { Books } from '../../../src/pmu/counting/totals.ts';
import { wordsOf } from '../readings.ts';
import type { Words } from '../readings.ts';

const attr = { type: 4, config: 0n, config1: 0n, config2: 0n };
const place = (cpu: number, socket = 0, numaNode: number | null = 0): Place => ({ cpu, socket, numaNode });
const counter = { signal: 'cycles', attr, metric: cycles, labels: {}, scale: 1 };
const groupOf = (changes: Partial<Group> = {}): Group => ({
  name: 'loads',
  rank: 1,
  when: 'always',
  counters: [counter],
  places: [place(0)],
  ...changes,
});
const words = (value: number | bigint, enabled: number, running: number): Words => ({
  value: BigInt(value),
  enabled: BigInt(enabled),
  running: BigInt(running),
});
const failed = { ...words(0, 0, 0), errno: 5 };

/** Reads a group of one counter at its places, one after the other in the list. */
function step(
  books: Books,
  group: Group,
  before: readonly Words[] | null,
  after: readonly Words[],
  wallNs: number | null = null,
) {
  const spans = group.places.map((at, index) => ({ group, place: at, first: index * group.counters.length }));
  books.add({ spans, before: before && wordsOf(before), after: wordsOf(after), wallNs });
}

const valuesOf = (books: Books) => books.totals().map(({ labels, value }) => [labels, value]);

describe('books', () => {
  it('add up the CPUs of each socket and node', () => {
    const books = createBooks();
    const group = groupOf({ places: [place(0), place(1), place(2, 0, 1), place(3, 1, 2)] });
    step(books, group, null, [words(1, 10, 10), words(20, 10, 10), words(300, 10, 10), words(4_000, 10, 5)]);
    expect(valuesOf(books)).toEqual([
      [{ socket: '0', numa_node: '0' }, 21],
      [{ socket: '0', numa_node: '1' }, 300],
      [{ socket: '1', numa_node: '2' }, 8_000],
    ]);
    expect(books.coverage()).toEqual([
      { group: 'loads', socket: 0, ratio: 1 },
      { group: 'loads', socket: 1, ratio: 0.5 },
    ]);
  });

  it('leave the node empty where counts are summed up by socket, and away where the metric has none', () => {
    const books = createBooks();
    step(books, groupOf({ places: [place(0, 1, null)] }), null, [words(1, 10, 10)]);
    const dram = { ...counter, metric: dramBytes, labels: { op: 'read' }, scale: 64 };
    step(books, groupOf({ counters: [dram], places: [place(0, 1, null)] }), null, [words(2, 10, 10)]);
    expect(valuesOf(books)).toEqual([
      [{ socket: '1', numa_node: '' }, 1],
      [{ socket: '1', op: 'read' }, 128],
    ]);
  });

  it('add several counters and boxes to one series', () => {
    const books = createBooks();
    const tx = { ...counter, metric: dramBytes, labels: { op: 'read' } };
    for (const name of ['box 0', 'box 1'])
      step(books, groupOf({ name, counters: [tx, { ...tx, scale: 2 }] }), null, [
        words(1, 10, 10),
        words(3, 10, 10),
      ]);
    expect(valuesOf(books)).toEqual([[{ socket: '0', op: 'read' }, 14]]);
  });

  it('say nothing of what did not run, and go on when it runs again', () => {
    const books = createBooks();
    const group = groupOf();
    step(books, group, null, [words(0, 10, 0)]);
    expect(books.totals()).toEqual([]);
    expect(books.coverage()).toEqual([{ group: 'loads', socket: 0, ratio: 0 }]);
    step(books, group, [words(0, 10, 0)], [words(5, 20, 10)]);
    expect(valuesOf(books)).toEqual([[{ socket: '0', numa_node: '0' }, 5]]);
    step(books, group, [words(5, 20, 10)], [words(5, 30, 10)]);
    expect(books.totals()).toEqual([]);
    step(books, group, [words(5, 30, 10)], [words(6, 40, 20)]);
    expect(valuesOf(books)).toEqual([[{ socket: '0', numa_node: '0' }, 6]]);
  });

  it('say nothing of what could not be read', () => {
    const books = createBooks();
    step(books, groupOf(), null, [words(5, 10, 10)]);
    step(books, groupOf(), [words(5, 10, 10)], [failed]);
    expect(books.totals()).toEqual([]);
    step(books, groupOf(), [failed], [words(900, 30, 30)]);
    expect(books.totals()).toEqual([]);
    step(books, groupOf(), [words(900, 30, 30)], [words(901, 40, 40)]);
    expect(valuesOf(books)).toEqual([[{ socket: '0', numa_node: '0' }, 6]]);
  });

  it('keep what they said when no time has passed', () => {
    const books = createBooks();
    step(books, groupOf(), null, [words(5, 10, 10)]);
    step(books, groupOf(), [words(5, 10, 10)], [words(5, 10, 10)]);
    expect(valuesOf(books)).toEqual([[{ socket: '0', numa_node: '0' }, 5]]);
    expect(books.coverage()).toEqual([{ group: 'loads', socket: 0, ratio: 1 }]);
  });

  it('take a turn for the time since the last one ended', () => {
    const books = createBooks();
    const group = groupOf({ when: 'turn' });
    step(books, group, null, [words(7, 1e9, 1e9)]);
    expect(books.totals()).toEqual([]);
    step(books, group, null, [words(7, 1e9, 1e9)], 10e9);
    expect(valuesOf(books)).toEqual([[{ socket: '0', numa_node: '0' }, 70]]);
    expect(books.coverage()).toEqual([{ group: 'loads', socket: 0, ratio: 0.1 }]);
  });

  it('hide what is no longer counted, and go on from there when it is again', () => {
    const books = createBooks();
    const load = { ...counter, metric: loads, labels: { source: 'l1', unit: 'accesses' } };
    const old = groupOf({ name: 'old', counters: [load], places: [place(0), place(1, 1)] });
    step(books, old, null, [words(5, 10, 10), words(6, 10, 10)]);
    books.retain([{ group: groupOf({ name: 'new', counters: [{ ...load }] }), place: place(1, 1) }]);
    expect(valuesOf(books)).toEqual([[{ socket: '1', numa_node: '0', source: 'l1', unit: 'accesses' }, 6]]);
    expect(books.coverage()).toEqual([]);
    step(books, groupOf({ name: 'new', counters: [{ ...load }] }), null, [words(1, 10, 10)]);
    expect(valuesOf(books)).toEqual([
      [{ socket: '0', numa_node: '0', source: 'l1', unit: 'accesses' }, 6],
      [{ socket: '1', numa_node: '0', source: 'l1', unit: 'accesses' }, 6],
    ]);
  });
});

/** What a CPU did between two readings. */
interface Happened {
  readonly value: bigint;
  readonly enabled: bigint;
  readonly running: bigint;
  readonly anew: boolean;
  readonly broken: boolean;
}

const small = fc.bigInt({ min: 0n, max: 2n ** 40n });
const happened: fc.Arbitrary<Happened> = fc
  .record({
    value: small,
    enabled: small,
    share: fc.constantFrom(0n, 1n, 2n, 50n, 99n, 100n, 101n),
    anew: fc.boolean().filter((anew) => anew),
    broken: fc.constant(false),
    odd: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ value, enabled, share, odd }) => ({
    value: share === 0n ? 0n : value,
    enabled,
    running: (enabled * share) / 100n,
    anew: odd === 0,
    broken: odd === 1,
  }));

const start = fc.constantFrom(0n, 2n ** 32n - 3n, 2n ** 53n - 1n, 2n ** 60n);

/** Readings of one CPU, the first one included. `anew`: the kernel's counter was closed and opened. */
function readingsOf(from: bigint, happenings: readonly Happened[]): Words[] {
  let now: Words = { value: from, enabled: from, running: from };
  return [
    now,
    ...happenings.map(({ value, enabled, running, anew, broken }) => {
      const base = anew ? { value: 0n, enabled: 0n, running: 0n } : now;
      now = { value: base.value + value, enabled: base.enabled + enabled, running: base.running + running };
      return broken ? { ...now, value: 0n, enabled: 0n, running: 0n, errno: 5 } : now;
    }),
  ];
}

const machine = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 8 }), start)
  .chain(([cpus, steps, from]) =>
    fc.array(
      fc.array(happened, { minLength: steps, maxLength: steps }).map((all) => readingsOf(from, all)),
      { minLength: cpus, maxLength: cpus },
    ),
  );

/** What full coverage could give: all of the time as the counter was while it ran, and never less than it counted. */
function atMost(before: Words, after: Words): number {
  const interval = intervalOf(wordsOf([before]), wordsOf([after]), 0);
  if (!interval || interval.value <= 0 || interval.runningNs <= 0) return 0;
  return Math.max(interval.value, (interval.value * interval.enabledNs) / interval.runningNs);
}

describe('totals, whatever the readings,', () => {
  it('never fall, never exceed what full coverage could give, and are numbers', () => {
    fc.assert(
      fc.property(machine, (cpus) => {
        const books = createBooks();
        const group = groupOf({ places: cpus.map((_, cpu) => place(cpu)) });
        let last = 0;
        let limit = 0;
        for (let at = 1; at < (cpus[0]?.length ?? 0); at += 1) {
          const before = cpus.flatMap((readings) => readings[at - 1] ?? []);
          const after = cpus.flatMap((readings) => readings[at] ?? []);
          step(books, group, before, after);
          limit += before.reduce((sum, one, cpu) => sum + atMost(one, after[cpu] ?? one), 0);
          const [total] = books.totals();
          expect(total?.value ?? last).toBeGreaterThanOrEqual(last);
          last = total?.value ?? last;
          expect(last).toBeLessThanOrEqual(limit * (1 + 1e-12));
          for (const { ratio } of books.coverage()) expect(ratio).toSatisfy((part) => part >= 0 && part <= 1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('are as counted where the counters always ran', () => {
    const always = fc.array(fc.tuple(small, small), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(start, always, (from, steps) => {
        const books = createBooks();
        const full = steps.map(([value, time]) => ({ value, enabled: time + 1n, running: time + 1n, anew: false, broken: false })); // prettier-ignore
        const readings = readingsOf(from, full);
        for (const [index, after] of readings.slice(1).entries())
          step(books, groupOf(), readings.slice(index, index + 1), [after]);
        expect(books.totals()[0]?.value).toBe(Number(steps.reduce((sum, [value]) => sum + value, 0n)));
      }),
    );
  });

  it('are the same however the CPUs are dealt out to lists', () => {
    fc.assert(
      fc.property(machine, fc.infiniteStream(fc.boolean()), (cpus, sides) => {
        const side = cpus.map(() => sides.next().value === true);
        const whole = createBooks();
        const parts = createBooks();
        for (let at = 1; at < (cpus[0]?.length ?? 0); at += 1) {
          const read = (books: Books, chosen: (cpu: number) => boolean) => {
            const places = cpus.map((_, cpu) => place(cpu)).filter(({ cpu }) => chosen(cpu));
            const ends = [at - 1, at].map((end) => places.flatMap(({ cpu }) => cpus[cpu]?.[end] ?? []));
            step(books, groupOf({ places }), ends[0] ?? [], ends[1] ?? []);
          };
          read(whole, () => true);
          read(parts, (cpu) => side[cpu] === true);
          read(parts, (cpu) => side[cpu] !== true);
        }
        // What is not told is kept: told or not, it must be the same number.
        for (const books of [whole, parts]) step(books, groupOf(), null, [words(0, 1, 1)]);
        const [one, other] = [whole, parts].map((books) => books.totals()[0]?.value ?? NaN);
        expect(other).toBeCloseTo(one ?? NaN, 6 - Math.ceil(Math.log10(Math.max(1, one ?? 1)) - 9));
      }),
    );
  });
});
