import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBandwidth, type Traffic } from '../../src/collectors/bandwidth.ts';
import { createResctrlBooks, resctrl } from '../../src/collectors/resctrl.ts';
import { Absent } from '../../src/errors.ts';
import { readTopology } from '../../src/topology/read.ts';
import { fakeWorld } from '../fakeWorld.ts';
import { filesOf } from '../fakes.ts';
import { machine } from '../machines.ts';
import type { MachineName } from '../machines.ts';

const root = '/sys/fs/resctrl';
type Tree = Record<string, string | Error>;

/** A machine of which only what the tests say is monitored. */
const machineWithout = (name: MachineName = 'two-socket'): Tree =>
  Object.fromEntries(Object.entries(machine(name)).filter(([path]) => !path.startsWith(root)));

const says = (domain: string, total: number | string, local: number | string, group = root): Tree => ({
  [`${group}/mon_data/${domain}/mbm_total_bytes`]: `${total}\n`,
  [`${group}/mon_data/${domain}/mbm_local_bytes`]: `${local}\n`,
});

const mounted: Tree = { [`${root}/cpus`]: '0-15\n', [`${root}/info/L3_MON/num_rmids`]: '256\n' };

/** Reads one tree after the other with the same books, and gives what stands after the last. */
async function after(name: MachineName, ...trees: readonly Tree[]) {
  const books = createResctrlBooks();
  const base = { ...machineWithout(name), ...mounted };
  const topology = await readTopology(filesOf(base));
  let said: Record<string, unknown> = {};
  for (const tree of trees) {
    const { host } = fakeWorld(filesOf({ ...base, ...tree }), topology);
    // A source of its own each time, as after a reload.
    const samples = await resctrl(books)
      .make({})
      .read({ host, topology, signal: new AbortController().signal });
    said = Object.fromEntries(
      samples.map(({ labels, value }) => [`${labels['socket']} ${labels['scope']}`, value]),
    );
  }
  return said;
}

const grown = (by: number): Tree => ({
  ...says('mon_L3_00', 100 + by, 100),
  ...says('mon_L3_00', 40 + by, 40, `${root}/batch`),
  ...says('mon_L3_00', 7 + 3 * by, 7, `${root}/mon_groups/inside`),
  ...says('mon_L3_00', 7 + 5 * by, 7, `${root}/batch/mon_groups/inside`),
  ...says('mon_L3_00/mon_sub_L3_00', 50 + 7 * by, 50),
});

const both = (own: number, batch: number): Tree => ({
  ...says('mon_L3_00', own, 0),
  ...says('mon_L3_00', batch, 0, `${root}/batch`),
});

