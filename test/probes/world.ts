import type { Files, Native } from '../../src/host/host.ts';
import { courtesyOptions, type CourtesyOptions } from '../../src/probes/courtesy.ts';
import { createVisitor } from '../../src/probes/visit.ts';
import type { Context, Source } from '../../src/source.ts';
import { readTopology } from '../../src/topology/read.ts';
import { fakeNative } from '../fakeNative.ts';
import { fakeClock, filesOf, silentLog } from '../fakes.ts';
import { machine, type MachineName, type MachineSpec } from '../machines.ts';

interface Wishes {
  readonly changes?: Partial<MachineSpec>;
  readonly native?: Native;
  /** Share of its time that a CPU is busy. */
  readonly busy?: (cpu: number) => number;
  readonly courtesy?: Partial<CourtesyOptions>;
  readonly files?: Readonly<Record<string, string>>;
}

/** A synthetic machine with a clock of its own, whose CPUs are as busy as is wished. */
export async function world(name: MachineName, wishes: Wishes = {}) {
  const { busy = () => 0.05, native = fakeNative() } = wishes;
  const clock = fakeClock();
  const tree: Record<string, string> = { ...machine(name, wishes.changes), ...wishes.files };
  const still = filesOf(tree);
  const topology = await readTopology(still);
  const stat = () =>
    topology.cpus
      .map(({ id }) => {
        const ticks = Math.round(clock.now() * 100);
        const used = Math.round(ticks * busy(id));
        return `cpu${id} ${used} 0 0 ${ticks - used} 0 0 0 0 0 0\n`;
      })
      .join('');
  const files: Files = {
    list: (path) => still.list(path),
    folders: (path) => still.folders(path),
    read: async (path) => (path === '/proc/stat' ? stat() : still.read(path)),
  };
  let stale = 0;
  const courtesy = { ...courtesyOptions.parse({}), ...wishes.courtesy };
  const visitor = createVisitor({ ...courtesy, onStaleTopology: () => (stale += 1) });
  const context: Context = {
    host: { files, clock, log: silentLog(), native },
    topology,
    signal: new AbortController().signal,
  };
  return {
    clock,
    tree,
    topology,
    visitor,
    courtesy,
    context,
    staleSignals: () => stale,
    /** One run of the source; time passes while it sleeps, and `seconds` in all. */
    async tick(source: Source, seconds: number, at = context) {
      const run = source.read(at);
      run.catch(() => {}); // looked at below, when time has passed
      await clock.advance(seconds);
      return run;
    },
  };
}
