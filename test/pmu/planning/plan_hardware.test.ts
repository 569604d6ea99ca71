import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/pmu/facts.ts';
import type { Model } from '../../../src/pmu/catalogue/model.ts';
import { planHardware } from '../../../src/pmu/planning/plan_hardware.ts';
import type { HardwareInput } from '../../../src/pmu/planning/plan_hardware.ts';
import type { Group, Plan } from '../../../src/pmu/plan.ts';
import { readTopology } from '../../../src/topology/read.ts';
import { filesOf } from '../../fakes.ts';
import { machine } from '../../machines.ts';
import type { MachineName, MachineSpec } from '../../machines.ts';
import { amd, deviceOf, factsOf, intel } from '../models.ts';

interface Given {
  readonly name?: MachineName;
  readonly changes?: Partial<MachineSpec>;
  readonly model?: Model | null;
  readonly facts?: Partial<Facts>;
  readonly options?: Partial<HardwareInput['options']>;
  readonly hypervisor?: boolean;
}

async function planned(given: Given = {}): Promise<Plan> {
  const topology = await readTopology(filesOf(machine(given.name ?? 'two-socket', given.changes)));
  const identity = { ...topology.identity, hypervisor: given.hypervisor ?? false };
  return planHardware({
    model: given.model === undefined ? intel : given.model,
    facts: factsOf(given.facts),
    topology: { ...topology, identity },
    options: { leaveCounters: 1, turns: true, includeIsolated: false, ...given.options },
  });
}

const range = (length: number) => Array.from({ length }, (_, index) => index);
/** `count` boxes of a PMU, each standing on the first CPU of both sockets. */
const boxes = (name: string, count: number, from = 20) =>
  range(count).map((box) => deviceOf(`${name}_${box}`, from + box, [0, 8]));
const cpu = deviceOf('cpu', 4);
const signalsOf = ({ counters }: Group) => counters.map(({ signal }) => signal);
const shown = (group: Group) => `${group.name} ${group.when}: ${signalsOf(group).join(' ')}`;
const missingOf = ({ missing }: Plan) =>
  Object.fromEntries(missing.map(({ signal, reason }) => [signal, reason]));
const ofCores = ({ groups }: Plan) => groups.filter(({ places }) => places.length > 2);

const nodesOf = ({ groups }: Plan) => [...new Set(groups[0]?.places.map(({ numaNode }) => numaNode))];

const cpusOf = ({ groups }: Plan) => groups[0]?.places.map((place) => place.cpu);

const unitsOf = async (model: Model) =>
  Object.fromEntries(
    (await planned({ model })).groups.flatMap(({ counters }) =>
      counters.map(({ signal, labels }) => [signal, labels['unit']]),
    ),
  );

