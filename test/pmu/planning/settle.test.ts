import { describe, expect, it } from 'vitest';
import type { Group, Plan } from '../../../src/pmu/plan.ts';
import { laterName, settle, split, without } from '../../../src/pmu/planning/settle.ts';
import { counterOf, factsOf } from '../models.ts';

const groupOf = (...signals: readonly string[]): Group => ({
  name: 'loads',
  rank: 9,
  when: 'always',
  counters: signals.map(counterOf),
  places: [{ cpu: 0, socket: 0, numaNode: 0 }],
});
const facts = factsOf();
const shown = ({ groups, missing }: Plan) => [
  groups.map(({ name, when, rank, counters }) =>
    [name, when, rank, ...counters.map(({ signal }) => signal)].join(' '),
  ),
  missing.map(({ signal, reason }) => `${signal} ${reason}`),
];
const settled = (signals: readonly string[], errors: readonly (string | null)[], turns = true) =>
  shown(settle(groupOf(...signals), errors, { facts, turns }));

/** A PMU with two counters, on which c cannot be counted at all. */
function refusals({ counters }: Group): readonly (string | null)[] {
  let free = 2;
  const errors = counters.map(({ signal }) => (signal === 'c' || free-- <= 0 ? 'EINVAL' : null));
  return errors[0] === null ? errors : errors.map((error, index) => (index > 0 ? 'ECANCELED' : error));
}

describe('a trial settles', () => {
  it('a group that opened as it is', () => {
    const group = groupOf('a', 'b');
    expect(settle(group, [null, null], { facts, turns: true })).toEqual({ groups: [group], missing: [] });
  });

  it.each([
    [
      'the next leads where the leader failed',
      ['a', 'b', 'c'],
      ['ENOENT', 'ECANCELED', 'ECANCELED'],
      ['loads always 9 b c'],
      ['a no_event'],
    ],
    [
      'a sibling that failed goes alone',
      ['a', 'b', 'c'],
      [null, 'ENOENT', null],
      ['loads always 9 a c'],
      ['b no_event'],
    ],
    [
      'siblings too many follow in a group of their own',
      ['a', 'b', 'c', 'd'],
      [null, null, 'EINVAL', 'EINVAL'],
      ['loads always 9 a b', 'loads_2 turn 9 c d'],
      [],
    ],
    [
      'one that still fits stays',
      ['a', 'b', 'c'],
      [null, 'EINVAL', null],
      ['loads always 9 a c', 'loads_2 turn 9 b'],
      [],
    ],
    ['one refused alone is given up', ['a'], ['EINVAL'], [], ['a group_refused']],
    [
      'a refused leader is given up, the others are tried',
      ['a', 'b'],
      ['EINVAL', 'ECANCELED'],
      ['loads always 9 b'],
      ['a group_refused'],
    ],
    [
      'a signal goes with all its addends',
      ['a', 'b', 'b', 'c'],
      [null, null, 'ENOENT', null],
      ['loads always 9 a c'],
      ['b no_event'],
    ],
    [
      'a signal goes with the addend that did not fit',
      ['a', 'b', 'b'],
      [null, 'EBUSY', 'EINVAL'],
      ['loads always 9 a'],
      ['b busy'],
    ],
    [
      'each failure has its reason',
      ['a', 'b', 'c'],
      [null, 'EBUSY', 'EMFILE'],
      ['loads always 9 a'],
      ['b busy', 'c fd_limit'],
    ],
    ['nothing is left where nothing opens', ['a'], ['ENODEV'], [], ['a no_cpu']],
  ])('%s', (_, signals, errors, groups, missing) => {
    expect(settled(signals, errors)).toEqual([groups, missing]);
  });

  it('a tracepoint that is refused beside others is given up: it needs no counter', () => {
    const { counters, ...group } = groupOf('a', 'b', 'c');
    const traced = counters.map((one) => ({ ...one, attr: { ...one.attr, type: 2, filter: 'orig_cpu&1' } }));
    expect(
      shown(settle({ ...group, counters: traced }, [null, 'EINVAL', null], { facts, turns: true })),
    ).toEqual([['loads always 9 a c'], ['b unsupported']]);
  });

  it('without turns: what does not fit is missing', () => {
    expect(settled(['a', 'b', 'c'], [null, 'EINVAL', 'EINVAL'], false)).toEqual([
      ['loads always 9 a'],
      ['b off', 'c off'],
    ]);
  });

  it('in the end, whatever the kernel refuses', () => {
    const open: Group[] = [];
    const missing: string[] = [];
    const waiting = [groupOf('a', 'b', 'c', 'd', 'e', 'f')];
    for (let group = waiting.pop(); group; group = waiting.pop()) {
      const errors = refusals(group);
      const plan = settle(group, errors, { facts, turns: true });
      missing.push(...plan.missing.map(({ signal }) => signal));
      if (errors.every((error) => error === null)) open.push(group);
      else waiting.push(...plan.groups);
    }
    expect(missing).toEqual(['c']);
    expect(open.flatMap(({ counters }) => counters.map(({ signal }) => signal)).toSorted()).toEqual(['a', 'b', 'd', 'e', 'f']); // prettier-ignore
  });
});

describe('a group that never ran', () => {
  it.each([
    [['a', 'b', 'c'], ['loads always 9 a b', 'loads_2 turn 9 c'], []],
    [['a', 'a', 'b'], ['loads always 9 a a', 'loads_2 turn 9 b'], []],
    [['a', 'a'], ['loads always 9 a', 'loads_2 turn 9 a'], []],
    [['a'], [], ['a starved']],
  ])('of %j is split', (signals, groups, missing) => {
    expect(shown(split(groupOf(...signals), true))).toEqual([groups, missing]);
  });

  it('loses its second half where there are no turns', () => {
    expect(shown(split(groupOf('a', 'b'), false))).toEqual([['loads always 9 a'], ['b off']]);
  });
});

describe('a sum of addends', () => {
  it('is given up whole where there are no turns for those that do not fit', () => {
    expect(settled(['a', 'b', 'b'], [null, null, 'EINVAL'], false)).toEqual([
      ['loads always 9 a'],
      ['b off'],
    ]);
    expect(shown(split(groupOf('a', 'a'), false))).toEqual([[], ['a off']]);
  });
});

describe('a signal that is missing somewhere', () => {
  it('is taken from all groups, and the others are the same objects', () => {
    const [one, two, three] = [groupOf('a', 'b'), groupOf('b'), groupOf('c')];
    const left = without([one, two, three], new Set(['b']));
    expect(shown({ groups: left, missing: [] })[0]).toEqual(['loads always 9 a', 'loads always 9 c']);
    expect(left[1]).toBe(three);
  });
});

it.each([
  ['loads', 'loads_2'],
  ['loads_2', 'loads_3'],
  ['read_latency', 'read_latency_2'],
])('after %s comes %s', (name, next) => {
  expect(laterName(name)).toBe(next);
});
