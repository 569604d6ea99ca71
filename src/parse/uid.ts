import { ParseError } from '../errors.ts';

/** The effective user of a task, from its /proc/<pid>/status: real, effective, saved, of the file system. */
// > Uid:	1000	1000	1000	1000
// > Uid:	0	65534	0	0
export function parseUid(text: string): number {
  const id = /^Uid:\s*\d+\s+(\d{1,10})\s/m.exec(text)?.[1];
  if (id === undefined) throw new ParseError('status: no Uid');
  return Number(id);
}