describe('a plan of cores', () => {
  it('has the first group always on and lets the rest take turns', async () => {
    expect(ofCores(await planned()).map(shown)).toEqual([
      'loads always: cycles instructions ref_cycles all_loads load_local_dram load_remote_dram load_remote_hitm',
      'levels turn: load_l1 load_l2 stall_l3_miss',
      'offcore turn: offcore_local_dram offcore_remote_dram',
    ]);
  });

  it('ranks its groups in the order of the model', async () => {
    const ranks = (await planned()).groups.map(({ rank }) => rank);
    expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
  });

  it('lets cycles go to a general counter where the watchdog holds the fixed one', async () => {
    const { groups } = await planned({ facts: { nmiWatchdog: true } });
    expect(groups.map(shown)[0]).toMatch(/^loads always: cycles .* load_remote_hitm$/);
  });

  it('leaves away groups that would have to take turns, where there are none', async () => {
    const plan = await planned({ options: { turns: false } });
    expect(ofCores(plan).map(({ name }) => name)).toEqual(['loads']);
    expect(missingOf(plan)).toMatchObject({
      load_l1: 'off',
      stall_l3_miss: 'off',
      offcore_remote_dram: 'off',
    });
  });

  it('keeps all groups always on that fit at once', async () => {
    const plan = await planned({ model: { ...amd, counters: { ...amd.counters, general: 9 } } });
    expect(ofCores(plan).map(shown)).toEqual([
      'loads always: cycles instructions load_local_dram load_remote_dram load_remote_cache',
      'fills always: offcore_local_dram offcore_remote_dram load_l2',
    ]);
  });

  it('cuts a group that does not fit, pairs together', async () => {
    const five = { ...amd, counters: { ...amd.counters, general: 5 } };
    const plan = await planned({ model: five, facts: { nmiWatchdog: true } });
    expect(ofCores(plan).map(shown)).toEqual([
      'loads always: cycles instructions load_local_dram load_remote_dram',
      'loads_2 turn: load_remote_cache',
      'fills turn: offcore_local_dram offcore_remote_dram load_l2',
    ]);
  });

  it('keeps the first group whole beside the watchdog on a core of six counters', async () => {
    const [first] = ofCores(await planned({ model: amd, facts: { nmiWatchdog: true } })).map(shown);
    expect(first).toBe(
      'loads always: cycles instructions load_local_dram load_remote_dram load_remote_cache',
    );
  });

  it('sums up by NUMA node, and above sixteen nodes by socket', async () => {
    expect(nodesOf(await planned({ name: 'nps4' }))).toEqual(range(8));
    expect(nodesOf(await planned({ name: 'eight-socket-snc4' }))).toEqual([null]);
  });

  it('leaves isolated CPUs alone unless asked', async () => {
    const changes = { isolated: [3], nohzFull: [3, 4] };
    const all = range(32);
    expect(cpusOf(await planned({ changes }))).toEqual(all.filter((id) => id !== 3 && id !== 4));
    expect(cpusOf(await planned({ changes, options: { includeIsolated: true } }))).toEqual(all);
  });

  it('opens generic events as such, and others by the type of the PMU', async () => {
    const [first] = (await planned()).groups;
    expect(first?.counters.map(({ attr }) => [attr.type, attr.config]).slice(0, 4)).toEqual([
      [0, 0n],
      [0, 1n],
      [0, 9n],
      [4, 0x81d0n],
    ]);
  });

  it('takes each CPU to the PMU of its kind of core', async () => {
    const pmus = [
      deviceOf('cpu_core', 4, range(8)),
      deviceOf(
        'cpu_atom',
        10,
        range(24).map((id) => id + 8),
      ),
    ];
    const { groups } = await planned({ facts: { pmus } });
    expect(groups.filter(({ name }) => name === 'loads').map(({ places }) => places.length)).toEqual([8, 24]);
    expect(groups.map(({ counters }) => counters[0]?.attr.config)[1]).toBe(10n << 32n);
  });

  it('labels what it counts by unit', async () => {
    expect(await unitsOf(intel)).toMatchObject({
      all_loads: 'retired_loads',
      offcore_local_dram: 'offcore_reads',
    });
    expect(await unitsOf(amd)).toMatchObject({ load_l2: 'l1d_fills', offcore_local_dram: 'l1d_fills' });
    expect((await unitsOf(intel))['cycles']).toBeUndefined();
  });
});

/** Of the box of CHAs with that number. */
const scales = (groups: readonly Group[], box: number) =>
  groups.find(({ counters }) => counters[0]?.attr.type === 20 + box)?.counters.map(({ scale }) => scale);

const uncore = async (count: number, given: Given = {}) => {
  const { groups } = await planned({
    ...given,
    facts: { pmus: [cpu, ...boxes('uncore_cha', count), ...boxes('uncore_upi', 3, 90)] },
  });
  return groups.filter(({ counters }) => (counters[0]?.attr.type ?? 0) >= 20);
};

