import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { among, crossings } from '../../../src/pmu/planning/filters.ts';
import { readTopology } from '../../../src/topology/read.ts';
import { cpuOf } from '../../../src/topology.ts';
import type { Topology } from '../../../src/topology.ts';
import { filesOf } from '../../fakes.ts';
import { machine } from '../../machines.ts';
import type { MachineName, MachineSpec } from '../../machines.ts';
import { compile } from '../filterLanguage.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const read = (name: MachineName, changes: Partial<MachineSpec> = {}) =>
  readTopology(filesOf(machine(name, changes)));

describe('CPUs of a socket', () => {
  it.each([
    ['are one range', range(0, 3), range(4, 7), 'f<=3'],
    ['are the other range', range(4, 7), range(0, 3), 'f>=4'],
    ['lie between others', range(4, 9), [...range(0, 3), ...range(10, 12)], 'f>=4&&f<=9'],
    [
      'are two ranges, as with split SMT',
      [...range(0, 27), ...range(56, 83)],
      [...range(28, 55), ...range(84, 111)],
      '(f<=27||(f>=56&&f<=83))',
    ],
    ['are one CPU', [5], [4, 6], 'f==5'],
    [
      'are every second one',
      range(0, 15).filter((id) => id % 2 === 1),
      range(0, 15).filter((id) => id % 2 === 0),
      '(f&1)',
    ],
    [
      'are every second one, from the first',
      range(0, 15).filter((id) => id % 2 === 0),
      range(0, 15).filter((id) => id % 2 === 1),
      '!(f&1)',
    ],
    [
      'are one in four',
      range(0, 63).filter((id) => id % 4 === 2),
      range(0, 63).filter((id) => id % 4 !== 2),
      '!(f&1)&&(f&2)',
    ],
    ['have a hole that nobody fills', [0, 1, 6, 7], [8, 9], 'f<=7'],
  ])('%s', (_, cpus, others, text) => {
    expect(among('f', cpus, others)).toBe(text);
  });

  it('are told from all others, however they are numbered', () => {
    const numbered = fc
      .uniqueArray(fc.nat(300), { minLength: 2 })
      .chain((ids) => fc.tuple(fc.constant(ids), fc.integer({ min: 1, max: ids.length - 1 })))
      .map(([ids, at]) => [ids.slice(0, at).toSorted((a, b) => a - b), ids.slice(at).toSorted((a, b) => a - b)] as const); // prettier-ignore
    fc.assert(
      fc.property(numbered, ([cpus, others]) => {
        const test = compile(among('f', cpus, others));
        expect(cpus.every((f) => test({ f }))).toBe(true);
        expect(others.some((f) => test({ f }))).toBe(false);
      }),
    );
  });
});

const add = (to: Record<string, number>, key: string) => (to[key] = (to[key] ?? 0) + 1);

/** Counts the moves between all pairs of CPUs by the filters, and by what the topology says. */
function compared(topology: Topology, each: 'direction' | 'origin') {
  const filters = crossings(topology, each)?.map((one) => ({ ...one, test: compile(one.filter) })) ?? [];
  const byFilter: Record<string, number> = {};
  const byTopology: Record<string, number> = {};
  const ids = topology.cpus.map(({ id }) => id);
  for (const orig_cpu of ids) {
    for (const dest_cpu of ids) {
      for (const { from, to, test } of filters)
        if (test({ orig_cpu, dest_cpu })) add(byFilter, `${from} ${to ?? 'other'}`);
      const [from, to] = [orig_cpu, dest_cpu].map((id) => cpuOf(topology, id)?.socket);
      if (from !== to) add(byTopology, `${from} ${each === 'direction' ? to : 'other'}`);
    }
  }
  return { byFilter, byTopology, count: filters.length };
}

describe('filters', () => {
  it.each([
    ['two-socket', {}, 2],
    ['interleaved', {}, 2],
    ['interleaved', { sockets: 4 }, 12],
    ['interleaved', { sockets: 3 }, 6],
    ['interleaved', { numbering: 'linear' }, 2],
    ['nps4', {}, 2],
    ['two-socket', { offline: [0, 9, 31] }, 2],
    ['two-socket', { isolated: [3] }, 2],
    ['two-socket', { coresPerNode: 7 }, 2],
    ['two-socket', { coresPerNode: 5, sockets: 5 }, 20],
    ['eight-socket', { coresPerNode: 4 }, 56],
    ['one-socket', {}, 0],
  ] as const)('of %s %o let each crossing through once, and nothing else', async (name, changes, count) => {
    const topology = await read(name, changes);
    for (const each of ['direction', 'origin'] as const) {
      const { byFilter, byTopology, ...made } = compared(topology, each);
      expect(byFilter).toEqual(byTopology);
      expect(made.count).toBe(each === 'direction' ? count : count === 0 ? 0 : topology.sockets.length);
    }
  });

  it('of split SMT are two ranges for each end', async () => {
    const [out, back] = crossings(await read('two-socket', { coresPerNode: 7 }), 'direction') ?? [];
    expect(out?.filter).toBe(
      '(orig_cpu<=6||(orig_cpu>=14&&orig_cpu<=20))&&((dest_cpu>=7&&dest_cpu<=13)||dest_cpu>=21)',
    );
    expect(back).toMatchObject({ from: 1, to: 0 });
  });

  it('of split SMT are one bit where there are eight cores to a socket', async () => {
    const filters = crossings(await read('two-socket'), 'direction')?.map(({ filter }) => filter);
    expect(filters).toEqual(['!(orig_cpu&8)&&(dest_cpu&8)', '(orig_cpu&8)&&!(dest_cpu&8)']);
  });

  it('of alternating numbers are two bits', async () => {
    const filters = crossings(await read('interleaved'), 'direction')?.map(({ filter }) => filter);
    expect(filters).toEqual(['!(orig_cpu&1)&&(dest_cpu&1)', '(orig_cpu&1)&&!(dest_cpu&1)']);
  });

  it('are none where a text would be longer than the kernel takes', async () => {
    expect(crossings(await read('interleaved', { sockets: 3, coresPerNode: 170 }), 'origin')).toBeUndefined();
    const longest = crossings(await read('interleaved', { sockets: 3, coresPerNode: 20 }), 'direction');
    expect(Math.max(...(longest ?? []).map(({ filter }) => filter.length))).toBeLessThan(4_096);
  });
});
