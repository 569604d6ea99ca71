import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionsOptions, takeConditions } from '../../src/collectors/conditions.ts';
import { conditionsText, diffText } from '../../src/commands/conditions.ts';
import { conditions, counted, published } from '../../src/conditions/all.ts';
import type { Reading } from '../../src/conditions/condition.ts';
import { diff, differs } from '../../src/conditions/diff.ts';
import { documentOf, parseSaved } from '../../src/conditions/document.ts';
import { ladder } from '../../src/conditions/ladder.ts';
import { readConditions } from '../../src/conditions/read.ts';
import { Denied } from '../../src/errors.ts';
import { readTopology } from '../../src/topology/read.ts';
import { fakeClock, filesOf, silentLog } from '../fakes.ts';
import { fakeNative } from '../fakeNative.ts';
import { machine } from '../machines.ts';
import type { MachineName } from '../machines.ts';

type Tree = Record<string, string | Error>;

const guest = (): Tree => {
  const tree = machine('one-socket');
  const cpuinfo = tree['/proc/cpuinfo'] ?? '';
  return { ...tree, '/proc/cpuinfo': cpuinfo.replaceAll('flags\t\t: fpu', 'flags\t\t: fpu hypervisor') };
};

async function documentFrom(tree: Tree, options: unknown = {}) {
  const host = { files: filesOf(tree), clock: fakeClock(), log: silentLog(), native: fakeNative() };
  const topology = await readTopology(host.files);
  return documentOf({
    ...(await takeConditions({ host, topology }, conditionsOptions.parse(options))),
    changes: [],
  });
}

async function read(name: MachineName, changes: Tree = {}) {
  const files = filesOf({ ...machine(name), ...changes });
  return readConditions({ files, topology: await readTopology(files), measured: 'db.slice' });
}

