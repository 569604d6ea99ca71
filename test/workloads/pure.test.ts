import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTopology } from '../../src/topology/read.ts';
import { createWorkloadBooks } from '../../src/workloads/books.ts';
import { deriveCpuManager } from '../../src/workloads/cpu_manager.ts';
import type { Given } from '../../src/workloads/cpu_manager.ts';
import { haveOwnCpus } from '../../src/workloads/own_cpus.ts';
import { outsideOf, spanOf } from '../../src/workloads/placement.ts';
import { choose } from '../../src/workloads/rank.ts';
import { filesOf } from '../fakes.ts';
import { machine } from '../machines.ts';

const topologyOf = (name: Parameters<typeof machine>[0]) => readTopology(filesOf(machine(name)));

describe('the span of a cpuset', () => {
  it.each([
    ['two-socket', [0, 1, 16], 1, 1],
    ['two-socket', [0, 8], 2, 2],
    ['snc4', [0, 4], 1, 2],
    ['snc4', [0, 16], 2, 2],
    ['one-socket', [0, 1, 2], 1, 1],
    ['two-socket', [], 0, 0],
    ['two-socket', [999], 0, 0],
  ] as const)('%s, CPUs %j: %i sockets, %i nodes', async (name, cpus, sockets, nodes) => {
    const span = spanOf(await topologyOf(name), cpus);
    expect([span.sockets.size, span.numaNodes.size]).toEqual([sockets, nodes]);
  });

  it('tells memory outside by node, and memory without CPUs by the socket it hangs on', async () => {
    const topology = await topologyOf('memory-only-node');
    const [near, far] = [spanOf(topology, [0]), spanOf(topology, [4])];
    const byNode = new Map([
      [0, 100],
      [1, 20],
      [2, 3],
    ]);
    // Node 2 is memory only, on socket 1.
    expect(outsideOf(topology, near, byNode)).toBe(23);
    expect(outsideOf(topology, far, byNode)).toBe(100);
  });
});

const one = (path: string, memoryBytes: number, more = {}) => ({
  path,
  memoryBytes,
  configured: false,
  ownCpus: false,
  ...more,
});

describe('who is shown', () => {
  it('those of the configuration, those with CPUs of their own, then the largest', () => {
    const all = [
      one('small', 1),
      one('large', 9),
      one('own', 2, { ownCpus: true }),
      one('named', 0, { configured: true }),
    ];
    expect(choose(all, 3, new Set())).toEqual(['named', 'own', 'large']);
  });

  it('of two that are about as large the one that was shown', () => {
    const all = [one('a', 100), one('b', 110)];
    expect(choose(all, 1, new Set())).toEqual(['b']);
    expect(choose(all, 1, new Set(['a']))).toEqual(['a']);
    expect(choose([one('a', 100), one('b', 130)], 1, new Set(['a']))).toEqual(['b']);
  });
});

describe('CPUs of its own', () => {
  it('has who was given some that no other was given', () => {
    const found = [
      { path: 'own', given: [4, 5] },
      { path: 'pool1', given: [0, 1] },
      { path: 'pool2', given: [0, 1] },
      { path: 'overlapping', given: [1, 2] },
      { path: 'nothing', given: null },
    ];
    expect([...haveOwnCpus(found)]).toEqual(['own']);
  });
});

const given = (qos: Given['qos'], ...cpus: number[]): Given => ({ qos, cpus });

describe('the CPU manager, from cpusets', () => {
  it.each<[string, Given[], ReturnType<typeof deriveCpuManager>]>([
    ['policy none: nobody was given anything', [given('burstable'), given('guaranteed')], null],
    ['no Kubernetes', [given('', 0, 1)], null],
    [
      'a guaranteed pod with CPUs of its own',
      [given('guaranteed', 2, 3), given('burstable', 0, 1, 4), given('besteffort', 0, 1, 4)],
      { exclusive: [2, 3], shared: [0, 1, 4] },
    ],
    [
      'a guaranteed pod that asked for half a CPU runs in the pool',
      [given('guaranteed', 0, 1), given('burstable', 0, 1)],
      { exclusive: [], shared: [0, 1] },
    ],
    [
      'while kubelet rewrites one after the other the old pool is still there',
      [
        given('guaranteed', 2),
        given('burstable', 0, 1, 2),
        given('burstable', 0, 1),
        given('besteffort', 0, 1),
      ],
      { exclusive: [2], shared: [0, 1] },
    ],
    [
      'guaranteed pods alone: who overlaps shares',
      [given('guaranteed', 2), given('guaranteed', 0, 1), given('guaranteed', 0, 1)],
      { exclusive: [2], shared: [0, 1] },
    ],
    ['one guaranteed pod alone', [given('guaranteed', 2)], { exclusive: [2], shared: null }],
  ])('%s', (_, containers, view) => {
    expect(deriveCpuManager(containers)).toEqual(view);
  });

  it('never gives a CPU to both', () => {
    const one = fc.record({
      qos: fc.constantFrom<Given['qos']>('guaranteed', 'burstable', 'besteffort', ''),
      cpus: fc.uniqueArray(fc.nat({ max: 15 }), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 10 }), (containers) => {
        const view = deriveCpuManager(containers);
        for (const cpu of view?.exclusive ?? []) expect(view?.shared ?? []).not.toContain(cpu);
      }),
      { numRuns: 1000 },
    );
  });
});

const cpuset = (at: number, cpus: number[], mems = [0]) => ({ at, cpus, mems });

const walkOf = (paths: readonly string[]) => ({
  found: paths.map((path) => ({ path }) as never),
  folders: 1,
  cut: false,
});

describe('the books', () => {
  it('count what changed, not what was first seen, and take no old reading for news', () => {
    const books = createWorkloadBooks();
    books.note('x', cpuset(1, [0, 1]));
    books.note('x', cpuset(2, [0, 1]));
    expect(books.changesOf('x')).toEqual({ cpus: 0, mems: 0 });
    books.note('x', cpuset(4, [0]));
    // A walk that had read it before the write comes to it after the scrape.
    books.note('x', cpuset(3, [0, 1]));
    books.note('x', cpuset(5, [0], [1]));
    expect(books.changesOf('x')).toEqual({ cpus: 1, mems: 1 });
  });

  it('are empty again after ten thousand containers have come and gone', () => {
    const books = createWorkloadBooks();
    for (let round = 0; round < 100; round += 1) {
      const paths = Array.from({ length: 100 }, (_, index) => `/pod${round}/${index}`);
      for (const path of paths) books.note(path, cpuset(round, [0]));
      books.walked(walkOf(paths), 0.1);
      expect(books.size()).toBe(100);
    }
    books.walked(walkOf([]), 0.1);
    expect(books.size()).toBe(0);
    expect(books.walks().count).toBe(101);
  });

  it('count a pool that differs from the last one seen', () => {
    const books = createWorkloadBooks();
    books.pool({ exclusive: [], shared: [0, 1] });
    books.pool(null);
    books.pool({ exclusive: [1], shared: [0] });
    books.pool({ exclusive: [1], shared: [0] });
    expect(books.poolChanges()).toBe(1);
  });
});
