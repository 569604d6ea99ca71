import { z } from 'zod';

/** Minute, hour, day of month, month, day of week (0 and 7 are Sunday). */
const fields = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** February has its 29th now and then. */
const daysOfMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Numbers, ranges, lists and steps; no names, no seconds and no `5/10`, which not every cron knows. */
// > 17 3 * * *
// > */10 0-6,22 * * 1-5
export function isCron(text: string): boolean {
  const given = text.split(' ');
  if (given.length !== fields.length) return false;
  const parts = fields.map(([min, max], index) =>
    (given[index] ?? '').split(',').map((part) => valuesOf(part, min, max)),
  );
  if (parts.flat().some((values) => values.length === 0)) return false;
  const [, , days = [], months = []] = parts.map((lists) => lists.flat());
  return months.some((month) => days.some((day) => day <= (daysOfMonth[month - 1] ?? 0)));
}

/** What one part of a field stands for; nothing where it is wrong. */
function valuesOf(part: string, min: number, max: number): number[] {
  const [found, from, to, every] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part) ?? [];
  if (found === undefined || (from !== undefined && to === undefined && every !== undefined)) return [];
  const first = Number(from ?? min);
  const last = Number(to ?? from ?? max);
  const step = Number(every ?? 1);
  if (first < min || last > max || step < 1) return [];
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}

export const cronOption = z
  .string()
  .refine(isCron, { error: 'not a time of cron' })
  .nullable()
  .meta({ allowed: 'five fields of cron, as in "17 3 * * *", or null for never' });
