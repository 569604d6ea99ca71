import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parsePmuEvent } from '../../src/parse/pmu_event.ts';

describe('an event that the kernel names', () => {
  it.each([
    ['event=0x04,umask=0x03\n', { event: 4n, umask: 3n }],
    ['event=0x11', { event: 17n }],
    ['type=0x200,eventid=0xd,occupid=0x1', { type: 512n, eventid: 13n, occupid: 1n }],
    ['event=10,edge,umask=0xc816fe01', { event: 10n, edge: 1n, umask: 0xc816fe01n }],
  ])('%j is its fields', (text, fields) => expect(parsePmuEvent(text)).toEqual(fields));

  it.each(['', '0x11', 'event=', 'event=?', 'event=0x1,,umask=1', 'event=-1', 'a b'])('refuses %j', (text) =>
    expect(() => parsePmuEvent(text)).toThrow(ParseError),
  );
});
