import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { parseChoice } from '../../src/parse/choice.ts';
import { parseParameter } from '../../src/parse/cmdline.ts';
import { parseKernelConfig } from '../../src/parse/kernel_config.ts';
import { parseSwaps } from '../../src/parse/swaps.ts';
import { parseVulnerability } from '../../src/parse/vulnerability.ts';

describe('parseChoice', () => {
  it.each([
    ['always [madvise] never\n', 'madvise'],
    ['always defer [defer+madvise] madvise never', 'defer+madvise'],
    ['none (voluntary) full lazy\n', 'voluntary'],
  ])('of %j is %s', (text, word) => expect(parseChoice(text)).toBe(word));

  it.each(['', 'always', '[a] [b]', '[]'])('refuses %j', (text) =>
    expect(() => parseChoice(text)).toThrow(ParseError),
  );
});

describe('parseParameter', () => {
  it.each([
    ['ro rcu_nocbs=2-15 quiet', ['2-15']],
    ['rcu_nocbs rcu_nocbs=1', ['', '1']],
    ['ro xrcu_nocbs=2 rcu_nocbs_poll', []],
    ['dyndbg="file a rcu_nocbs=9" ro', []],
    ['ro -- rcu_nocbs=3', []],
  ])('of %j is %j', (text, values) => expect(parseParameter(text, 'rcu_nocbs')).toEqual(values));
});

describe('parseKernelConfig', () => {
  it('takes what is set, and n for the rest', () => {
    const text =
      '# Automatically generated\nCONFIG_HZ=250\n# CONFIG_A is not set\nCONFIG_B=m\nCONFIG_C="x"\n';
    expect(parseKernelConfig(text, ['HZ', 'A', 'B', 'C'])).toEqual({ HZ: '250', A: 'n', B: 'm', C: 'n' });
  });

  it('refuses what is none', () => expect(() => parseKernelConfig('hello', ['HZ'])).toThrow(ParseError));
});

describe('parseVulnerability', () => {
  it.each([
    ['Not affected\n', 'not_affected', ''],
    ['Mitigation: Enhanced / Automatic IBRS; IBPB: conditional', 'mitigated', 'enhanced_automatic_ibrs'],
    ['Mitigation: Retpolines, IBPB: conditional', 'mitigated', 'retpolines'],
    ['Mitigation: PTI', 'mitigated', 'pti'],
    ['Vulnerable: Clear CPU buffers attempted, no microcode', 'vulnerable', ''],
    ['KVM: Mitigation: VMX disabled', 'mitigated', 'vmx_disabled'],
    ['Processor vulnerable', 'vulnerable', ''],
  ])('of %j is %s %s', (text, state, remedy) => expect(parseVulnerability(text)).toEqual({ state, remedy }));

  it('refuses what it does not know', () => expect(() => parseVulnerability('fine')).toThrow(ParseError));
});

describe('parseSwaps', () => {
  const head = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n';
  it.each([
    [head, []],
    [
      `${head}/dev/zram0  partition\t8388604\t0\t100\n/swapfile  file\t1\t0\t-2\n/dev/sda2 partition 1 0 -3\n`,
      ['file', 'partition', 'zram'],
    ],
  ])('of %j is %j', (text, kinds) => expect(parseSwaps(text)).toEqual(kinds));

  it.each(['', 'x', `${head}nonsense`])('refuses %j', (text) =>
    expect(() => parseSwaps(text)).toThrow(ParseError),
  );
});

describe('any text', () => {
  const parsers = [
    parseChoice,
    parseVulnerability,
    parseSwaps,
    (text: string) => parseKernelConfig(text, ['HZ']),
    (text: string) => parseParameter(text, 'rcu_nocbs'),
  ];
  it.each(parsers.map((parse, index) => [index, parse] as const))(
    'gives a value or a ParseError (%i)',
    (_, parse) => {
      const pieces = fc.constantFrom(
        '[',
        ']',
        'CONFIG_',
        '=',
        '"',
        ' ',
        '\n',
        'Mitigation: ',
        'Filename',
        'rcu_nocbs',
        '\0',
      );
      const given = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(pieces).map((all) => all.join('')),
      );
      fc.assert(
        fc.property(given, (text) => {
          try {
            parse(text);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(ParseError);
          }
        }),
        { numRuns: 2000 },
      );
    },
  );
});
