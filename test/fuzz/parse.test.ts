import { readFileSync, readdirSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { odd, runs } from './mutations.ts';
import { promises } from './parsers.ts';

const files = readdirSync('src/parse')
  .map((name) => name.replace(/\.ts$/, ''))
  .toSorted();
const sourceOf = (file: string) => readFileSync(`src/parse/${file}.ts`, 'utf8');

/** The real lines in the comments of a parser: each by itself, those that stand together, and all. */
function goods(file: string): readonly string[] {
  const blocks = [...sourceOf(file).matchAll(/(?:^\/\/ >.*\n)+/gm)].map(([block]) =>
    block.replaceAll(/^\/\/ > ?/gm, ''),
  );
  return [
    ...new Set([...blocks, blocks.join(''), ...blocks.flatMap((block) => block.trimEnd().split('\n'))]),
  ];
}

const parsers = files.flatMap((file) =>
  Object.entries(promises[file] ?? {}).map(([name, holds]) => ({ file, name, holds })),
);

/** What the kernel says up to some point, then one piece over and over, and then what ends no such run. */
function longRun(examples: readonly string[]): fc.Arbitrary<(length: number) => string> {
  const piece = fc.constantFrom(
    ' ',
    '\t',
    '1',
    'a',
    '"',
    ',',
    '-',
    ':',
    '\n',
    '=',
    '[',
    '\\"',
    ', a:',
    ' N0=',
    ', DNS:"',
    '1.',
  );
  const start = fc.tuple(fc.constantFrom('', ...examples), fc.double({ min: 0, max: 1, noNaN: true }));
  return fc
    .record({ piece, start, end: fc.constantFrom('', '\n', '!', '"', '\0') })
    .map(({ piece, start: [example, at], end }) => {
      const before = example.slice(0, Math.round(at * example.length));
      return (length: number) => before + piece.repeat(length / piece.length) + end;
    });
}

/** Of CPU and not of the clock on the wall: whoever else the machine works for. */
function cpuMsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** A value of which the promise holds, or the parser's own word that there is none. */
function kept(holds: (text: string) => void, text: string): void {
  try {
    holds(text);
  } catch (thrown) {
    if (!(thrown instanceof ParseError)) throw thrown;
  }
}

describe('what is fuzzed', () => {
  it('is every file of src/parse and all that it exports', () => {
    const listed = Object.entries(promises).map(([file, all]) => [file, Object.keys(all).toSorted()]);
    const exported = files.map((file) => {
      const names = [...sourceOf(file).matchAll(/^export (?:async )?(?:function|const) (\w+)/gm)];
      return [file, names.map(([, name = '']) => name).toSorted()];
    });
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(exported));
  });

  it('begins with what the kernel really says, which each file shows above its parser', () => {
    expect(files.filter((file) => goods(file).length === 0)).toEqual([]);
  });
});

describe.each(parsers)('$name', ({ file, holds }) => {
  const examples = goods(file);

  it('keeps its promise or refuses, whatever it is given', () => {
    fc.assert(
      fc.property(odd(examples), (text) => kept(holds, text)),
      { numRuns: runs(400) },
    );
  });

  // Of a regular expression that tries all over again: at the square of the length it would be a thousand times as long.
  it('takes no longer than a long text is long', () => {
    fc.assert(
      fc.property(longRun(examples), (textOf) => {
        const short = cpuMsOf(() => kept(holds, textOf(2048)));
        const long = cpuMsOf(() => kept(holds, textOf(32 * 2048)));
        expect(long).toBeLessThan(128 * short + 200);
      }),
      { numRuns: runs(40) },
    );
  });
});
