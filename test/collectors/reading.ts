import { run } from '../../src/run.ts';
import type { Source } from '../../src/source.ts';
import { readTopology } from '../../src/topology/read.ts';
import { fakeWorld } from '../fakeWorld.ts';
import { filesOf } from '../fakes.ts';
import { machine } from '../machines.ts';
import type { MachineName } from '../machines.ts';

export type Tree = Record<string, string | Error>;

/**
 * A source on a machine whose files the test may change between readings. Each is told as lines, `name values-of-labels
 * value` without the prefix, or as the one line why there are none.
 */
export async function on(name: MachineName, source: Source, changes: Tree = {}) {
  const tree: Tree = { ...machine(name), ...changes };
  const files = filesOf(tree);
  const world = fakeWorld(files, await readTopology(files));
  const read = async (): Promise<string[]> => {
    const outcome = await run(source, world, 5);
    if (outcome.status !== 'ok') return [`${outcome.status}: ${outcome.error.message}`];
    return outcome.samples.map(
      ({ metric, labels, value }) =>
        `${metric.name.replace('numacanary_', '')} ${Object.values(labels).join(' ')} ${JSON.stringify(value)}`,
    );
  };
  return { tree, world, read };
}
