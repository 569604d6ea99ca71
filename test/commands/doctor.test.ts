import { describe, expect, it } from 'vitest';
import { kernelEventsOptions } from '../../src/collectors/kernel_events.ts';
import { pmuOptions } from '../../src/collectors/pmu.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { adviceOf } from '../../src/commands/doctor_advice.ts';
import { printDoctor } from '../../src/commands/doctor_report.ts';
import { doctorRun } from '../../src/commands/doctor_run.ts';
import { Absent } from '../../src/errors.ts';
import type { Clock, Native } from '../../src/host/host.ts';
import { parseModels } from '../../src/pmu/catalogue/models.ts';
import { courtesyOptions } from '../../src/probes/courtesy.ts';
import { readTopology } from '../../src/topology/read.ts';
import { countingNative } from '../countingNative.ts';
import { fakeNative } from '../fakeNative.ts';
import { fakePerf } from '../fakePerf.ts';
import type { FakePerfOptions } from '../fakePerf.ts';
import { fakeClock, filesOf, silentLog } from '../fakes.ts';
import { machine } from '../machines.ts';
import type { MachineName } from '../machines.ts';
import { modelFiles } from '../pmu/catalogue.ts';

const models = parseModels(modelFiles());

interface Given {
  readonly machine: MachineName;
  /** Texts in place of the machine's own; null: not there. */
  readonly files?: Readonly<Record<string, string | null>>;
  readonly without?: RegExp;
  readonly perf?: Omit<FakePerfOptions, 'clock'>;
  readonly native?: (clock: Clock) => Partial<Native>;
}

