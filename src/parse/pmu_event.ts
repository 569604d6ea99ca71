import { ParseError } from '../errors.ts';

/**
 * A file of /sys/bus/event_source/devices/<pmu>/events: what the kernel says of an event that it names itself. A field
 * without a value is 1, as for perf; one that the user is to give (`?`) makes it no event of ours.
 */
// > event=0x04,umask=0x03
// > type=0x200,eventid=0xd,occupid=0x1
export function parsePmuEvent(text: string): Readonly<Record<string, bigint>> {
  const terms = text
    .trim()
    .split(',')
    .map((term): [string, bigint] => {
      const [, field, value = '1'] = /^([a-z]\w*)(?:=(0x[0-9a-f]+|\d+))?$/i.exec(term.trim()) ?? [];
      if (field === undefined) throw new ParseError(`PMU event: ${JSON.stringify(text.slice(0, 100))}`);
      return [field, BigInt(value)];
    });
  return Object.fromEntries(terms);
}
