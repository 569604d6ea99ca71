import { describe, expect, it } from 'vitest';
import { drift } from '../../src/commands/drift.ts';
import { planDrift } from '../../src/commands/drift_plan.ts';
import { driftHead, driftLine, driftVerdict } from '../../src/commands/drift_report.ts';
import { Absent, NativeError } from '../../src/errors.ts';
import type { DriftFlags } from '../../src/flags.ts';
import type { DriftPlan, DriftRow, Native } from '../../src/host/host.ts';
import { readTopology } from '../../src/topology/read.ts';
import { fakeNative } from '../fakeNative.ts';
import { fakeClock, filesOf, silentLog } from '../fakes.ts';
import type { FakeClock } from '../fakes.ts';
import { machine } from '../machines.ts';
import type { MachineName, MachineSpec } from '../machines.ts';

const address = 0x7f27_2626_7000n;
const wish: DriftFlags = {
  bufferNode: undefined,
  readerCpu: undefined,
  mib: 64,
  seconds: 3,
  hugePages: false,
};

type Pages = Readonly<Record<number, number>>;

/** A helper in which the pages are where the test says, second by second. */
const driftingNative =
  (clock: FakeClock, seconds: readonly Pages[], plans: DriftPlan[] = []): Native['drift'] =>
  async (plan) => {
    plans.push(plan);
    const began = clock.now();
    const end = new AbortController();
    const all = plan.bytes / 4096;
    return {
      seen() {
        const passed = Math.floor(clock.now() - began + 1e-6);
        const rows = seconds.slice(0, Math.min(passed, plan.seconds) + 1).map((pages, second): DriftRow => {
          const known = Object.values(pages).reduce((sum, own) => sum + own, 0);
          return {
            elapsedNs: second * 1e9,
            passes: 40 * second,
            readerCpu: plan.readerCpu,
            pages: new Map(Object.entries(pages).map(([node, own]) => [Number(node), own])),
            unknownPages: all - known,
          };
        });
        return { address, pageBytes: 4096, backingBytes: 4096, rows };
      },
      stop: () => end.abort(),
      ended: clock.sleep(plan.seconds + 1, end.signal),
    };
  };

interface Given {
  readonly seconds: readonly Pages[];
  readonly balancing?: string;
  readonly flags?: Partial<DriftFlags>;
  readonly stopAfter?: number;
  readonly drift?: Native['drift'];
}

async function watched({ seconds, balancing = '1', flags, stopAfter, drift: given }: Given) {
  const clock = fakeClock();
  const began = clock.now();
  const plain = filesOf({ ...machine('two-socket'), '/proc/sys/kernel/numa_balancing': `${balancing}\n` });
  const at = () => Math.min(seconds.length - 1, Math.floor(clock.now() - began + 1e-6));
  const files = {
    ...plain,
    read: async (path: string) => {
      const pages = seconds[at()] ?? {};
      const moved = 16_384 - (pages[0] ?? 0);
      if (path === '/proc/vmstat')
        return `nr_free_pages 5\nnuma_pte_updates ${5 + 2 * moved}\nnuma_hint_faults ${70 + moved}\nnuma_hint_faults_local 7\nnuma_pages_migrated ${9 + moved}\npgmigrate_success ${12 + moved}\npgmigrate_fail 3\n`;
      if (path === '/proc/self/numa_maps') {
        const nodes = Object.entries(pages).map(([node, own]) => `N${node}=${own}`);
        return `${address.toString(16)} default anon=16384 ${nodes.join(' ')} kernelpagesize_kB=4\n`;
      }
      return plain.read(path);
    },
  };
  const plans: DriftPlan[] = [];
  const native = fakeNative({ drift: given ?? driftingNative(clock, seconds, plans) });
  const host = { files, clock, log: silentLog(), native };
  const topology = await readTopology(files);
  const abort = new AbortController();
  let text = '';
  const running = drift({
    host,
    topology,
    plan: planDrift(topology, { ...wish, ...flags }),
    onStart: (setting) => (text += driftHead(setting)),
    onSecond: (second, setting) => (text += driftLine(second, setting)),
    signal: abort.signal,
  });
  running.catch(() => {});
  for (let step = 0; step < 20; step += 1) {
    await clock.advance(0.5);
    if (stopAfter !== undefined && step / 2 >= stopAfter) abort.abort();
  }
  const report = await running;
  return { report, plans, text: text + driftVerdict(report) };
}

const stays = Array.from({ length: 4 }, () => ({ 0: 16_384 }));
const moves = [{ 0: 16_384 }, { 0: 5, 1: 14_877 }, { 0: 5, 1: 16_379 }, { 1: 16_384 }];