async function examined({ machine: name, files: changes = {}, without, perf: options, native }: Given) {
  const tree = Object.fromEntries(
    Object.entries({ ...machine(name), ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== null && without?.test(entry[0]) !== true,
    ),
  );
  const clock = fakeClock();
  const perf = fakePerf({ clock, ...options });
  const host = {
    files: filesOf(tree),
    clock,
    log: silentLog(),
    native: { ...fakeNative({ perf }), ...native?.(clock) },
  };
  const topology = await readTopology(host.files);
  const running = doctor(
    doctorRun({
      host,
      topology,
      models,
      courtesy: courtesyOptions.parse({}),
      pmu: pmuOptions.parse({}),
      kernelEvents: kernelEventsOptions.parse({}),
      onProgress: () => {},
      signal: new AbortController().signal,
    }),
  );
  for (let second = 0; second < 40; second += 1) await clock.advance(0.5);
  const report = await running;
  return { report, text: printDoctor(report), perf };
}

const none = () => Promise.reject(new Absent('no native helper: run npm run build'));

/** tracefs of a machine that has it mounted. */
const traced = Object.fromEntries(
  Object.entries(machine('two-socket')).filter(([path]) => path.startsWith('/sys/kernel/tracing')),
);

describe('numacanary doctor', () => {
  it('tells a bare-metal host that all of it is counted', async () => {
    const { report, text } = await examined({ machine: 'two-socket', native: countingNative });
    await expect(text).toMatchFileSnapshot('../golden/doctor-spr.txt');
    expect(report.healthy).toBe(true);
  });

  it('closes what it has opened', async () => {
    const { perf } = await examined({ machine: 'two-socket' });
    expect(perf.calls.some(({ call }) => call === 'open')).toBe(true);
    expect(perf.openFds).toBe(0);
  });

  it('tells a virtual machine that nothing can be granted to it', async () => {
    const guest = machine('one-socket')['/proc/cpuinfo'] ?? '';
    const { report, text } = await examined({
      machine: 'one-socket',
      files: {
        ...traced,
        '/proc/cpuinfo': guest.replaceAll('flags\t\t: fpu', 'flags\t\t: fpu hypervisor'),
      },
      without: /resctrl/,
    });
    await expect(text).toMatchFileSnapshot('../golden/doctor-guest.txt');
    expect(report.healthy).toBe(true);
  });

  it('tells what to grant where paranoid is 3', async () => {
    const { report, text } = await examined({
      machine: 'two-socket',
      files: {
        '/proc/sys/kernel/perf_event_paranoid': '3\n',
        ...Object.fromEntries(
          Object.entries(machine('two-socket'))
            .filter(([path]) => /^\/proc\/self\/(task\/\d+\/)?status$/.test(path))
            .map(([path, text]) => [path, text.replace(/CapEff:\t.*/, 'CapEff:\t0000004000000000')]),
        ),
      },
      perf: { open: () => 'EACCES' },
    });
    await expect(text).toMatchFileSnapshot('../golden/doctor-paranoid.txt');
    expect(report.healthy).toBe(false);
    expect(report.advice.filter(({ mendable }) => mendable)).toHaveLength(1);
    expect(report.advice[0]?.advice).toContain('CAP_SYS_ADMIN');
    const names = report.signals.map(({ signal }) => signal);
    expect(names).toEqual([...new Set(names)]);
  });

  it('knows a CPU that is in no catalogue by its numbers, and counts what every CPU counts', async () => {
    const { report, text } = await examined({
      machine: 'two-socket',
      files: {
        '/proc/cpuinfo':
          machine('two-socket')['/proc/cpuinfo']?.replaceAll('model\t\t: 143', 'model\t\t: 250') ?? '',
      },
    });
    expect(text).toContain('not in it: GenuineIntel family 6 model 250 stepping 8');
    expect(report.signals).toContainEqual(expect.objectContaining({ signal: 'cycles', status: 'ok' }));
    expect(report.signals).toContainEqual(
      expect.objectContaining({ signal: 'load_remote_dram', reason: 'unknown_cpu' }),
    );
    expect(report.healthy).toBe(false);
  });

  it('finds counters in the hands of others, which is no fault while ours fit beside them', async () => {
    const { report, text } = await examined({ machine: 'two-socket', perf: { counters: () => 7 } });
    expect(text).toContain('CPU 8: 1 of 8 general counters is held by somebody else');
    expect(report.held.map(({ free }) => free)).toEqual([7, 7]);
    expect(report.healthy).toBe(true);
  });

  it('tells of a group that never ran in its turn', async () => {
    const { report, text } = await examined({
      machine: 'two-socket',
      // Stalls on an L3 miss.
      perf: { running: ({ config }) => (config === 0x9000947n ? 0 : null) },
    });
    expect(report.signals).toContainEqual(
      expect.objectContaining({ signal: 'stall_l3_miss', status: 'failed', reason: 'starved' }),
    );
    expect(text).toContain('failed: stall_l3_miss');
    expect(report.healthy).toBe(false);
  });

  it('takes a helper that is not there for a fault of the installation', async () => {
    const { report, text } = await examined({
      machine: 'two-socket',
      native: () => ({ clock: none, perfOpen: none, fdLimit: none }),
    });
    expect(report.healthy).toBe(false);
    expect(text).toContain('1. no native helper: run npm run build\n     failed, absent: helper, perf');
  });

  it('knows that tracefs can be mounted, and that it is one thing to do for all tracepoints', async () => {
    const { report } = await examined({ machine: 'two-socket', without: /tracing/ });
    expect(report.healthy).toBe(false);
    expect(report.advice[0]).toMatchObject({ mendable: true, advice: expect.stringContaining('tracefs') });
    expect(report.advice[0]?.brings).toContain('sched_migrate_task');
  });

  it.each([
    ['its cpuset', { allowed: [0, 1, 2] }, /may run on CPUs 0-2 only, of one socket .* reserve a core of each socket/],
    ['isolation', { isolated: [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31] }, /CPUs 8-15,24-31 are isolated/],
  ])('says why nothing can be probed between sockets: %s', async (_, changes, why) => {
    const files = machine('two-socket', changes);
    const { report } = await examined({ machine: 'two-socket', files });
    const [advice] = report.advice;
    expect(advice).toMatchObject({ mendable: true, brings: ['cross_socket'] });
    expect(advice?.advice).toMatch(why);
    expect(report.healthy).toBe(false);
  }); // prettier-ignore

  it('says it all as JSON, too', async () => {
    const { report } = await examined({ machine: 'two-socket' });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('has something to say about nothing', async () => {
    const { report, text } = await examined({ machine: 'bare' });
    expect(report.permissions).toBeNull();
    expect(text).toContain('no pair of CPUs to be had');
  });
});

describe('adviceOf', () => {
  it('says each thing once, what can be mended first, and of that what brings most', () => {
    const advice = adviceOf([
      { what: 'a', status: 'absent', mendable: false, advice: 'buy another CPU' },
      { what: 'b', status: 'absent', mendable: false, advice: 'buy another CPU' },
      { what: 'c', status: 'absent', mendable: false, advice: 'buy another CPU' },
      { what: 'd', status: 'failed', mendable: true, advice: 'raise the limit' },
      { what: 'e', status: 'denied', mendable: true, advice: 'grant one' },
      { what: 'f', status: 'denied', mendable: true, advice: 'grant two' },
      { what: 'g', status: 'denied', mendable: true, advice: 'grant two' },
    ]);
    expect(advice.map(({ advice: text, brings }) => [text, brings.join('')])).toEqual([
      ['grant two', 'fg'],
      ['raise the limit', 'd'],
      ['grant one', 'e'],
      ['buy another CPU', 'abc'],
    ]);
  });
});
