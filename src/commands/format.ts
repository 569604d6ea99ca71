/** Numbers and tables as a person reads them on a terminal. */

const none = '-';

/** `85 ns`, `1.24 us`, `3.1 ms`; three significant digits. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return none;
  const units = [
    ['s', 1],
    ['ms', 1e-3],
    ['us', 1e-6],
  ] as const;
  const [unit, scale] = units.find(([, scale]) => seconds >= scale) ?? ['ns', 1e-9];
  return `${threeDigits(seconds / scale)} ${unit}`;
}

/** `1.06 G/s`, `145 M/s`. */
export function formatRate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return none;
  const units = [
    ['G/s', 1e9],
    ['M/s', 1e6],
    ['k/s', 1e3],
  ] as const;
  const [unit, scale] = units.find(([, scale]) => perSecond >= scale) ?? ['/s', 1];
  return `${threeDigits(perSecond / scale)} ${unit}`;
}

/** Columns as wide as their widest cell, two spaces apart; the first are left-aligned, numbers are right-aligned. */
export function formatTable(rows: readonly (readonly string[])[], leftAligned = 1): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column < leftAligned ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