describe('numacanary drift', () => {
  it('shows memory that follows its reader, second by second, and says what that means', async () => {
    const { report, text } = await watched({ seconds: moves });
    await expect(text).toMatchFileSnapshot('../golden/drift-moved.txt');
    expect(report.seconds.map(({ pages }) => pages)).toEqual(moves);
    expect(report.seconds[1]).toMatchObject({ unknownPages: 1502, numaMaps: { pages: { 0: 5, 1: 14_877 } } });
    expect(report.seconds[3]?.kernel).toMatchObject({ numa_pages_migrated: 16_384, pgmigrate_fail: 0 });
    expect(report.stopped).toBe(false);
  });

  it('says why nothing moves where balancing is off', async () => {
    const { text } = await watched({ seconds: stays, balancing: '0' });
    await expect(text).toMatchFileSnapshot('../golden/drift-off.txt');
  });

  it.each([
    ['1', {}, 'Try more --seconds'],
    ['2', {}, 'from slow memory to fast'],
    ['1', { bufferNode: 0, readerCpu: 0 }, 'on the node of the buffer'],
  ])('says why nothing moves with balancing %s and %o', async (balancing, flags, why) => {
    const { text } = await watched({ seconds: stays, balancing, flags });
    expect(text).toContain('Nothing moved in 3 s');
    expect(text).toContain(why);
  });

  it('tells what it saw when it is stopped', async () => {
    const { report, text } = await watched({ seconds: moves, flags: { seconds: 600 }, stopAfter: 2 });
    expect(report.stopped).toBe(true);
    expect(report.seconds.length).toBeLessThan(4);
    expect(text).toContain('stopped early');
  });

  it('fails by the helper’s own words', async () => {
    const refused = Promise.reject(new NativeError('nc_drift', 'ENOMEM'));
    refused.catch(() => {});
    const drift: Native['drift'] = async () => ({ seen: () => null, stop: () => {}, ended: refused });
    await expect(watched({ seconds: [], drift })).rejects.toMatchObject({ code: 'ENOMEM' });
    await expect(
      watched({ seconds: [], drift: () => Promise.reject(new Absent('no native helper')) }),
    ).rejects.toThrow('no native helper');
  });
});

const plan = async (
  name: MachineName,
  flags: Partial<DriftFlags> = {},
  changes: Partial<MachineSpec> = {},
) => {
  const { bufferNode, readerCpu } = planDrift(await readTopology(filesOf(machine(name, changes))), {
    ...wish,
    ...flags,
  });
  return [bufferNode, readerCpu];
};

describe('planDrift', () => {
  it.each<[string, MachineName, Partial<DriftFlags>, Partial<MachineSpec>, readonly number[]]>([
    ['the first node, and the first CPU of another', 'two-socket', {}, {}, [0, 8]],
    ['a CPU away from the buffer named', 'two-socket', { bufferNode: 1 }, {}, [1, 0]],
    ['a buffer away from the reader named', 'two-socket', { readerCpu: 3 }, {}, [1, 3]],
    ['both as named, on one node, too', 'two-socket', { bufferNode: 0, readerCpu: 3 }, {}, [0, 3]],
    ['what the cpuset leaves', 'two-socket', {}, { allowed: [0, 1] }, [1, 0]],
    ['memory without CPUs, where it is named', 'memory-only-node', { bufferNode: 2 }, {}, [2, 0]],
  ])('takes %s', async (_, name, flags, changes, chosen) => {
    expect(await plan(name, flags, changes)).toEqual(chosen);
  });

  it.each<[string, MachineName, Partial<DriftFlags>, Partial<MachineSpec>, string]>([
    ['one node', 'one-socket', {}, {}, 'shows 1 node'],
    ['one node to us', 'two-socket', {}, { allowed: [0, 1], memsAllowed: [0] }, '2 of 32 CPUs'],
    ['no such node', 'two-socket', { bufferNode: 7 }, {}, '--buffer-node 7'],
    ['a node without memory', 'memoryless-node', { bufferNode: 1 }, {}, '--buffer-node 1'],
    ['no such CPU', 'two-socket', { readerCpu: 99 }, {}, 'no such CPU'],
    ['a CPU that is not ours', 'two-socket', { readerCpu: 9 }, { allowed: [0, 1] }, 'may not use it'],
  ])('refuses %s', async (_, name, flags, changes, why) => {
    await expect(plan(name, flags, changes)).rejects.toThrow(Absent);
    await expect(plan(name, flags, changes)).rejects.toThrow(why);
  });
});
