import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import { modelsOption } from '../../../src/pmu/catalogue/model.ts';
import type { Model } from '../../../src/pmu/catalogue/model.ts';
import {
  matchModel,
  mergeModels,
  parseModels,
  readIn,
  readModels,
} from '../../../src/pmu/catalogue/models.ts';
import { modelFiles } from '../catalogue.ts';

const files = modelFiles();
const shipped = parseModels(files);
const byId = (id: string, models: readonly Model[] = shipped): Model => {
  const model = models.find((one) => one.id === id);
  if (!model) throw new Error(`no model ${id}`);
  return model;
};

const identityOf = (vendor: string, family: number, model: number, stepping = 0) => ({
  vendor,
  family,
  model,
  stepping,
  name: '',
  hypervisor: false,
});
const matched = (vendor: string, family: number, model: number, stepping = 0) =>
  matchModel(shipped, identityOf(vendor, family, model, stepping))?.id;

const linesOf = (act: () => unknown): readonly string[] => {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.lines;
    throw thrown;
  }
  return [];
};

/** General counters that the largest group of the core takes. */
const mostGeneral = ({ groups, signals, counters }: Model) =>
  Math.max(
    ...Object.values(groups)
      .map((members) => members.filter((signal) => signals[signal]?.pmu === 'cpu'))
      .map((members) => members.filter((signal) => !counters.fixed.includes(signal)).length),
  );

describe('the catalogue', () => {
  it('has each family in the file of its name', () => {
    expect(files.length).toBeGreaterThanOrEqual(22);
    expect(shipped.map(({ id }) => `models/${id}.yml`)).toEqual(files.map(({ file }) => file));
  });

  it('is read again from the text that the build makes of it', () => {
    expect(readModels(JSON.stringify(files.map(({ value }) => value)))).toEqual(shipped);
  });

  it.each(shipped)(
    '$id counts cycles and instructions side by side, before all that takes turns',
    ({ groups }) => {
      const [first, second] = Object.values(groups);
      const own = first?.includes('cycles') ? first : second;
      expect(own?.slice(0, 2)).toEqual(['cycles', 'instructions']);
    },
  );

  it.each(shipped.filter(({ unit }) => unit === 'retired_loads'))(
    '$id has all loads and their remote parts in the group that is always on, four general counters in all',
    ({ groups }) => {
      const fixed = ['cycles', 'instructions', 'ref_cycles'];
      expect(Object.values(groups)[0]?.filter((signal) => !fixed.includes(signal))).toEqual([
        'all_loads',
        'load_local_dram',
        'load_remote_dram',
        'load_remote_hitm',
      ]);
    },
  );

  it.each(shipped)('$id says of every event where it was read', (model) => {
    for (const event of Object.values(model.signals)) expect(readIn(model, event)).not.toEqual([]);
  });

  it('leaves a counter of every core to others', () => {
    for (const model of shipped)
      expect(mostGeneral(model), model.id).toBeLessThanOrEqual(model.unit === 'retired_loads' ? 4 : 5);
  });
});

