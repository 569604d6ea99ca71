import type { Files, Native } from '../src/host/host.ts';
import type { Topology } from '../src/topology.ts';
import { readTopology } from '../src/topology/read.ts';
import { countingNative } from './countingNative.ts';
import { fakeNative } from './fakeNative.ts';
import { fakeClock, filesOf, silentLog } from './fakes.ts';
import { machine } from './machines.ts';
import type { MachineName } from './machines.ts';

const nothing: Topology = {
  identity: { vendor: '', family: 0, model: 0, stepping: 0, name: '', hypervisor: false },
  sockets: [],
  numaNodes: [],
  llcGroups: [],
  cores: [],
  cpus: [],
  distances: {},
  offlineCpus: [],
  warnings: [],
};

/** A host with nothing on it, and a clock that the test turns. */
export function fakeWorld(
  files: Files = filesOf({}),
  topology: Topology = nothing,
  native: Native = fakeNative(),
  clock = fakeClock(),
) {
  const log = silentLog();
  return { host: { files, clock, log, native }, topology, clock, log };
}

/** The same for one of the synthetic machines. */
export async function machineWorld(name: MachineName, native?: Native) {
  const files = filesOf(machine(name));
  const clock = fakeClock();
  return fakeWorld(files, await readTopology(files), native ?? countingNative(clock), clock);
}
