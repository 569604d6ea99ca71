import { ParseError } from '../errors.ts';

/**
 * The one number of a file of mon_data; null where the kernel has a word for not having one: no hardware counter is
 * following the group (Unavailable, Unassigned), or it could not be read (Error).
 */
// > 193460335812
// > Unavailable
export function parseMonitored(text: string): number | null {
  const said = text.trim();
  if (/^\d{1,20}$/.test(said)) return Number(said);
  if (['Unavailable', 'Unassigned', 'Error'].includes(said)) return null;
  throw new ParseError(`resctrl: ${JSON.stringify(text.slice(0, 100))}`);
}

/** The id of the L3 cache whose traffic a folder of mon_data holds; null for other folders: energy, other caches. */
// > mon_L3_00
// > mon_PERF_PKG_01
export function parseDomain(name: string): number | null {
  const id = /^mon_L3_(\d{1,7})$/.exec(name)?.[1];
  return id === undefined ? null : Number(id);
}
