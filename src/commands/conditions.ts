import { conditions } from '../conditions/all.ts';
import { groups } from '../conditions/condition.ts';
import type { Read } from '../conditions/condition.ts';
import type { Row } from '../conditions/diff.ts';
import type { ConditionsDocument, Saved } from '../conditions/document.ts';
import type { Check } from '../conditions/ladder.ts';
import { formatTable } from './format.ts';

/** The checklist as a person reads it: what the host is set to, what speaks against its numbers, what to do. */
export function conditionsText({
  host,
  takenAt,
  conditions: reading,
  extra,
  checks,
}: ConditionsDocument): string {
  const known = groups.flatMap((group) => [
    group,
    ...lines(conditions.filter((one) => one.group === group).map(({ name }) => [name, told(reading[name])])),
  ]);
  const given = Object.entries(extra);
  return [
    `${host.name}: ${host.cpuModel}, ${host.sockets} sockets, ${host.numaNodes} NUMA nodes, at ${takenAt}`,
    '',
    ...known,
    ...(given.length > 0 ? ['given by the operator', ...lines(given)] : []),
    '',
    'Would these numbers be found again?',
    ...checks.flatMap(checkLines),
    '',
  ].join('\n');
}

/** What `--diff` prints. */
export function diffText(
  rows: readonly Row[],
  here: Pick<ConditionsDocument, 'host' | 'takenAt'>,
  there: Pick<Saved, 'host' | 'takenAt'>,
): string {
  const table = formatTable(
    [
      ['condition', 'here', 'there', 'same?'],
      ...rows.map((row) => [row.condition, row.here ?? unrecorded, row.there ?? unrecorded, verdictOf(row)]),
    ],
    4,
  );
  const moving = rows.filter(({ same, moves }) => moves && same === false).length;
  const verdict =
    moving === 0
      ? 'Nothing that is recorded on both sides and can move a NUMA number differs.'
      : `${moving} of what differs can move a NUMA number.`;
  return `here ${host(here)}, there ${host(there)}\n\n${table}\n\n${verdict}\n`;
}

const unrecorded = 'not recorded';

const host = ({ host: { name }, takenAt }: Pick<Saved, 'host' | 'takenAt'>) => `${name} at ${takenAt}`;

function verdictOf({ same, moves }: Row): string {
  if (same === null) return unrecorded;
  if (same) return 'same';
  return moves ? 'DIFFERENT' : 'different, moves no NUMA number';
}

const told = (read: Read | undefined): string => {
  if (!read) return unrecorded;
  return 'value' in read ? read.value : `- ${read.status}: ${read.reason}`;
};

const lines = (rows: readonly (readonly string[])[]) =>
  formatTable(rows, 2)
    .split('\n')
    .map((line) => `  ${line}`);

const marks: Readonly<Record<Check['state'], string>> = {
  met: 'met',
  not_met: 'NOT MET',
  unknown: 'unknown',
};

const checkLines = ({ check, state, why, advice }: Check) => [
  `  ${marks[state].padEnd(9)}${check.padEnd(19)}${why}`,
  ...(advice === '' ? [] : [`${' '.repeat(30)}${advice}`]),
];
