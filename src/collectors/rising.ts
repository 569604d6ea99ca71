/**
 * Totals by socket of counts that the kernel keeps by line and CPU, which may go, come back, wrap and begin anew. Totals
 * begin at 0 and never fall: what cannot be told from a disturbance is not counted.
 */

export interface Row {
  /** Which counter of the kernel: an IRQ, a word. */
  readonly line: string;
  /** Which series it adds to. */
  readonly series: string;
  /**
   * What it means when it is less than before: 32 bits were full (`wrapped`), the line was given away and begins again at
   * 0 (`begun_anew`), or the kernel corrected itself by a little, as it does with times (`corrected`).
   */
  readonly fallen: 'wrapped' | 'begun_anew' | 'corrected';
  /** By column. */
  readonly counts: readonly number[];
}

/** The kernel counts each CPU’s interrupts in 32 bits. */
const modulus = 2 ** 32;

export function createRising() {
  /** By series and socket. */
  const totals = new Map<string, Map<number, number>>();
  let before:
    | { readonly columns: readonly number[]; readonly counts: ReadonlyMap<string, readonly number[]> }
    | undefined;

  /** What a counter stood at, as far as it has been counted: a correction is waited out. */
  const reached = ({ line, fallen, counts }: Row): readonly number[] => {
    const earlier = fallen === 'corrected' ? before?.counts.get(line) : undefined;
    return earlier === undefined
      ? counts
      : counts.map((count, column) => Math.max(count, earlier[column] ?? count));
  };

  function gainOf({ line, fallen, counts }: Row, column: number): number {
    const now = counts[column] ?? 0;
    // A line that was not looked at before: nobody knows what of it is new.
    const earlier = before?.counts.get(line)?.[column] ?? now;
    if (now >= earlier) return now - earlier;
    if (fallen === 'wrapped') return now + modulus - earlier;
    return fallen === 'begun_anew' ? now : 0;
  }

  return {
    /** `columns`: the CPU of each; `socketOf`: where that lies. */
    add(
      columns: readonly number[],
      rows: readonly Row[],
      socketOf: (cpu: number) => number | undefined,
    ): void {
      // A CPU that was offline comes back with its history: nobody knows what of it is new.
      const same = before !== undefined && before.columns.join() === columns.join();
      for (const row of rows) {
        const sums = totals.get(row.series) ?? new Map<number, number>();
        totals.set(row.series, sums);
        for (const [column, cpu] of columns.entries()) {
          const socket = socketOf(cpu);
          if (socket === undefined) continue;
          const gain = same ? gainOf(row, column) : 0;
          sums.set(socket, (sums.get(socket) ?? 0) + gain);
        }
      }
      const counts = new Map(rows.map((row) => [row.line, same ? reached(row) : row.counts]));
      before = { columns, counts };
    },
    /** By socket; undefined for a series that never was. */
    totalsOf: (series: string): ReadonlyMap<number, number> | undefined => totals.get(series),
  };
}

export type Rising = ReturnType<typeof createRising>;
