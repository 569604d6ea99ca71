import { changesIn } from './changes.ts';
import type { Change } from './changes.ts';
import { counted } from './all.ts';
import { valueOf } from './condition.ts';
import type { Reading } from './condition.ts';
import { documentOf, isoTime } from './document.ts';
import type { ConditionsDocument, Taken } from './document.ts';

const mostChanges = 50;

/** What has been seen of conditions since the daemon started; it outlives a reload. */
export interface ConditionBooks {
  /** Takes a reading, and gives what is another value than before. */
  add(taken: Omit<Taken, 'changes'>): readonly Change[];
  /** The last one; empty before the first. */
  reading(): Reading;
  /** Null before the first reading. */
  document(): ConditionsDocument | null;
  counts(): ReadonlyMap<string, number>;
}

export function createConditionBooks(): ConditionBooks {
  let current: Omit<Taken, 'changes'> | undefined;
  let changes: readonly Change[] = [];
  const last = new Map<string, string>();
  const counts = new Map(counted.map(({ name }) => [name, 0]));
  return {
    add(taken) {
      const { reading, wall } = taken;
      const seen = changesIn(last, reading, isoTime(wall));
      for (const { condition } of seen) {
        const count = counts.get(condition);
        if (count !== undefined) counts.set(condition, count + 1);
      }
      for (const name of Object.keys(reading)) {
        const value = valueOf(reading, name);
        if (value !== null) last.set(name, value);
      }
      changes = [...changes, ...seen].slice(-mostChanges);
      current = taken;
      return seen;
    },
    reading: () => current?.reading ?? {},
    document: () => (current ? documentOf({ ...current, changes }) : null),
    counts: () => counts,
  };
}
