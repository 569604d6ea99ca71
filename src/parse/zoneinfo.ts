import { ParseError } from '../errors.ts';

/**
 * Pages below which a node's zones wake kswapd and hand out no more without it, by node: their low watermarks together.
 * The file has four lines for each CPU in each zone, megabytes on a large machine: what is not asked for is not looked at.
 */
// > Node 0, zone   Normal
// >         low      16384
export function parseLowWatermarks(text: string): ReadonlyMap<number, number> {
  const pages = new Map<number, number>();
  let node: number | undefined;
  let open = false;
  for (const [, zoneOf, low] of text.matchAll(/^(?:Node (\d{1,5}), zone +\S+| {8}low +(\d{1,15}))$/gm)) {
    if (zoneOf !== undefined) {
      // A zone without its watermark is a file that was cut short.
      if (open) break;
      node = Number(zoneOf);
      open = true;
    } else if (node !== undefined && open) {
      pages.set(node, (pages.get(node) ?? 0) + Number(low));
      open = false;
    }
  }
  if (open || pages.size === 0) throw new ParseError('zoneinfo: no low watermark for every zone');
  return pages;
}
