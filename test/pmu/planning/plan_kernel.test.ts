import { describe, expect, it } from 'vitest';
import type { Facts, PmuDevice } from '../../../src/pmu/facts.ts';
import { kernelSignalNames, tracepointsOf } from '../../../src/pmu/kernel_signals.ts';
import { planKernel } from '../../../src/pmu/planning/plan_kernel.ts';
import type { KernelInput } from '../../../src/pmu/planning/plan_kernel.ts';
import type { Plan } from '../../../src/pmu/plan.ts';
import { readTopology } from '../../../src/topology/read.ts';
import { filesOf } from '../../fakes.ts';
import { machine } from '../../machines.ts';
import type { MachineName, MachineSpec } from '../../machines.ts';
import { factsOf } from '../models.ts';

const tracepoints = Object.fromEntries(
  tracepointsOf(kernelSignalNames).map((name, index) => [name, 300 + index]),
);

/** Of a Xeon on bare metal. */
const msr: PmuDevice = {
  name: 'msr',
  type: 12,
  cpus: null,
  format: { event: { word: 'config', bits: [[0, 63]] } },
  events: { tsc: 'event=0x00', smi: 'event=0x04' },
};

/** Of a kernel that is built without NUMA balancing. */
const unbalanced = Object.fromEntries(
  Object.entries(tracepoints).filter(([name]) => !name.endsWith('_numa')),
);

interface Given extends Partial<Omit<KernelInput, 'facts' | 'topology'>> {
  readonly name?: MachineName;
  readonly changes?: Partial<MachineSpec>;
  readonly facts?: Partial<Facts>;
}

async function planned({ name = 'two-socket', changes, facts, ...input }: Given = {}): Promise<Plan> {
  const topology = await readTopology(filesOf(machine(name, changes)));
  return planKernel({
    signals: kernelSignalNames,
    facts: factsOf({ tracepoints, pmus: [msr], ...facts }),
    topology,
    fds: 100_000,
    includeIsolated: false,
    ...input,
  });
}

const countersOf = ({ groups }: Plan) => groups.flatMap(({ counters }) => counters);
const signalsOf = (plan: Plan) => new Set(countersOf(plan).map(({ signal }) => signal));
const groupOf = ({ groups }: Plan, wanted: string) => groups.find(({ name }) => name === wanted);
const countedCpus = (plan: Plan) => groupOf(plan, 'kernel')?.places.length;
const waysOf = (plan: Plan) =>
  countersOf(plan)
    .filter(({ signal }) => signal === 'sched_migrate_task')
    .map(({ labels }) => `${labels['from_socket']} ${labels['to_socket']}`);
const reasonsOf = ({ missing }: Plan) =>
  missing.map(({ signal, reason, status }) => `${signal} ${status} ${reason}`);

