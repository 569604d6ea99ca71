import { describe, expect, it } from 'vitest';
import { Absent, Denied } from '../../src/errors.ts';
import { factsFingerprint, readFacts } from '../../src/perf/facts.ts';
import { readTopology } from '../../src/topology/read.ts';
import { filesOf } from '../fakes.ts';
import { machine } from '../machines.ts';

const devices = '/sys/bus/event_source/devices';
const withoutPmus = Object.entries(machine('two-socket')).filter(
  ([path]) => !/event_source|tracing/.test(path),
);
const host = {
  ...Object.fromEntries(withoutPmus),
  '/proc/self/status':
    'CapEff:\t0000004000000000\nSeccomp:\t2\nCpus_allowed_list:\t0-31\nMems_allowed_list:\t0-1\n',
  '/proc/sys/kernel/perf_event_paranoid': '2\n',
  '/proc/sys/kernel/nmi_watchdog': '1\n',
  [`${devices}/cpu/type`]: '4\n',
  [`${devices}/cpu/format/event`]: 'config:0-7\n',
  [`${devices}/cpu/events/mem-loads`]: 'event=0xcd,umask=0x1,ldlat=3\n',
  [`${devices}/cpu/events/x.scale`]: '0.5\n',
  [`${devices}/uncore_upi_0/type`]: '21\n',
  [`${devices}/uncore_upi_0/cpumask`]: '0,8\n',
  [`${devices}/uncore_upi_0/format/umask`]: 'config:8-15,32-55\n',
  [`${devices}/uncore_upi_1/type`]: '22\n',
  [`${devices}/uncore_upi_1/cpumask`]: '0,8\n',
  [`${devices}/uncore_upi_1/format/umask`]: 'config:8-15,32-55\n',
  '/sys/kernel/tracing/events/sched/sched_migrate_task/id': '318\n',
};

const factsOf = async (changes: Record<string, string | Error | undefined> = {}) => {
  const tree: Record<string, string | Error> = { ...host };
  for (const [path, text] of Object.entries(changes)) {
    if (text === undefined)
      for (const key of Object.keys(tree).filter((one) => one.startsWith(path))) delete tree[key];
    else tree[path] = text;
  }
  const files = filesOf(tree);
  return readFacts(files, await readTopology(files), ['sched:sched_migrate_task', 'sched:sched_move_numa']);
};

describe('readFacts', () => {
  it('says what the kernel shows of its counters', async () => {
    expect(await factsOf()).toEqual({
      pmus: [
        {
          name: 'cpu',
          type: 4,
          cpus: null,
          format: { event: { word: 'config', bits: [[0, 7]] } },
          events: { 'mem-loads': 'event=0xcd,umask=0x1,ldlat=3' },
        },
        ...[0, 1].map((box) => ({
          name: `uncore_upi_${box}`,
          type: 21 + box,
          cpus: [0, 8],
          format: { umask: { word: 'config', bits: [[8, 15], [32, 55]] } },
          events: {},
        })),
      ],
      paranoid: 2,
      nmiWatchdog: true,
      capabilities: { perfmon: true, sysAdmin: false },
      seccomp: true,
      smt: true,
      tracepoints: { 'sched:sched_migrate_task': 318 },
      tracefs: 'read',
    }); // prettier-ignore
  });

  it('is absent where the kernel shows no counters at all', async () => {
    await expect(factsOf({ [devices]: undefined })).rejects.toThrow(Absent);
  });

  it('goes without what cannot be read', async () => {
    const facts = await factsOf({
      '/proc/sys/kernel/': undefined,
      [`${devices}/cpu/type`]: 'four\n',
      [`${devices}/uncore_upi_0/format/umask`]: 'nonsense\n',
    });
    expect(facts).toMatchObject({ paranoid: null, nmiWatchdog: false });
    expect(facts.pmus).toMatchObject([{ name: 'uncore_upi_0', format: {} }, { name: 'uncore_upi_1' }]);
  });

  it.each([
    { tree: { '/sys/kernel/tracing/events': undefined }, tracefs: 'absent' },
    { tree: { '/sys/kernel/tracing/events': new Denied('EACCES') }, tracefs: 'denied' },
  ])('says that tracefs is $tracefs', async ({ tree, tracefs }) => {
    const files = filesOf({ ...host });
    const denying = {
      ...files,
      list: (path: string) =>
        path in tree ? Promise.reject(Object.values(tree)[0] ?? new Absent(path)) : files.list(path),
    };
    const facts = await readFacts(denying, await readTopology(files), ['sched:sched_migrate_task']);
    expect(facts).toMatchObject({ tracefs, tracepoints: {} });
  });
});

const printOf = (tree: Record<string, string>) => factsFingerprint(filesOf({ ...host, ...tree }));

describe('factsFingerprint', () => {
  it('changes with the PMUs there are, and with what is permitted', async () => {
    const before = await printOf({});
    expect(await printOf({})).toBe(before);
    expect(await printOf({ '/proc/sys/kernel/perf_event_paranoid': '3\n' })).not.toBe(before);
    expect(await printOf({ [`${devices}/amd_df/type`]: '30\n' })).not.toBe(before);
    expect(await factsFingerprint(filesOf({}))).not.toBe(before);
  });
});
