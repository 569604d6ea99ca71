import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseNumaStatus } from '../../src/parse/numa_status.ts';

describe('parseNumaStatus', () => {
  it.each([
    ['Node:      250\nStatus:    online\nAddress:   40000000000\nSize:      3f0000000\n', 250],
    ['Node:      -1\nStatus:    disabled\n', null],
  ])('reads %j', (text, node) => {
    expect(parseNumaStatus(text)).toBe(node);
  });

  it.each(['', 'Status: online', 'Node: x'])('refuses %j', (text) => {
    expect(() => parseNumaStatus(text)).toThrow(ParseError);
  });
});
