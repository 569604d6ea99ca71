import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filesOf, within } from '../../../src/pmu/planning/budget.ts';
import type { Group } from '../../../src/pmu/plan.ts';
import { planHardware } from '../../../src/pmu/planning/plan_hardware.ts';
import { readTopology } from '../../../src/topology/read.ts';
import { filesOf as treeOf } from '../../fakes.ts';
import { machine } from '../../machines.ts';
import { counterOf, deviceOf, factsOf, intel } from '../models.ts';

const range = (length: number) => Array.from({ length }, (_, index) => index);
const groupOf = (
  rank: number,
  signals: readonly string[],
  places: number,
  name = `of rank ${rank}`,
): Group => ({
  name,
  rank,
  when: 'always',
  counters: signals.map(counterOf),
  places: range(places).map((cpu) => ({ cpu, socket: 0, numaNode: 0 })),
});
const kept = (groups: readonly Group[], fds: number) =>
  within({ groups, missing: [] }, fds).groups.map(({ rank }) => rank);

const signalsOf = (groups: readonly Group[]) =>
  groups.flatMap(({ counters }) => counters.map(({ signal }) => signal));
const namesOf = (groups: readonly Group[]) => [...new Set(groups.map(({ name }) => name))];

const three = [groupOf(30, ['a', 'b'], 100), groupOf(20, ['c'], 100), groupOf(10, ['d'], 10)];

describe('a limit on files', () => {
  it.each([
    [310, [30, 20, 10], 'all of it'],
    [309, [30, 20], 'all but the rank of the least worth'],
    [299, [30, 10], 'what is left goes to a lower rank that is small enough'],
    [110, [20, 10], 'a rank that is too large does not cost the others'],
    [9, [], 'nothing'],
    [0, [], 'nothing at all'],
  ])('of %i lets us count ranks %j: %s', (fds, ranks) => {
    expect(kept(three, fds)).toEqual(ranks);
  });

  it('says what a signal would need, what was left, and where to raise it', () => {
    expect(within({ groups: three, missing: [] }, 250).missing).toEqual([
      {
        signal: 'c',
        status: 'failed',
        reason: 'fd_limit',
        advice:
          'its group needs 100 files, 50 left: raise ulimit -n, LimitNOFILE in systemd or docker run --ulimit nofile',
      },
    ]);
  });

  it('takes all groups of one rank or none', () => {
    expect(kept([groupOf(5, ['a'], 10, 'box 0'), groupOf(5, ['a'], 10, 'box 1')], 19)).toEqual([]);
  });

  it('leaves no half of a sum', () => {
    expect(kept([groupOf(5, ['a', 'b'], 10), groupOf(4, ['b'], 10)], 25)).toEqual([5]);
    expect(within({ groups: [groupOf(5, ['a', 'b'], 10), groupOf(4, ['b'], 10)], missing: [] }, 25).groups[0]?.counters.map(({ signal }) => signal)).toEqual(['a']); // prettier-ignore
  });

  it('is never exceeded, and what is not counted is named', () => {
    const groups = fc.array(
      fc
        .tuple(
          fc.integer({ min: 1, max: 4 }),
          fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 }),
          fc.integer({ min: 1, max: 50 }),
        ) // prettier-ignore
        .map(([rank, signals, places]) => groupOf(rank, signals, places)),
    );
    fc.assert(
      fc.property(groups, fc.nat(300), (some, fds) => {
        const plan = within({ groups: some, missing: [] }, fds);
        expect(filesOf(plan.groups)).toBeLessThanOrEqual(fds);
        expect(new Set([...signalsOf(plan.groups), ...plan.missing.map(({ signal }) => signal)])).toEqual(new Set(signalsOf(some))); // prettier-ignore
      }),
    );
  });
});

describe('1,024 CPUs', async () => {
  const topology = await readTopology(treeOf(machine('eight-socket-snc4')));
  const sockets = topology.sockets.flatMap(({ cpus }) => cpus.slice(0, 1));
  const boxes = (name: string, type: number) =>
    range(8).map((box) => deviceOf(`${name}_${box}`, type + box, sockets));
  const pmus = [deviceOf('cpu', 4), ...boxes('uncore_cha', 20), ...boxes('uncore_upi', 40)];
  const plan = planHardware({
    model: intel,
    facts: factsOf({ pmus }),
    topology,
    options: { leaveCounters: 1, turns: true, includeIsolated: false },
  });
  it('want more files than most may have', () => {
    expect([topology.cpus.length, filesOf(plan.groups)]).toEqual([1_024, 12 * 1_024 + 8 * 8 * 3 + 8 * 8]);
  });

  it.each([
    [1_024, ['read_latency', 'interconnect'], 12],
    [4_096, ['levels', 'read_latency', 'interconnect'], 9],
    [8_192, ['loads', 'read_latency', 'interconnect'], 5],
    [12_000, ['loads', 'levels', 'read_latency', 'interconnect'], 2],
    [20_000, ['loads', 'levels', 'offcore', 'read_latency', 'interconnect'], 0],
  ])('under a limit of %i count what fits, by rank, and name what does not', (fds, groups, dropped) => {
    const left = within(plan, fds);
    expect(filesOf(left.groups)).toBeLessThanOrEqual(fds);
    expect(namesOf(left.groups)).toEqual(groups);
    expect(left.missing.map(({ reason }) => reason)).toEqual(range(dropped).map(() => 'fd_limit'));
    const [first] = left.missing;
    if (fds === 1_024) expect(first?.advice).toContain('needs 7168 files, 1024 left');
  });
});
