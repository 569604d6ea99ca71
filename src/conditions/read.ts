import { conditions } from './all.ts';
import { unknownOf } from './condition.ts';
import type { Condition, Look, Read, Reading } from './condition.ts';

/** Beyond that a label is no label; what is longer is cut in the same place everywhere. */
const longest = 200;

/** Asks for each condition; one that cannot be had costs only itself. What cannot change is not asked for again. */
export async function readConditions(look: Look, before: Reading = {}): Promise<Reading> {
  const reads = await Promise.all(
    conditions.map(async (condition) => [condition.name, await readOne(condition, look, before)] as const),
  );
  return Object.fromEntries(reads);
}

async function readOne(condition: Condition, look: Look, before: Reading): Promise<Read> {
  const known = before[condition.name];
  if (known && 'value' in known && !condition.changes) return known;
  try {
    // A label that a kernel file fills may hold anything.
    return { value: (await condition.read(look)).replaceAll(/\p{C}/gu, '').slice(0, longest) };
  } catch (thrown) {
    return unknownOf(thrown);
  }
}
