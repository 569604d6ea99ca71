import { conditions } from './all.ts';
import { valueOf } from './condition.ts';
import type { Reading } from './condition.ts';

export interface Change {
  /** ISO 8601, UTC: when it was seen, up to a period after it was made. */
  readonly at: string;
  readonly condition: string;
  readonly from: string;
  readonly to: string;
}

/** What is another value than the last one known. A file that is missing for a moment is no change. */
export function changesIn(
  last: ReadonlyMap<string, string>,
  reading: Reading,
  at: string,
): readonly Change[] {
  return conditions.flatMap(({ name, changes }) => {
    const [from, to] = [last.get(name), valueOf(reading, name)];
    return changes && from !== undefined && to !== null && from !== to
      ? [{ at, condition: name, from, to }]
      : [];
  });
}
