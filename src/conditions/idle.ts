import { Absent, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { spread, text, word } from './condition.ts';
import type { Condition } from './condition.ts';

export const idle: readonly Condition[] = [
  {
    name: 'cpuidle_driver',
    group: 'idle',
    what: 'Driver of the idle states, cpuidle/current_driver.',
    moves: true,
    changes: false,
    unpublished: 'the names of its states tell it apart',
    read: ({ files }) => word(files, '/sys/devices/system/cpu/cpuidle/current_driver'),
  },
  {
    name: 'idle_state',
    group: 'idle',
    what: 'Deepest idle state that is not disabled, cpuidle/stateN of the first CPU of each core; what /dev/cpu_dma_latency forbids is not seen.',
    moves: true,
    changes: true,
    counted: true,
    async read({ files, topology: { cores } }) {
      const [named] = cores;
      const nothing = 'no idle states: the hypervisor idles, or idle=poll';
      if (!named) throw new Absent(nothing);
      const states = await statesOf(files, named.id);
      if (states.length === 0) throw new Absent(nothing);
      return spread(
        cores.map(({ id }) => deepest(files, id, states)),
        nothing,
      );
    },
  },
];

interface State {
  readonly folder: string;
  readonly name: string;
}

/** Deepest first. All CPUs have the same ones. */
async function statesOf(files: Files, cpu: number): Promise<State[]> {
  const root = `/sys/devices/system/cpu/cpu${cpu}/cpuidle`;
  const folders = ((await files.list(root).catch(nullIfAbsent)) ?? []).filter((name) =>
    /^state\d+$/.test(name),
  );
  const states = await Promise.all(
    folders.map(async (folder) => ({ folder, name: await nameOf(files, `${root}/${folder}/name`) })),
  );
  return states.toReversed();
}

/** Of most drivers a word; `haltpoll idle` is two. */
const nameOf = async (files: Files, path: string) => (await text(files, path)).replaceAll(/\s+/g, '_');

async function deepest(files: Files, cpu: number, states: readonly State[]): Promise<string> {
  for (const { folder, name } of states) {
    if ((await word(files, `/sys/devices/system/cpu/cpu${cpu}/cpuidle/${folder}/disable`)) === '0')
      return name;
  }
  return 'none';
}