describe('the model of a CPU', () => {
  it.each([
    ['GenuineIntel', 6, 0x4f, 1, 'intel-broadwell-ep'],
    ['GenuineIntel', 6, 0x55, 4, 'intel-skylake-sp'],
    ['GenuineIntel', 6, 0x55, 0, 'intel-skylake-sp'],
    ['GenuineIntel', 6, 0x55, 5, 'intel-cascadelake-sp'],
    ['GenuineIntel', 6, 0x55, 7, 'intel-cascadelake-sp'],
    ['GenuineIntel', 6, 0x55, 11, 'intel-cascadelake-sp'],
    ['GenuineIntel', 6, 0x6a, 6, 'intel-icelake-sp'],
    ['GenuineIntel', 6, 0x6c, 1, 'intel-icelake-sp'],
    ['GenuineIntel', 6, 0x8f, 8, 'intel-sapphire-rapids'],
    ['GenuineIntel', 6, 0xcf, 2, 'intel-emerald-rapids'],
    ['GenuineIntel', 6, 0xad, 1, 'intel-granite-rapids'],
    ['GenuineIntel', 6, 0xae, 1, 'intel-granite-rapids'],
    ['GenuineIntel', 6, 0xaf, 3, 'intel-sierra-forest'],
    ['GenuineIntel', 6, 0xdd, 0, 'intel-clearwater-forest'],
    ['AuthenticAMD', 0x17, 0x01, 2, 'amd-zen1'],
    ['AuthenticAMD', 0x17, 0x31, 0, 'amd-zen2'],
    ['AuthenticAMD', 0x19, 0x01, 1, 'amd-zen3'],
    ['AuthenticAMD', 0x19, 0x11, 1, 'amd-zen4'],
    ['AuthenticAMD', 0x19, 0xa0, 2, 'amd-zen4'],
    ['AuthenticAMD', 0x1a, 0x02, 1, 'amd-zen5'],
    ['AuthenticAMD', 0x1a, 0x11, 0, 'amd-zen5'],
    ['0x41', 8, 0xd0c, 0x31, 'arm-neoverse-n1'],
    ['0x41', 8, 0xd40, 0x11, 'arm-neoverse-v1'],
    ['0x41', 8, 0xd49, 0, 'arm-neoverse-n2'],
    ['0x41', 8, 0xd4f, 0, 'arm-neoverse-v2'],
    ['0x41', 8, 0xd84, 0, 'arm-neoverse-v3'],
    ['0x41', 8, 0xd8e, 0, 'arm-neoverse-n3'],
    ['0xc0', 8, 0xac3, 0, 'ampere-ampereone'],
    ['0xc0', 8, 0xac4, 0, 'ampere-ampereonex'],
  ])('%s family %i model %i stepping %i is %s', (vendor, family, model, stepping, id) => {
    expect(matched(vendor, family, model, stepping)).toBe(id);
  });

  it.each([
    ['GenuineIntel', 6, 0x9e, 0],
    ['GenuineIntel', 15, 0x8f, 0],
    ['AuthenticAMD', 0x15, 0x01, 0],
    ['AuthenticAMD', 0x19, 0xb0, 0],
    ['HygonGenuine', 0x18, 0x01, 0],
    ['0x41', 8, 0xd08, 0],
    ['0x48', 8, 0xd0c, 0],
    ['unknown', 0, 0, 0],
  ])('is unknown for %s family %i model %i', (vendor, family, model, stepping) => {
    expect(matched(vendor, family, model, stepping)).toBeUndefined();
  });

  it('is one model, never two', () => {
    const vendors = new Set(shipped.map(({ match }) => match.vendor));
    const ambiguous: string[] = [];
    for (const vendor of vendors)
      for (const family of [6, 8, 0x17, 0x19, 0x1a])
        for (let model = 0; model < (vendor.startsWith('0x') ? 4096 : 256); model += 1)
          for (const stepping of [0, 4, 5, 15]) {
            const found = shipped.filter((one) => matchModel([one], identityOf(vendor, family, model, stepping)));
            if (found.length > 1) ambiguous.push(`${vendor} ${family} ${model}: ${found.map(({ id }) => id).join()}`);
          }
    expect(ambiguous).toEqual([]);
  }); // prettier-ignore
});

const small = {
  id: 'small',
  name: 'Small',
  match: { vendor: 'Somebody', family: 1, models: [1] },
  unit: 'retired_loads',
  counters: { general: 4, fixed: ['cycles'], offcore: 1, uncore: { uncore_x: 2 } },
  read_in: ['somewhere'],
  signals: {
    cycles: { event: 'CYCLES', generic: true, config: 0 },
    all_loads: { event: 'LOADS', config: 0x81d0, counters: [0, 1] },
  },
  groups: { loads: ['cycles', 'all_loads'] },
};
const event = (changes: object) => ({ event: 'E', config: 1, ...changes });
const offcore = (value: number) => event({ fields: { event: 1, offcore_rsp: value } });
const latency = (changes: object) =>
  event({ pmu: 'uncore_x', counters: [0], unit: 'uncore_cycles', ...changes });

const mistakes = (changes: object) =>
  linesOf(() => parseModels([{ file: 'models/small.yml', value: { ...small, ...changes } }]));
/** More signals, in a group of their own. */
const more = (signals: object, groups?: object) =>
  mistakes({
    signals: { ...small.signals, ...signals },
    groups: { ...small.groups, ...(groups ?? { more: Object.keys(signals) }) },
  });