describe('conditions', () => {
  it('have one name each, and stay within their series', () => {
    const names = conditions.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(published.length).toBeLessThanOrEqual(30);
    expect(counted.length).toBeLessThanOrEqual(12);
    for (const one of counted) expect(one).toMatchObject({ moves: true, changes: true });
  });

  it.each<[string, Tree, string, unknown]>([
    ['numa_balancing', { '/proc/sys/kernel/numa_balancing': '2\n' }, 'two-socket', { value: '2' }],
    ['boost', { '/sys/devices/system/cpu/intel_pstate/no_turbo': '1\n' }, 'two-socket', { value: 'off' }],
    ['boost', {}, 'nps4', { value: 'on' }],
    [
      'governor',
      { '/sys/devices/system/cpu/cpufreq/policy3/scaling_governor': 'performance\n' },
      'two-socket',
      { value: 'performance,powersave' },
    ],
    [
      'idle_state',
      { '/sys/devices/system/cpu/cpu1/cpuidle/state3/disable': '1\n' },
      'two-socket',
      { value: 'C1E,C6' },
    ],
    [
      'idle_state',
      Object.fromEntries(
        ['name', 'disable'].map((file, index) => [
          `/sys/devices/system/cpu/cpu0/cpuidle/state4/${file}`,
          ['haltpoll idle\n', '1\n'][index] ?? '',
        ]),
      ),
      'one-socket',
      { value: 'none' },
    ],
    ['cpufreq_driver', {}, 'two-socket', { value: 'intel_pstate/active' }],
    ['uncore_frequency', {}, 'two-socket', { value: '800-2500MHz' }],
    ['nodes_per_socket', {}, 'nps4', { value: '4' }],
    [
      'hugepages',
      { '/sys/kernel/mm/hugepages/hugepages-2048kB/surplus_hugepages': '12\n' },
      'two-socket',
      { value: '2048kB:500' },
    ],
    ['mitigations', {}, 'nps4', { value: 'mitigated:2 vulnerable:none spectre_v2:retpolines' }],
    ['rcu_nocbs', { '/proc/cmdline': 'ro rcu_nocbs=1-3\n' }, 'two-socket', { value: '1-3' }],
    ['isolated_cpus', { '/sys/devices/system/cpu/isolated': '2,3\n' }, 'two-socket', { value: '2-3' }],
    [
      'measured_sockets',
      { '/sys/fs/cgroup/db.slice/cpuset.cpus.effective': '0-8\n' },
      'two-socket',
      { value: '0-1' },
    ],
    [
      'sched_ext',
      { '/sys/kernel/sched_ext/state': 'enabled\n', '/sys/kernel/sched_ext/root/ops': 'rusty_1.0.9\n' },
      'two-socket',
      { value: 'rusty_1.0.9' },
    ],
    ['sched_ext', { '/sys/kernel/sched_ext/state': 'enabling\n' }, 'two-socket', { status: 'absent' }],
    [
      'thp_enabled',
      { '/sys/kernel/mm/transparent_hugepage/enabled': 'nonsense\n' },
      'two-socket',
      { status: 'failed' },
    ],
    [
      'preempt',
      { '/sys/kernel/debug/sched/preempt': new Denied('no') },
      'two-socket',
      { status: 'denied', reason: 'no' },
    ],
    [
      'sched_knobs',
      {},
      'two-socket',
      { value: 'base_slice_ns=3000000,migration_cost_ns=500000,nr_migrate=32' },
    ],
    ['containers', { '/sys/fs/cgroup/kubepods.slice/cgroup.procs': '' }, 'two-socket', { value: 'some' }],
    ['epp', {}, 'one-socket', { status: 'absent' }],
  ])('%s of %j on %s', async (name, changes, host, wanted) => {
    expect((await read(host as MachineName, changes))[name]).toMatchObject(wanted as object);
  });

  it('never hold the kernel command line, and are short and in one line', async () => {
    for (const name of ['two-socket', 'nps4', 'one-socket', 'eight-socket-snc4'] as const) {
      const reading = await read(name);
      expect(JSON.stringify(reading)).not.toContain('secret');
      for (const one of Object.values(reading))
        if ('value' in one) expect(one.value).toMatch(/^[^\p{C}]{1,200}$/u);
    }
  });

  it('cost only themselves where a file holds anything at all', async () => {
    const tree = machine('one-socket');
    const files = filesOf(tree);
    const topology = await readTopology(files);
    const whole = await readConditions({ files, topology, measured: null });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (garbage) => {
        const broken = filesOf({ ...tree, '/proc/sys/kernel/numa_balancing': `${garbage}x` });
        const reading = await readConditions({ files: broken, topology, measured: null });
        expect(reading['numa_balancing']).toMatchObject({ status: 'failed' });
        expect({ ...reading, numa_balancing: null }).toEqual({ ...whole, numa_balancing: null });
      }),
      { numRuns: 50 },
    );
  });

  it('that cannot change are asked for once', async () => {
    const files = filesOf(machine('two-socket'));
    const topology = await readTopology(files);
    const before = await readConditions({ files, topology, measured: null });
    const after = await readConditions({ files: filesOf({}), topology, measured: null }, before);
    expect(after['kernel_config']).toEqual(before['kernel_config']);
    expect(after['numa_balancing']).toMatchObject({ status: 'absent' });
  });
});

