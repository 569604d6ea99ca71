import * as fc from 'fast-check';

/** How many cases each property tries; NUMACANARY_FUZZ_RUNS for as many as there is time for. */
export const runs = (unset: number) => Number(process.env['NUMACANARY_FUZZ_RUNS'] ?? unset);

type Mutation = (text: string, at: number, junk: string) => string;

const lineAt = (lines: readonly string[], at: number) => Math.floor(at * lines.length);

const inPlaceOfDigits = (text: string, at: number, junk: string) => {
  const from = Math.floor(at * text.length);
  return text.slice(0, from) + text.slice(from).replace(/\d+/, () => junk);
};

export const mutations: Readonly<Record<string, Mutation>> = {
  'cut short': (text, at) => text.slice(0, Math.floor(at * text.length)),
  empty: () => '',
  'all of it junk': (_, __, junk) => junk,
  'a line lost': (text, at) => {
    const lines = text.split('\n');
    return lines.toSpliced(lineAt(lines, at), 1).join('\n');
  },
  'a line twice': (text, at) => {
    const lines = text.split('\n');
    const index = lineAt(lines, at);
    return lines.toSpliced(index, 0, lines[index] ?? '').join('\n');
  },
  'a line of junk': (text, at, junk) => {
    const lines = text.split('\n');
    return lines.toSpliced(lineAt(lines, at), 0, junk).join('\n');
  },
  'digits of junk': inPlaceOfDigits,
  'a number beyond all bounds': (text, at) => inPlaceOfDigits(text, at, '99999999999999999999999'),
  'a number below zero': (text, at) => inPlaceOfDigits(text, at, '-7'),
};

/** What only a text by itself can be: a whole machine has nowhere to put it. */
const harsher: Readonly<Record<string, Mutation>> = {
  'a number that is infinite': (text, at) => inPlaceOfDigits(text, at, '9'.repeat(400)),
  'a word of junk': (text, at, junk) =>
    text.replace(text.split(/\s+/).at(Math.floor(at * 20)) ?? '', () => junk),
  'a character of junk': (text, at, junk) => {
    const from = Math.floor(at * text.length);
    return text.slice(0, from) + junk.slice(0, 1) + text.slice(from + 1);
  },
  'a name of what every object has': (text, at) => {
    const from = Math.floor(at * text.length);
    return text.slice(0, from) + text.slice(from).replace(/[A-Za-z_]+/, '__proto__');
  },
  'bytes that are no text': (text, at) => {
    const from = Math.floor(at * text.length);
    return `${text.slice(0, from)}\0\uFEFF\uD800\t${text.slice(from)}`;
  },
};

const mutation = fc.record({
  mutate: fc.constantFrom(...Object.values({ ...mutations, ...harsher })),
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  junk: fc.string({ unit: 'binary', maxLength: 40 }),
});

/** A good text spoiled a few times over, its pieces put together at random, or nothing like it. */
export function odd(goods: readonly string[]): fc.Arbitrary<string> {
  const pieces = goods.flatMap((good) => good.split(/(?<=[\s=:,])|(?=[\s=:,])/));
  const spoiled = fc
    .tuple(fc.constantFrom(...goods), fc.array(mutation, { minLength: 1, maxLength: 3 }))
    .map(([good, all]) => all.reduce((text, { mutate, at, junk }) => mutate(text, at, junk), good));
  const patched = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((all) => all.join(''));
  return fc.oneof(
    { weight: 6, arbitrary: spoiled },
    { weight: 3, arbitrary: patched },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  );
}