const merged = (...users: unknown[]) => mergeModels(shipped, modelsOption.parse(users));

describe('a file of the catalogue', () => {
  it('is good as it stands', () => expect(mistakes({})).toEqual([]));

  it('says file and path of a mistake', () => {
    expect(mistakes({ unit: 'loads' })).toEqual([expect.stringMatching(/^models\/small\.yml: unit: Invalid option/)]);
    expect(mistakes({ groups: { loads: ['cicles'] } })).toEqual([expect.stringMatching(/^models\/small\.yml: groups\.loads\.0: /)]);
    expect(mistakes({ signals: { all_loads: event({ config: 2 ** 60 }) } })).toEqual([
      expect.stringMatching(/^models\/small\.yml: signals\.all_loads\.config: /),
    ]);
  }); // prettier-ignore

  it.each([
    ['a signal without a group', { load_l1: event({}) }, {}, 'signals.load_l1: must stand in one group, not in none'],
    ['a signal in two groups', {}, { more: ['all_loads'] }, 'signals.all_loads: must stand in one group, not in loads and more'],
    ['a signal twice in a group', {}, { loads: ['cycles', 'all_loads', 'all_loads'] }, 'signals.all_loads: must stand in one group, not in loads and loads'],
    ['a group with a signal that has no event', {}, { more: ['load_l1'] }, 'groups.more: load_l1 has no event under signals'],
    ['two PMUs in one group', { load_l1: event({}), dram_read: event({ pmu: 'uncore_x' }) }, undefined, 'groups.more: one PMU only, not cpu and uncore_x'],
    ['three events on two counters', { load_l1: event({ counters: [0, 1] }), load_l2: event({ counters: [0, 1] }), load_l3: event({ counters: [0, 1] }) }, undefined, 'groups.more: does not fit its counters, their masks or the offcore registers at one time'],
    ['five events on four counters', { load_l1: event({ and: [1, 2, 3, 4].map((config) => ({ event: 'L', config })) }) }, undefined, 'groups.more: does not fit its counters, their masks or the offcore registers at one time'],
    ['two offcore values in one register', { offcore_local_dram: offcore(1), offcore_remote_dram: offcore(2) }, undefined, 'groups.more: does not fit its counters, their masks or the offcore registers at one time'],
    ['two occupancies on one box', { read_latency_local_dram: latency({}), read_latency_remote_dram: latency({}) }, undefined, 'groups.more: does not fit its counters, their masks or the offcore registers at one time'],
    ['three events on a box with two counters', { dram_read: event({ pmu: 'uncore_x', and: [1, 2].map((config) => ({ event: 'L', config })) }) }, undefined, 'groups.more: does not fit its counters, their masks or the offcore registers at one time'],
    ['a counter that is not there', { load_l1: event({ counters: [4] }) }, undefined, 'signals.load_l1: counters: there are 4'],
    ['an event without any number', { load_l1: { event: 'E' } }, undefined, 'signals.load_l1: fields or config: missing'],
    ['an alias with numbers', { load_l1: event({ alias: 'e' }) }, undefined, 'signals.load_l1: alias: the kernel knows fields and config'],
    ['a sum of aliases', { load_l1: { event: 'E', alias: 'e', and: [{ event: 'L', config: 1 }] } }, undefined, 'signals.load_l1: alias: nothing can be added to it'],
    ['a generic event of a box', { dram_read: event({ pmu: 'uncore_x', generic: true }) }, undefined, 'signals.dram_read: generic: only cores have generic events'],
    ['cores by halves', { load_l1: event({ boxes: 'odd' }) }, undefined, 'signals.load_l1: boxes: cores are not shared out'],
    ['latency without a unit', { read_latency_all: event({ pmu: 'uncore_x' }) }, undefined, 'signals.read_latency_all: unit: what read_latency_* is summed in, and nothing else has one'],
    ['loads with a unit', { load_l1: event({ unit: 'core_cycles' }) }, undefined, 'signals.load_l1: unit: what read_latency_* is summed in, and nothing else has one'],
  ])('cannot have %s', (_, signals, groups, line) => {
    expect(more(signals, groups)).toContain(`models/small.yml: ${line}`);
  }); // prettier-ignore

  it('may count the halves of a thing on even and odd boxes, and one offcore value twice', () => {
    const halves = { read_latency_local_dram: latency({ boxes: 'even' }), read_latency_remote_dram: latency({ boxes: 'odd' }) };
    expect(more(halves)).toEqual([]);
    expect(more({ offcore_local_dram: offcore(1), offcore_remote_dram: offcore(1) })).toEqual([]);
  }); // prettier-ignore

  it('cannot begin with a group of boxes, or be without one', () => {
    const signals = { dram_read: event({ pmu: 'uncore_x' }) };
    expect(mistakes({ signals, groups: { dram: ['dram_read'] } })).toEqual([
      'models/small.yml: groups.dram: the first group is that of the cores',
    ]);
    expect(mistakes({ signals: {}, groups: {} })).toEqual(['models/small.yml: groups: there is none']);
  });

  it('cannot leave open where it was read', () => {
    expect(mistakes({ read_in: [] })).toContain('models/small.yml: signals.all_loads: read_in: where was it read?');
  }); // prettier-ignore

  it('cannot claim a CPU that another has', () => {
    const twin = { ...small, id: 'twin', match: { ...small.match, models: [0, '0x1-0x3'] } };
    const both = [small, twin].map((value) => ({ file: `models/${value.id}.yml`, value }));
    expect(linesOf(() => parseModels(both))).toEqual(['twin: matches a CPU that small matches too']);
  });
});

