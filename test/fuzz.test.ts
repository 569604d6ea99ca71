import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCollectorBooks, collectorKinds } from '../src/collectors/index.ts';
import { off } from '../src/collectors/kept.ts';
import type { Files } from '../src/host/host.ts';
import { reasonOf, run } from '../src/run.ts';
import type { Outcome } from '../src/run.ts';
import { ticks } from '../src/source.ts';
import type { Source } from '../src/source.ts';
import type { Topology } from '../src/topology.ts';
import { readTopology } from '../src/topology/read.ts';
import { fakeWorld } from './fakeWorld.ts';
import { fakeClock, filesOf } from './fakes.ts';
import { mutations, runs } from './fuzz/mutations.ts';
import { machine } from './machines.ts';

/** Of each machine; together with those of the parsers more than ten thousand. */
const cases = runs(2500);

/** Those that read files; what counts by the helper has tests of its own. */
const sourcesNow = (): readonly Source[] =>
  collectorKinds(createCollectorBooks(), { hardware: off, kernel: off, models: [] })
    .filter(({ name }) => !['pmu', 'kernel_events'].includes(name))
    .map((kind) => kind.make({}));

async function outcomeOf(name: string, files: Files, topology: Topology): Promise<Outcome> {
  const source = sourcesNow().find((one) => one.name === name);
  if (!source) throw new Error(`no source ${name}`);
  const clock = fakeClock();
  const world = fakeWorld(files, topology, undefined, clock);
  const reading = async () => {
    const running = run(source, world, 5);
    for (let beat = 0; beat < 12; beat += 1) await clock.advance(0.5);
    return running;
  };
  await reading();
  if (ticks(source)) await source.tick({ ...world, signal: new AbortController().signal }).catch(() => {});
  return reading();
}

/** Which source reads which files; of files alike, such as one for each CPU, the first. */
async function readersOf(tree: Readonly<Record<string, string>>, topology: Topology) {
  const readers: { readonly path: string; readonly source: string }[] = [];
  for (const { name } of sourcesNow()) {
    const seen = new Set<string>();
    const files = filesOf(tree);
    const read = (path: string) => {
      if (path in tree) seen.add(path);
      return files.read(path);
    };
    await outcomeOf(name, { ...files, read }, topology);
    const alike = new Map([...seen].toReversed().map((path) => [path.replaceAll(/\d+/g, 'N'), path]));
    readers.push(...[...alike.values()].map((path) => ({ path, source: name })));
  }
  return readers;
}

describe.each(['memory-only-node', 'two-socket'] as const)('files of %s that say something odd', (name) => {
  it('end in an error that is told or in numbers that can be, and never in a crash', async () => {
    const tree = machine(name);
    const topology = await readTopology(filesOf(tree));
    const readers = await readersOf(tree, topology);
    expect(readers.length).toBeGreaterThan(5);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...readers),
        fc.constantFrom(...Object.entries(mutations)),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.string({ unit: 'binary', maxLength: 40 }),
        async ({ path, source }, [, mutate], at, junk) => {
          const odd = { ...tree, [path]: mutate(tree[path] ?? '', at, junk) };
          const outcome = await outcomeOf(source, filesOf(odd), topology);
          // run() has checked the numbers of an ok one: finite, not negative, of declared labels.
          if (outcome.status === 'failed') {
            expect(reasonOf(outcome), `${source}: ${outcome.error.stack}`).toBe('unparsable');
          }
        },
      ),
      { numRuns: cases },
    );
  });
});