describe('resctrl', () => {
  it('counts from its first reading on, and remote is what is not local', async () => {
    const first = { ...says('mon_L3_00', 1000, 700), ...says('mon_L3_01', 5000, 5000) };
    expect(await after('two-socket', first)).toEqual({
      '0 local': 0,
      '0 remote': 0,
      '1 local': 0,
      '1 remote': 0,
    });
    const second = { ...says('mon_L3_00', 1500, 1100), ...says('mon_L3_01', 5000, 5000) };
    expect(await after('two-socket', first, second)).toEqual({
      '0 local': 400,
      '0 remote': 100,
      '1 local': 0,
      '1 remote': 0,
    });
  });

  it('adds the caches of a socket together, by the ids that their CPUs know', async () => {
    const caches = Array.from({ length: 16 }, (_, id) => `mon_L3_${String(id).padStart(2, '0')}`);
    const first = Object.assign({}, ...caches.map((cache) => says(cache, 0, 0))) as Tree;
    const second = Object.assign({}, ...caches.map((cache, id) => says(cache, 10 + id, 10))) as Tree;
    expect(await after('nps4', first, second)).toEqual({
      '0 local': 80,
      '0 remote': 0 + 1 + 2 + 3 + 4 + 5 + 6 + 7,
      '1 local': 80,
      '1 remote': 8 + 9 + 10 + 11 + 12 + 13 + 14 + 15,
    });
  });

  it('adds control groups to the root, and neither monitoring groups nor the nodes of a cache', async () => {
    expect(await after('two-socket', grown(0), grown(10))).toEqual({ '0 local': 0, '0 remote': 20 });
  });

  it('counts a group that is made meanwhile from its beginning, and keeps what one counted that is gone', async () => {
    const own = says('mon_L3_00', 100, 100);
    const batch = (total: number) => says('mon_L3_00', total, 0, `${root}/batch`);
    const trees = [own, { ...own, ...batch(30) }, { ...own, ...batch(50) }, own, { ...own, ...batch(5) }];
    expect(await after('two-socket', ...trees)).toEqual({ '0 local': 0, '0 remote': 55 });
  });

  it('does not count twice what a monitoring group takes with it to another group', async () => {
    expect(await after('two-socket', both(9000, 0), both(1010, 8000))).toMatchObject({ '0 remote': 10 });
  });

  it.each(['Unavailable', 'Error', 'Unassigned'])('waits over a reading that is %s', async (word) => {
    const trees = [says('mon_L3_00', 100, 60), says('mon_L3_00', word, 61), says('mon_L3_00', 150, 70)];
    const beside = says('mon_L3_01', 1, 1);
    const all = trees.map((tree) => ({ ...beside, ...tree }));
    expect(await after('two-socket', ...all)).toMatchObject({ '0 local': 10, '0 remote': 40 });
  });

  it('keeps the totals of a cache that goes offline and comes back from 0', async () => {
    const beside = says('mon_L3_01', 1, 1);
    const there = (total: number) => ({ ...beside, ...says('mon_L3_00', total, 0) });
    expect(await after('two-socket', there(0), there(70), beside, there(5))).toMatchObject({
      '0 remote': 75,
    });
  });

  it.each<[string, Tree, string]>([
    ['there is none', {}, 'does not offer resctrl'],
    ['the CPU monitors nothing', mounted, 'monitors nothing'],
    [
      'only the total is counted',
      { [`${root}/mon_data/mon_L3_00/mbm_total_bytes`]: '1\n' },
      'mbm_local_bytes',
    ],
    ['nothing can be read', says('mon_L3_00', 'Unavailable', 'Unavailable'), 'no group has both'],
    ['only energy is counted', { [`${root}/mon_data/mon_PERF_PKG_00/core_energy`]: '1.5\n' }, 'no group'],
  ])('is absent, and says why, where %s', async (_, tree, why) => {
    const files = filesOf({ ...machineWithout(), ...tree });
    const { host, topology } = fakeWorld(files, await readTopology(files));
    const source = resctrl(createResctrlBooks()).make({});
    const reading = source.read({ host, topology, signal: new AbortController().signal });
    await expect(reading).rejects.toThrow(Absent);
    await expect(reading).rejects.toThrow(why);
  });
});

describe('a folder that is there and empty', () => {
  it('is one that nobody has mounted', async () => {
    const { host, topology } = fakeWorld({ ...filesOf({}), list: async () => [] });
    const source = resctrl(createResctrlBooks()).make({});
    const reading = source.read({ host, topology, signal: new AbortController().signal });
    await expect(reading).rejects.toThrow('mount -t resctrl resctrl /sys/fs/resctrl');
  });
});

describe('createBandwidth', () => {
  it('does not make remote traffic of two files that are read a moment apart', () => {
    const bandwidth = createBandwidth();
    for (let step = 0; step <= 100; step += 1) {
      const early = step % 2 === 0 ? 30 : -30;
      bandwidth.add([{ group: 'root', domain: 0, bytes: { local: 1000 * step, remote: early } }]);
    }
    expect(bandwidth.totals().get(0)?.remote).toBeLessThanOrEqual(60);
  });

  it('owes nothing for what a monitoring group took with it when it was removed', () => {
    const bandwidth = createBandwidth();
    for (const remote of [9000, 1000, 1300])
      bandwidth.add([{ group: 'root', domain: 0, bytes: { local: 0, remote } }]);
    expect(bandwidth.totals().get(0)?.remote).toBe(300);
  });

  it('never falls and never counts more than the groups together gained', () => {
    const counts = fc.record({ local: fc.nat(1000), remote: fc.nat(1000) });
    const step = fc.dictionary(fc.constantFrom('root', 'a', 'b'), fc.option(counts));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const bandwidth = createBandwidth();
        let before = { local: 0, remote: 0 };
        for (const groups of steps) {
          const traffic = Object.entries(groups).map(([group, bytes]): Traffic => ({
            group,
            domain: 0,
            bytes,
          }));
          bandwidth.add(traffic);
          const now = bandwidth.totals().get(0) ?? before;
          const there = traffic.reduce((sum, { bytes }) => sum + (bytes?.local ?? 0), 0);
          expect(now.local).toBeGreaterThanOrEqual(before.local);
          expect(now.remote).toBeGreaterThanOrEqual(before.remote);
          expect(now.local - before.local).toBeLessThanOrEqual(there);
          before = now;
        }
      }),
    );
  });
});
