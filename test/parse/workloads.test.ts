import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseCpuManagerState } from '../../src/parse/cpu_manager_state.ts';
import { parseMemoryNumaStat } from '../../src/parse/memory_numa_stat.ts';
import { parseStalled } from '../../src/parse/pressure.ts';

describe('parseMemoryNumaStat', () => {
  it('reads version 2, and knows parts from kinds of parts', () => {
    const text = 'anon N0=135168 N1=4096\nfile N0=8192 N1=0\nanon_thp N0=2097152 N1=0\nfrobs N0=1\n';
    const { anon, file } = parseMemoryNumaStat(text);
    expect([[...anon], [...file]]).toEqual([
      [
        [0, 135_168],
        [1, 4096],
      ],
      [
        [0, 8192],
        [1, 0],
      ],
    ]);
  });

  it('reads version 1 with its children', () => {
    const text =
      'total=44 N0=32 N1=12\nfile=4 N0=4 N1=0\nanon=40 N0=28 N1=12\nhierarchical_total=50 N0=38 N1=12\n' +
      'hierarchical_file=5 N0=5 N1=0\nhierarchical_anon=45 N0=33 N1=12\n';
    expect(parseMemoryNumaStat(text)).toEqual({
      anon: new Map([
        [0, 33],
        [1, 12],
      ]),
      file: new Map([
        [0, 5],
        [1, 0],
      ]),
    });
  });

  it.each(['', 'anon N0=1', 'anon N0=1\nfile N0=', 'anon N0=x\nfile N0=1', 'anon\nfile N0=1', 'anon N0=-1\nfile N0=1'])(
    'refuses %j',
    (text) => {
      expect(() => parseMemoryNumaStat(text)).toThrow(ParseError);
    },
  ); // prettier-ignore
});

describe('parseStalled', () => {
  it('has seconds, and null where the kernel does not say', () => {
    const some = 'some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n';
    expect(parseStalled(some)).toEqual({ some: 2.5, full: null });
    expect(parseStalled(`${some}full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n`)).toEqual({
      some: 2.5,
      full: 1e-6,
    });
  });
  it.each(['', 'full avg10=0 total=5', 'some avg10=0.00 total=', 'some total=-5'])('refuses %j', (text) => {
    expect(() => parseStalled(text)).toThrow(ParseError);
  });
});

describe('parseCpuManagerState', () => {
  it('reads both policies', () => {
    expect(
      parseCpuManagerState(
        '{"policyName":"static","defaultCpuSet":"0,4-7","entries":{"u":{"app":"1-2","side":"3"}},"checksum":1}',
      ),
    ).toEqual({ policy: 'static', shared: [0, 4, 5, 6, 7], exclusive: [1, 2, 3] });
    expect(parseCpuManagerState('{"policyName":"none","defaultCpuSet":"","checksum":1}')).toEqual({
      policy: 'none',
      shared: [],
      exclusive: [],
    });
  });

  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"policyName":"static"}',
    '{"policyName":3,"defaultCpuSet":""}',
    '{"policyName":"st\\"atic","defaultCpuSet":"0"}',
    '{"policyName":"static","defaultCpuSet":"zero"}',
    '{"policyName":"static","defaultCpuSet":"0","entries":[]}',
    '{"policyName":"static","defaultCpuSet":"0","entries":{"u":{"app":5}}}',
    '{"policyName":"static","defaultCpuSet":"0-3","entries":{"u":{"app":"0-',
  ])('refuses %j, and whoever asked goes by cpusets', (text) => {
    expect(() => parseCpuManagerState(text)).toThrow(ParseError);
  });
});

it.each([
  ['parseMemoryNumaStat', parseMemoryNumaStat],
  ['parseStalled', parseStalled],
  ['parseCpuManagerState', parseCpuManagerState],
] as const)('%s gives a value or refuses, whatever it is given', (_, parse) => {
  const word = fc.constantFrom('anon', 'file', ' N0=', '12', '\n', '-1', 'some avg10=', 'total=', '{"policyName":"none","defaultCpuSet":', '"0-1"', '}', '9'.repeat(25)); // prettier-ignore
  const text = fc.oneof(fc.string(), fc.json(), fc.array(word, { maxLength: 12 }).map((words) => words.join(''))); // prettier-ignore
  fc.assert(
    fc.property(text, (given) => {
      try {
        parse(given);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ParseError);
      }
    }),
    { numRuns: 1000 },
  );
});