describe('a plan of boxes', () => {
  it('counts local reads on even boxes and remote ones on odd boxes, all of it always', async () => {
    const groups = await uncore(4);
    expect(groups.map((group) => [group.counters[0]?.attr.type, shown(group)]).slice(0, 4)).toEqual([
      [20, 'read_latency always: read_latency_local_dram read_requests_local_dram uncore_clock'],
      [22, 'read_latency always: read_latency_local_dram read_requests_local_dram uncore_clock'],
      [21, 'read_latency always: read_latency_remote_dram read_requests_remote_dram uncore_clock'],
      [23, 'read_latency always: read_latency_remote_dram read_requests_remote_dram uncore_clock'],
    ]);
    expect(new Set(groups.map(({ rank }) => rank)).size).toBe(2);
  });

  it('lets each half stand for all boxes, and takes the mean of their clocks', async () => {
    expect(scales(await uncore(4), 0)).toEqual([2, 2, 0.25]);
    expect(scales(await uncore(3), 0)).toEqual([1.5, 1.5, 1 / 3]);
    expect(scales(await uncore(3), 1)).toEqual([3, 3, 1 / 3]);
  });

  it('counts every box of interconnect, at the place of each socket', async () => {
    const links = (await uncore(4)).filter(({ name }) => name === 'interconnect');
    const counted = links.map(({ counters }) => `${counters[0]?.attr.type}: ${counters[0]?.scale}`);
    expect(counted.toSorted()).toEqual([`90: ${64 / 9}`, `91: ${64 / 9}`, `92: ${64 / 9}`]);
    expect(links[0]?.places).toEqual([
      { cpu: 0, socket: 0, numaNode: null },
      { cpu: 8, socket: 1, numaNode: null },
    ]);
  });

  it('lets local and remote take turns where there is one box for both', async () => {
    expect((await uncore(1)).map(shown).slice(0, 2)).toEqual([
      'read_latency always: read_latency_local_dram read_requests_local_dram uncore_clock',
      'read_latency_2 turn: read_latency_remote_dram read_requests_remote_dram',
    ]);
  });

  it('knows how many boxes each socket has', async () => {
    const pmus = [cpu, deviceOf('uncore_cha_0', 20, [0, 8]), deviceOf('uncore_cha_1', 21, [0, 1, 8])];
    const { groups } = await planned({ facts: { pmus } });
    const clocks = groups.flatMap(({ counters, places }) =>
      counters
        .filter(({ signal }) => signal === 'uncore_clock')
        .map(({ scale }) => [scale, places.map((place) => place.cpu).join()]),
    );
    expect(clocks).toEqual([
      [1 / 3, '0'],
      [1 / 2, '8'],
      [1 / 3, '0,1'],
      [1 / 2, '8'],
    ]);
  });

  it('has groups of one on AMD, but for what is divided by each other', async () => {
    const pmus = [cpu, deviceOf('amd_df', 30, [0, 8]), deviceOf('amd_l3', 31, [0, 4, 8, 12])];
    const { groups } = await planned({ model: amd, facts: { pmus } });
    expect(groups.filter(({ counters }) => (counters[0]?.attr.type ?? 0) >= 30).map(shown)).toEqual([
      'interconnect always: interconnect_tx',
      'interconnect always: interconnect_tx',
      'interconnect always: interconnect_tx',
      'interconnect always: interconnect_tx',
      'read_latency always: read_latency_local_dram read_requests_local_dram',
      'read_latency always: read_latency_remote_dram read_requests_remote_dram',
    ]);
    const links = groups.filter(({ name }) => name === 'interconnect');
    expect(links.map(({ counters }) => counters[0]?.attr.config)).toEqual([0x1f1n, 0x1f3n, 0x1f4n, 0x1f5n]);
    expect(new Set(links.map(({ rank }) => rank)).size).toBe(1);
  });

  it('never has half of a sum by turns', async () => {
    const tx = amd.signals.interconnect_tx;
    if (!tx) throw new Error('the model has links');
    const many = {
      ...tx,
      and: range(7).map((n) => ({ event: `link ${n}`, fields: {}, config: BigInt(n + 2) })),
    };
    const model = { ...amd, signals: { ...amd.signals, interconnect_tx: many } };
    const { groups } = await planned({ model, facts: { pmus: [cpu, deviceOf('amd_df', 30, [0, 8])] } });
    const links = groups.filter(({ name }) => name === 'interconnect');
    expect(links.map(({ when }) => when)).toEqual(range(8).map(() => 'always'));
  });

  it('stands on no isolated CPU unless asked', async () => {
    const changes = { isolated: [8] };
    const places = async (given: Given) =>
      (await uncore(2, { changes, ...given }))[0]?.places.map((place) => place.cpu);
    expect(await places({})).toEqual([0]);
    expect(await places({ options: { includeIsolated: true } })).toEqual([0, 8]);
  });
});