describe('models of the configuration', () => {
  const spr = byId('intel-sapphire-rapids');

  it('change nothing where there are none', () => expect(merged()).toEqual(shipped));

  it('replace a signal of ours and leave the rest', () => {
    const user = { id: spr.id, signals: { all_loads: event({ event: 'MINE', config: 7 }) } };
    const model = byId(spr.id, merged(user));
    expect(model.signals.all_loads).toMatchObject({ event: 'MINE', config: 7n, fields: {} });
    expect({ ...model, signals: { ...model.signals, all_loads: spr.signals.all_loads } }).toEqual(spr);
  });

  it('add a signal with a group of its own, after ours', () => {
    const user = {
      id: spr.id,
      signals: { load_cxl: event({ config: 0x80d1 }) },
      groups: { cxl: ['load_cxl'] },
    };
    const { groups } = byId(spr.id, merged(user));
    expect(Object.keys(groups)).toEqual([...Object.keys(spr.groups), 'cxl']);
  });

  it('move a signal into another group, and drop a group that is empty then', () => {
    const moved = byId(spr.id, merged({ id: spr.id, groups: { detail: ['load_remote_fwd', 'stall_l3_miss', 'load_detail_local_hitm'] } })); // prettier-ignore
    expect(moved.groups['stalls']).toBeUndefined();
    expect(Object.keys(moved.groups)[0]).toBe('loads');
    expect(moved.groups['detail']).toContain('stall_l3_miss');
  });

  it('replace other fields as a whole', () => {
    const counters = { general: 8, fixed: ['cycles', 'instructions', 'ref_cycles'], offcore: 2 };
    const model = byId(spr.id, merged({ id: spr.id, name: 'Mine', counters }));
    expect(model).toMatchObject({ name: 'Mine', counters: { ...counters, uncore: {} } });
  });

  it('come first, a new one even for a CPU that we know', () => {
    const user = { ...small, match: spr.match };
    const models = merged(user);
    expect(models).toHaveLength(shipped.length + 1);
    expect(matchModel(models, identityOf('GenuineIntel', 6, 0x8f))?.id).toBe('small');
  });

  it('need no more than what is new, and say what is missing of a new one', () => {
    const { name: _, read_in: __, ...least } = small;
    expect(byId('small', merged(least))).toMatchObject({ name: 'small', read_in: ['user'], notes: [] });
    expect(linesOf(() => merged({ id: 'new', unit: 'accesses' }))).toEqual([
      'collectors.pmu.models: new: a new model needs match, counters, signals, groups',
    ]);
  });

  it('are held to the same rules as ours', () => {
    expect(linesOf(() => merged({ id: spr.id, signals: { load_cxl: event({}) } }))).toEqual([
      'collectors.pmu.models: intel-sapphire-rapids: signals.load_cxl: must stand in one group, not in none',
    ]);
  });
});
