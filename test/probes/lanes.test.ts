import { describe, expect, it } from 'vitest';
import { eligibleCpus, laneKey, lanesOf } from '../../src/probes/lanes.ts';
import { choosePair } from '../../src/probes/pair.ts';
import { distanceOf, distances, type Topology } from '../../src/topology.ts';
import { readTopology } from '../../src/topology/read.ts';
import { filesOf } from '../fakes.ts';
import { machine, machines, type MachineSpec } from '../machines.ts';

const polite = { includeIsolated: false, excluded: new Set<number>() };
const read = (name: keyof typeof machines, changes: Partial<MachineSpec> = {}) =>
  readTopology(filesOf(machine(name, changes)));
const lanesAt = (topology: Topology, courtesy = polite) =>
  lanesOf(topology, eligibleCpus(topology, courtesy));
const fresh = { busy: () => 0, lastUsed: () => 0, lastPlaced: () => 0 };

describe('lanes', () => {
  it.each([
    ['two-socket', { smt: 2, llc: 2, cross_socket: 1 }],
    ['one-socket', { smt: 1, llc: 1 }],
    ['nps4', { smt: 2, llc: 2, node: 2, socket: 2, cross_socket: 1 }],
    ['eight-socket', { smt: 8, llc: 8, cross_socket: 28 }],
    ['eight-socket-snc4', { smt: 8, llc: 8, socket: 8, cross_socket: 28 }],
  ] as const)('of %s are one per socket and class, and one per pair of sockets', async (name, expected) => {
    const lanes = lanesAt(await read(name));
    const found = distances.map((distance) => [
      distance,
      lanes.filter((l) => l.distance === distance).length,
    ]);
    expect(Object.fromEntries(found.filter(([, count]) => count !== 0))).toEqual(expected);
    expect(new Set(lanes.map(laneKey)).size).toBe(lanes.length);
  });

  it.each(Object.keys(machines) as (keyof typeof machines)[])(
    'of %s give pairs of exactly the distance they are named for, on the sockets they are named for',
    async (name) => {
      const topology = await read(name);
      const socketOf = new Map(topology.cpus.map(({ id, socket }) => [id, socket]));
      for (const lane of lanesAt(topology)) {
        for (const place of lane.places) {
          const pair = choosePair({ ...lane, places: [place] }, fresh);
          expect(pair && distanceOf(topology, pair.cpuA, pair.cpuB)).toBe(lane.distance);
          expect(pair && [socketOf.get(pair.cpuA), socketOf.get(pair.cpuB)]).toEqual([
            lane.socketA,
            lane.socketB,
          ]);
        }
      }
    },
  );

  it('leave isolated, nohz_full, forbidden and excluded CPUs alone', async () => {
    const topology = await read('two-socket', {
      isolated: [0, 1],
      nohzFull: [2],
      allowed: [0, 1, 2, 3, 4, 8, 9],
    });
    const ids = (courtesy: typeof polite) => eligibleCpus(topology, courtesy).map(({ id }) => id);
    expect(ids({ includeIsolated: false, excluded: new Set([9]) })).toEqual([3, 4, 8]);
    expect(ids({ includeIsolated: true, excluded: new Set([9]) })).toEqual([0, 1, 2, 3, 4, 8]);
  });

  it('are none where one CPU is left', async () => {
    expect(lanesAt(await read('two-socket', { allowed: [3] }))).toEqual([]);
  });

  it('are smt alone where one core is left', async () => {
    const lanes = lanesAt(await read('two-socket', { allowed: [3, 19] }));
    expect(lanes.map(laneKey)).toEqual(['smt/0/0']);
  });

  it('cover a machine of 1,024 CPUs with as many places as it has node pairs', async () => {
    const topology = await read('eight-socket-snc4');
    const lanes = lanesAt(topology);
    expect(topology.cpus).toHaveLength(1024);
    // 32 shares for smt and llc each, 6 node pairs in each of 8 sockets, 16 for each of 28 socket pairs.
    expect(lanes.reduce((sum, { places }) => sum + places.length, 0)).toBe(32 + 32 + 48 + 448);
  });
});