describe('numacanary conditions', () => {
  it('prints a checklist of a bare-metal host', async () => {
    await expect(conditionsText(await documentFrom(machine('two-socket')))).toMatchFileSnapshot(
      '../golden/conditions-spr.txt',
    );
  });

  it('prints a checklist of a guest', async () => {
    await expect(conditionsText(await documentFrom(guest()))).toMatchFileSnapshot(
      '../golden/conditions-guest.txt',
    );
  });

  it('prints a document', async () => {
    const given = await documentFrom(machine('nps4'), { extra: { image: 'v1.2' } });
    await expect(`${JSON.stringify(given, null, 2)}\n`).toMatchFileSnapshot('../golden/conditions-nps4.json');
    expect(parseSaved(JSON.stringify(given))).toMatchObject({ extra: { image: 'v1.2' } });
  });

  it('finds no difference to itself, and one after a sysctl', async () => {
    const here = await documentFrom(machine('two-socket'));
    const there = await documentFrom({ ...machine('two-socket'), '/proc/sys/kernel/numa_balancing': '0\n' });
    expect(differs(diff(here, here))).toBe(false);
    const rows = diff(here, there);
    expect(differs(rows)).toBe(true);
    expect(diffText(rows, here, there)).toMatch(/^numa_balancing +1 +0 +DIFFERENT$/m);
  });

  it('does not take what moves no NUMA number for one that does', async () => {
    const here = await documentFrom(machine('two-socket'));
    const there = await documentFrom({
      ...machine('two-socket'),
      '/proc/sys/kernel/perf_event_paranoid': '4\n',
    });
    expect(differs(diff(here, there))).toBe(false);
  });

  // This file stays as it is: what was saved once can be read for good.
  it('reads what the first version saved; what it has not is no difference', async () => {
    const saved = parseSaved(readFileSync('test/conditions/saved-v1.json', 'utf8'));
    if ('wrong' in saved) throw new Error(saved.wrong);
    const rows = diff(await documentFrom(machine('two-socket')), saved);
    expect(rows).toContainEqual({
      condition: 'numa_balancing',
      here: '1',
      there: '0',
      same: false,
      moves: true,
    });
    expect(rows).toContainEqual(expect.objectContaining({ condition: 'sched_ext', there: null, same: null }));
    expect(rows).toContainEqual(expect.objectContaining({ condition: 'epp', there: null, same: null }));
    expect(rows.map(({ condition }) => condition)).not.toContain('of_another_time');
  });

  it.each([
    '',
    '{}',
    '[]',
    'null',
    '{"version":1}',
    '{"version":0,"takenAt":"","host":{"name":""},"conditions":{}}',
  ])('says of %j what is wrong', (text) =>
    expect(parseSaved(text)).toMatchObject({
      wrong: expect.stringMatching(/^no (JSON|document of conditions) \(/),
    }),
  );

  it('takes any text for a document or says what is wrong', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseSaved(text)),
      { numRuns: 2000 },
    );
  });
});

describe('the ladder', () => {
  const good: Reading = Object.fromEntries(
    Object.entries({
      kernel: '6.12',
      kernel_config: 'HZ=250',
      numa_balancing: '0',
      isolated_cpus: '2-3',
      governor: 'performance',
      thp_enabled: 'madvise',
      thp_defrag: 'madvise',
      nmi_watchdog: '0',
      measured_sockets: '1',
    }).map(([name, value]) => [name, { value }]),
  );
  const statesOf = (changes: Reading, extra = {}) =>
    Object.fromEntries(ladder({ ...good, ...changes }, extra).map(({ check, state }) => [check, state]));

  it('is climbed on a host that was made for it, but for what the kernel does not tell', () => {
    const { pmu_unused: pmu, ...others } = statesOf({});
    expect(pmu).toBe('unknown');
    expect(new Set(Object.values(others))).toEqual(new Set(['met']));
  });

  it.each<[string, Reading, string, string]>([
    ['numa_balancing', { numa_balancing: { value: '1' } }, 'not_met', ''],
    ['numa_balancing', { numa_balancing: { value: '2' } }, 'met', '2'],
    ['numa_balancing', { numa_balancing: { status: 'absent', reason: 'x' } }, 'met', ''],
    ['numa_balancing', { numa_balancing: { status: 'denied', reason: 'x' } }, 'unknown', ''],
    ['cpu_isolation', { isolated_cpus: { value: 'none' } }, 'not_met', ''],
    ['governor', { governor: { value: 'performance,powersave' } }, 'not_met', ''],
    [
      'governor',
      { governor: { value: 'powersave' }, frequency_limits: { value: '2000-2000MHz' } },
      'met',
      '',
    ],
    ['governor', { governor: { value: 'powersave' }, epp: { value: 'performance' } }, 'met', ''],
    ['governor', { governor: { status: 'absent', reason: 'x' } }, 'unknown', ''],
    ['thp', { thp_enabled: { value: 'always' }, thp_defrag: { value: 'always' } }, 'not_met', ''],
    ['thp', { thp_enabled: { value: 'always' }, thp_defrag: { value: 'defer' } }, 'met', ''],
    ['pmu_unused', { nmi_watchdog: { value: '1' } }, 'not_met', ''],
    ['task_affinity', { measured_sockets: { value: '0-1' } }, 'not_met', ''],
    ['kernel_and_config', { kernel_config: { status: 'absent', reason: 'x' } }, 'unknown', ''],
  ])('has of %s with %j: %s', (check, changes, state, wanted) => {
    expect(statesOf(changes, wanted ? { numa_balancing_wanted: wanted } : {})[check]).toBe(state);
  });
});