describe('a plan of kernel events', () => {
  it('is one group on each CPU, so that each is interrupted once', async () => {
    const { groups, missing } = await planned();
    expect(missing).toEqual([]);
    expect(groups.map(({ name, when, places }) => [name, when, places.length])).toEqual([
      ['msr', 'always', 2],
      ['kernel', 'always', 32],
    ]);
    const second = kernelSignalNames.length - 2 + 1; // tsc and smi are apart, moves have two directions
    expect(groups[1]?.counters).toHaveLength(second);
  });

  it('asks one CPU of each socket for what is the same on all of them', async () => {
    const group = groupOf(await planned(), 'msr');
    expect(group?.places.map(({ cpu, socket }) => [cpu, socket])).toEqual([[0, 0], [8, 1]]); // prettier-ignore
    expect(group?.counters.map(({ signal, attr }) => [signal, attr.type, attr.config])).toEqual([
      ['tsc', 12, 0n],
      ['smi', 12, 4n],
    ]);
  });

  it('has software events by number and tracepoints by id', async () => {
    const all = countersOf(await planned());
    const attrOf = (name: string) => all.find(({ signal }) => signal === name)?.attr;
    expect(attrOf('context_switches')).toEqual({ type: 1, config: 3n, config1: 0n, config2: 0n });
    const id = BigInt(tracepoints['sched:sched_move_numa'] ?? -1);
    expect(attrOf('sched_move_numa')).toEqual({ type: 2, config: id, config1: 0n, config2: 0n });
    expect(attrOf('sched_migrate_task')?.filter).toContain('orig_cpu');
  });

  it('counts moves between sockets by direction', async () => {
    expect(waysOf(await planned())).toEqual(['0 1', '1 0']);
    expect(waysOf(await planned({ name: 'interleaved', changes: { sockets: 4 } }))).toHaveLength(12);
  });

  it('counts them by origin where files do not suffice for every direction', async () => {
    const four = { name: 'interleaved', changes: { sockets: 4 } } as const;
    const cpus = 32;
    const others = kernelSignalNames.length - 1;
    const enough = cpus * (12 + others);
    expect(waysOf(await planned({ ...four, fds: enough }))).toHaveLength(12);
    expect(waysOf(await planned({ ...four, fds: enough - 1 }))).toEqual(['0 other', '1 other', '2 other', '3 other']); // prettier-ignore
  });

  it('counts them by origin on eight sockets of many CPUs, whatever the limit', async () => {
    expect(waysOf(await planned({ name: 'eight-socket', fds: 1e9 }))).toHaveLength(8);
  });

  it('counts them by origin on a guest of many small sockets', async () => {
    const changes = { sockets: 9, coresPerNode: 1 };
    expect(waysOf(await planned({ name: 'interleaved', changes }))).toHaveLength(9);
  });

  it('drops what is worth least where files do not suffice at all', async () => {
    const plan = await planned({ fds: 32 * 4 + 2 * 2 });
    expect([...signalsOf(plan)]).toEqual([
      'tsc',
      'smi',
      'sched_migrate_task',
      'cpu_migrations',
      'context_switches',
    ]);
    expect(reasonsOf(plan)).toContain('page_faults failed fd_limit');
    expect(plan.missing.find(({ signal }) => signal === 'page_faults')?.advice).toContain(
      'needs 32 files, 0 left',
    );
    expect((await planned({ fds: 0 })).groups).toEqual([]);
  });

  it('counts only what is asked for', async () => {
    const plan = await planned({ signals: ['cpu_migrations', 'mm_migrate_pages'] });
    expect([...signalsOf(plan)]).toEqual(['cpu_migrations', 'mm_migrate_pages']);
    expect((await planned({ signals: [] })).groups).toEqual([]);
  });

  it('leaves isolated CPUs alone unless asked', async () => {
    const changes = { isolated: [3] };
    expect(countedCpus(await planned({ changes }))).toBe(31);
    expect(countedCpus(await planned({ changes, includeIsolated: true }))).toBe(32);
  });

  it.each([
    ['there is one socket', { name: 'one-socket' }, ['sched_migrate_task absent one_socket']],
    [
      'no numbers tell the sockets apart',
      { name: 'interleaved', changes: { sockets: 3, coresPerNode: 170 } },
      ['sched_migrate_task absent unsupported'],
    ],
    [
      'the kernel has no such tracepoint',
      { facts: { tracepoints: unbalanced } },
      [
        'sched_move_numa absent no_event',
        'sched_swap_numa absent no_event',
        'sched_stick_numa absent no_event',
      ],
    ],
    [
      'tracefs is not mounted',
      { facts: { tracepoints: {}, tracefs: 'absent' }, signals: ['mm_migrate_pages', 'page_faults'] },
      ['mm_migrate_pages absent no_tracefs'],
    ],
    [
      'tracefs may not be read',
      { facts: { tracepoints: {}, tracefs: 'denied' }, signals: ['mm_migrate_pages', 'page_faults'] },
      ['mm_migrate_pages denied no_tracefs'],
    ],
    [
      'an AMD guest has one of the registers of msr',
      { facts: { pmus: [{ ...msr, events: { tsc: 'event=0x00' } }] } },
      ['smi absent no_event'],
    ],
    ['there is no PMU msr', { facts: { pmus: [] } }, ['tsc absent no_pmu', 'smi absent no_pmu']],
  ] satisfies [string, Given, string[]][])('says what is missing where %s', async (_, given, reasons) => {
    const plan = await planned(given);
    expect(reasonsOf(plan)).toEqual(reasons);
    expect(groupOf(plan, 'kernel')).toBeDefined();
  });
});
