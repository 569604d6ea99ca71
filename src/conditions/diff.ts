import { conditions } from './all.ts';
import type { ConditionsDocument, Saved } from './document.ts';

export interface Row {
  readonly condition: string;
  /** Null: not recorded. */
  readonly here: string | null;
  readonly there: string | null;
  /** Null where one of the two is not recorded: that is no difference. */
  readonly same: boolean | null;
  /** A difference in it can move a NUMA number. What the operator wrote down is there because it matters. */
  readonly moves: boolean;
}

export function diff(
  here: Pick<ConditionsDocument, 'conditions' | 'extra'>,
  there: Pick<Saved, 'conditions' | 'extra'>,
): readonly Row[] {
  const given = new Set([...Object.keys(here.extra), ...Object.keys(there.extra)]);
  return [
    ...conditions.map(({ name, moves }) =>
      row(name, recorded(here.conditions[name]), recorded(there.conditions[name]), moves),
    ),
    ...[...given].toSorted().map((key) => row(key, here.extra[key] ?? null, there.extra[key] ?? null, true)),
  ];
}

export const differs = (rows: readonly Row[]): boolean =>
  rows.some(({ same, moves }) => moves && same === false);

const row = (condition: string, here: string | null, there: string | null, moves: boolean): Row => ({
  condition,
  here,
  there,
  same: here === null || there === null ? null : here === there,
  moves,
});

const recorded = (read: object | undefined): string | null =>
  read && 'value' in read ? String(read.value) : null;