const all = (names: readonly string[], reason: string) =>
  Object.fromEntries(names.map((name) => [name, reason]));

describe('what is missing', () => {
  const boxed = Object.entries(intel.signals).flatMap(([signal, { pmu }]) => (pmu === 'cpu' ? [] : [signal]));

  it('is all that boxes count where the kernel shows none', async () => {
    const plan = await planned();
    expect(missingOf(plan)).toEqual(all(boxed, 'no_pmu'));
    expect(plan.missing[0]?.advice).toContain('load the kernel module');
    expect((await planned({ hypervisor: true })).missing[0]?.advice).toContain('only their host can count');
  });

  it('is everything in a virtual machine without a PMU, with what to switch on', async () => {
    const plan = await planned({ facts: { pmus: [] }, hypervisor: true });
    expect(plan.groups).toEqual([]);
    expect(missingOf(plan)).toEqual(all(Object.keys(intel.signals), 'no_pmu'));
    expect(plan.missing[0]?.advice).toContain('pmu=on');
  });

  it('is the headline where nobody knows the CPU, and the kernel’s own events are counted', async () => {
    const plan = await planned({ model: null });
    expect(plan.groups.map(shown)).toEqual(['core always: cycles instructions ref_cycles']);
    expect(missingOf(plan)).toEqual(all(['all_loads', 'load_local_dram', 'load_remote_dram'], 'unknown_cpu'));
    expect(plan.missing[0]?.advice).toContain('vendor GenuineIntel, family 6, model 143, stepping 8');
  });

  it('is the kernel’s own events, too, where nobody knows the CPU and it has no PMU', async () => {
    const plan = await planned({ model: null, facts: { pmus: [] }, hypervisor: true });
    const names = [
      'all_loads',
      'load_local_dram',
      'load_remote_dram',
      'cycles',
      'instructions',
      'ref_cycles',
    ];
    expect(missingOf(plan)).toEqual(all(names, 'no_pmu'));
  });

  it('is an event that the PMU’s format has no field for, on all of its boxes', async () => {
    const tx = intel.signals.interconnect_tx;
    if (!tx) throw new Error('the model has links');
    const model = {
      ...intel,
      signals: { ...intel.signals, interconnect_tx: { ...tx, fields: { newfield: 1n } } },
    };
    const format = { event: { word: 'config', bits: [[0, 7]] } } as const;
    const pmus = [
      cpu,
      { ...deviceOf('uncore_upi_0', 20, [0, 8]), format },
      deviceOf('uncore_upi_1', 21, [0, 8]),
    ];
    const plan = await planned({ model, facts: { pmus } });
    expect(missingOf(plan)).toMatchObject({ interconnect_tx: 'no_event' });
    expect(plan.groups.some(({ name }) => name === 'interconnect')).toBe(false);
  });

  it('is what could only be read on isolated CPUs', async () => {
    const plan = await planned({
      changes: { isolated: [0, 8] },
      facts: { pmus: [cpu, ...boxes('uncore_upi', 1)] },
    });
    const why = plan.missing.find(({ signal }) => signal === 'interconnect_tx');
    expect(why?.reason).toBe('off');
    expect(why?.advice).toContain('courtesy.include_isolated');
  });
});
