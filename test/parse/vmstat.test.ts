import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseMeminfo } from '../../src/parse/meminfo.ts';
import { parsePageSize } from '../../src/parse/page_size.ts';
import { parseVmstat, vmstatCounter } from '../../src/parse/vmstat.ts';
import { parseLowWatermarks } from '../../src/parse/zoneinfo.ts';

describe('parseVmstat', () => {
  it('keeps every name there is, those of kernels to come too', () => {
    const text = 'nr_free_pages 786150\nnuma_hint_faults 0\nnuma_frobnicated 12\n';
    expect([...parseVmstat(text)]).toEqual([
      ['nr_free_pages', 786_150],
      ['numa_hint_faults', 0],
      ['numa_frobnicated', 12],
    ]);
  });

  it.each(['', 'numa_hit', 'numa_hit 12\nnuma_miss', 'numa_hit -1', 'numa_hit 1.5', 'Node 0 12', 'numa_hit 1 2'])(
    'refuses %j',
    (text) => {
      expect(() => parseVmstat(text)).toThrow(ParseError);
    },
  ); // prettier-ignore
});

describe('vmstatCounter', () => {
  const text = 'numa_hit 7\npgmigrate_success 12\npgmigrate_fail -1\nnr_x';
  it('finds one by its whole name', () => {
    expect(vmstatCounter(text, 'pgmigrate_success')).toBe(12);
    expect(vmstatCounter(text, 'migrate_success')).toBeUndefined();
    expect(vmstatCounter(text, 'pgmigrate')).toBeUndefined();
  });

  it('refuses what is no count', () => {
    expect(() => vmstatCounter(text, 'pgmigrate_fail')).toThrow(ParseError);
    expect(() => vmstatCounter('numa_hit 7\npgmigrate_success 1', 'pgmigrate_success')).toThrow(ParseError);
  });
});

const zone = (node: number, name: string, low: number | string) =>
  `Node ${node}, zone ${name.padStart(8)}\n  per-node stats\n      nr_inactive_anon 12\n  pages free     3840\n` +
  `        boost    0\n        min      8\n        low      ${low}\n        high     12\n        protection: (0, 2, 3)\n` +
  '  pagesets\n    cpu: 0\n              count: 0\n              high:  0\n';

describe('parseLowWatermarks', () => {
  it('adds up the zones of a node', () => {
    const text = [
      zone(0, 'DMA', 10),
      zone(0, 'DMA32', 200),
      zone(0, 'Normal', 3000),
      zone(250, 'Movable', 7),
    ];
    expect([...parseLowWatermarks(text.join(''))]).toEqual([
      [0, 3210],
      [250, 7],
    ]);
  });

  it.each(['', 'Node 0, zone Normal\n', zone(0, 'DMA', 10) + 'Node 0, zone   Normal\n', zone(0, 'DMA', 'x')])(
    'refuses a file that was cut short: %j',
    (text) => {
      expect(() => parseLowWatermarks(text)).toThrow(ParseError);
    },
  ); // prettier-ignore
});

it('parseMeminfo has bytes, and leaves out what is counted in pages of its own', () => {
  const text =
    '\nNode 3 MemFree:  12 kB\nNode 3 Active(anon):  4 kB\nNode 3 HugePages_Total:     8\nNode 3 Odd: x kB\n';
  expect([...parseMeminfo(text)]).toEqual([
    ['MemFree', 12_288],
    ['Active(anon)', 4096],
  ]);
});

describe('parsePageSize', () => {
  it('takes the smallest there is', () => {
    expect(
      parsePageSize('KernelPageSize:     2048 kB\nMMUPageSize: 4 kB\nKernelPageSize:       64 kB\n'),
    ).toBe(65_536);
  });

  it.each(['', 'KernelPageSize: 0 kB', 'KernelPageSize: 4 MB'])('refuses %j', (text) => {
    expect(() => parsePageSize(text)).toThrow(ParseError);
  });
});

it.each([
  ['parseVmstat', parseVmstat],
  ['parseLowWatermarks', parseLowWatermarks],
  ['parseMeminfo', parseMeminfo],
  ['parsePageSize', parsePageSize],
] as const)('%s gives numbers or refuses, whatever it is given', (_, parse) => {
  const word = fc.constantFrom('Node 0, zone Normal', 'low', 'numa_hit', 'MemFree:', 'kB', '12', '-1', '9'.repeat(30), '\n', '        low      '); // prettier-ignore
  const text = fc.oneof(fc.string(), fc.array(word, { maxLength: 12 }).map((words) => words.join(' '))); // prettier-ignore
  fc.assert(
    fc.property(text, (given) => {
      try {
        const parsed = parse(given);
        const numbers: number[] = typeof parsed === 'number' ? [parsed] : [...parsed.values()];
        expect(numbers.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ParseError);
      }
    }),
    { numRuns: 500 },
  );
});
