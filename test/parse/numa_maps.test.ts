import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseNumaMaps } from '../../src/parse/numa_maps.ts';

const plain = (text: string) =>
  parseNumaMaps(text).map(({ start, policy, bytes }) => [start, policy, Object.fromEntries(bytes)]);

describe('parseNumaMaps', () => {
  it.each([
    [
      '7f2726267000 default anon=8192 dirty=8192 active=0 N0=2 N1=8190 kernelpagesize_kB=4',
      ['7f2726267000', 'default', { 0: 8192, 1: 33_546_240 }],
    ],
    [
      '55d0c8a00000 bind:0 file=/opt/a\\040b\\040(deleted) mapped=12 mapmax=3 N0=12 kernelpagesize_kB=4',
      ['55d0c8a00000', 'bind:0', { 0: 49_152 }],
    ],
    ['1000 default heap anon=1 dirty=1 N0=1 kernelpagesize_kB=4', ['1000', 'default', { 0: 4096 }]],
    ['1000 default stack anon=1 dirty=1 N12=1 kernelpagesize_kB=64', ['1000', 'default', { 12: 65_536 }]],
    [
      '2000 bind=static:0-1 file=/dev/hugepages/x huge anon=2 N1=2 kernelpagesize_kB=2048',
      ['2000', 'bind=static:0-1', { 1: 4_194_304 }],
    ],
    // Two policies have a blank in their names (mm/mempolicy.c).
    [
      '1000 prefer (many):0,2 anon=1 dirty=1 N0=1 kernelpagesize_kB=4',
      ['1000', 'prefer (many):0,2', { 0: 4096 }],
    ],
    [
      '1000 weighted interleave:0-1 file=/x N0=1 kernelpagesize_kB=4',
      ['1000', 'weighted interleave:0-1', { 0: 4096 }],
    ],
    // What a newer kernel adds.
    ['1000 default N0=1 wonder=5 kernelpagesize_kB=4 colour=blue', ['1000', 'default', { 0: 4096 }]],
    ['1000 default file=/a N7=3 N0=1 kernelpagesize_kB=4', ['1000', 'default', { 0: 4096, 7: 12_288 }]],
  ])('reads %j', (line, mapping) => {
    expect(plain(`${line}\n`)).toEqual([mapping]);
  });

  it('leaves out mappings without pages, and a kernel thread has none at all', () => {
    expect(plain('7ffd0000 default\n7ffe0000 default file=/a\n')).toEqual([]);
    expect(plain('')).toEqual([]);
  });

  it.each([
    'default N0=1',
    'xyz default N0=1 kernelpagesize_kB=4',
    '1000 default N0=1',
    '1000 default N0=99999999999999999999 kernelpagesize_kB=4',
    '1000',
  ])('refuses %j', (text) => {
    expect(() => parseNumaMaps(text)).toThrow(ParseError);
  });

  it('gives whole numbers or a ParseError, whatever it is given', () => {
    const word = fc.constantFrom(
      '1000',
      'default',
      'N0=1',
      'N1=',
      'N99=7',
      'kernelpagesize_kB=4',
      'file=N0=3',
      '\n',
      ' ',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          for (const { bytes } of parseNumaMaps(given)) {
            for (const [node, value] of bytes) {
              expect(Number.isSafeInteger(node) && node >= 0).toBe(true);
              expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
            }
          }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ParseError);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
