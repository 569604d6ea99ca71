import { beforeAll, describe, expect, test } from 'vitest';
import { fallen, family, parsePage, statusOf, valueOf } from './counts.ts';
import type { Counted, Given, Page } from './counts.ts';
import { noLab } from './lab.ts';
import { eventsOf, expectExact, intel, machineNamed, pageOf, sapphireRapids, watch } from './pmu.ts';
import type { Seen } from './pmu.ts';

interface Reading {
  readonly value: number;
  readonly error: number;
}

/** By event and CPU, what one that ran all the time would have counted. */
type Counts = readonly (readonly number[])[];

/** Just before a page was asked for, and just after it came. */
interface Around {
  readonly from: Counts;
  readonly to: Counts;
}
type Truth = Readonly<Record<'before' | 'after', Around>>;

interface Found {
  readonly helper: {
    readonly errors: readonly (string | null)[];
    readonly given: readonly number[];
    readonly first: readonly Reading[];
    readonly second: readonly Reading[];
    readonly third: readonly Reading[];
    readonly still: number;
    readonly nine: readonly (string | null)[];
    readonly led: readonly (string | null)[];
    readonly openAfterwards: number;
  };
  readonly exact: readonly Given[][];
  readonly uncore: readonly Given[][];
  readonly hotplug: Readonly<Record<'early' | 'without' | 'back', readonly Given[][]>>;
  readonly refused: Readonly<Record<'given' | 'back', readonly Given[][]>>;
  readonly taken: readonly Given[][];
  readonly small: readonly Given[][];
  readonly fewer: Readonly<Record<string, Truth>>;
  readonly shared: Truth;
}

const machine = machineNamed('2s2n');
const uncore: readonly Counted[] = [
  ...['uncore_upi_0', 'uncore_upi_1'].map((type) => ({
    signal: 'interconnect_tx',
    event: { type, config: '0xf02' },
    metric: 'numacanary_interconnect_bytes_total',
    labels: { direction: 'tx' },
    scale: 64 / 9,
  })),
  {
    signal: 'dram_read',
    event: { type: 'uncore_fake_0', config: '0x304' },
    metric: 'numacanary_dram_bytes_total',
    labels: { op: 'read' },
    scale: 64,
  },
];

/** errno by number, as the kernel has it on x86, and what the operator is told. */
const refused = [
  { name: 'EBUSY', errno: 16, signal: 'instructions', type: 0, config: '1', says: 'failed busy' },
  { name: 'EACCES', errno: 13, signal: 'load_remote_hitm', config: '0x4d3', says: 'denied lsm' },
  { name: 'ENOENT', errno: 2, signal: 'load_local_dram', config: '0x1d3', says: 'absent no_event' },
  { name: 'EPERM', errno: 1, signal: 'load_remote_fwd', config: '0x8d3', says: 'denied lsm' },
  { name: 'EINVAL', errno: 22, signal: 'load_l2', config: '0x2d1', says: 'absent group_refused' },
  { name: 'EOPNOTSUPP', errno: 95, signal: 'stall_l3_miss', config: '0x9000947', says: 'absent unsupported' },
  {
    name: 'ENXIO',
    errno: 6,
    signal: 'offcore_local_dram',
    config: '0x12a',
    config1: '0x104004477',
    says: 'absent no_offcore',
  },
].map(({ type = 4, config, config1, ...about }) => ({ ...about, event: { type, config, config1 } }));
/** Five million local loads a second on each CPU, and for a while four times as many remote ones on socket 1. */
const burst = {
  local: { type: 4, config: '0x1d3' },
  remote: { type: 4, config: '0x2d3' },
  on: machine.sockets[1],
};

const pmuSection = { collectors: { pmu: { calibration: 'report' } } };
const everybody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
/** Daemons that may do less, or believe less. */
const others = [
  {
    name: 'an ordinary user at perf_event_paranoid 2',
    by: ['setpriv', ...everybody],
    paranoid: 2,
    sections: pmuSection,
    says: { all_loads: 'denied paranoid', interconnect_tx: 'denied paranoid' },
  },
  {
    name: 'an ordinary user at perf_event_paranoid 3',
    by: ['setpriv', ...everybody],
    paranoid: 3,
    sections: pmuSection,
    says: { all_loads: 'denied paranoid_admin', interconnect_tx: 'denied paranoid_admin' },
  },
  {
    name: 'root with CAP_PERFMON alone at perf_event_paranoid 2',
    by: ['setpriv', '--bounding-set=-all,+perfmon'],
    paranoid: 2,
    sections: pmuSection,
    says: { all_loads: 'counted', interconnect_tx: 'counted' },
  },
  {
    name: 'root with CAP_PERFMON alone at perf_event_paranoid 3',
    by: ['setpriv', '--bounding-set=-all,+perfmon'],
    paranoid: 3,
    sections: pmuSection,
    says: { all_loads: 'denied paranoid_admin', interconnect_tx: 'denied paranoid_admin' },
  },
  {
    name: 'a daemon that may open few files',
    by: ['prlimit', '--nofile=330:330'],
    sections: pmuSection,
    says: { all_loads: 'counted', offcore_remote_fwd: 'failed fd_limit' },
  },
  {
    name: 'a daemon that calibrates, and a counter that counts nonsense',
    rates: [{ event: { type: 0, config: '1' }, perSecond: 999_000_000_000 }],
    sections: { collectors: { pmu: { calibration: 'enforce' } } },
    says: {
      ...Object.fromEntries(intel.map(({ signal }) => [signal, 'failed implausible'])),
      interconnect_tx: 'counted',
    },
  },
];

const admitted = (signal: string) => !refused.some((one) => one.signal === signal);

describe.skipIf(noLab())('counters that come and go', () => {
  let seen: Seen<Found>;
  let at: (label: string) => Page;
  beforeAll(async () => {
    seen = await watch<Found>({
      machine,
      cpu: sapphireRapids,
      core: intel,
      acts: ['late', 'exact', 'uncore', 'hotplug', 'refused', 'taken', 'shared', 'small', 'fewer', 'burst'],
      module: { fixed: 1, uncore: 'uncore_fake_0,uncore_upi_0,uncore_upi_1' },
      pmu: {
        models: [
          {
            id: 'intel-sapphire-rapids',
            signals: {
              dram_read: { event: 'ours', pmu: 'uncore_fake', alias: 'cas_count_read', scale: 64 },
            },
            groups: { ours: ['dram_read'] },
          },
        ],
      },
      more: {
        uncore: eventsOf(uncore),
        refused,
        sharedSeconds: 30,
        burst,
        others,
        helper: true,
        doctor: true,
      },
      timeoutSeconds: 800,
    });
    at = (label) => pageOf(seen, label);
  });

  test('the helper reads what each CPU was given, and what it was told to stop stands still', () => {
    const { errors, given, first, second, third, still } = seen.found.helper;
    expect(new Set(errors)).toEqual(new Set([null]));
    expect(rise(first, second)).toEqual(given);
    expect(rise(second, third)).toEqual(given.map((count, index) => (index < still ? count + 1 : 0)));
  });

  test('a group beyond the counters loses the event that is too many, one with a refused leader itself', () => {
    const { nine, led, openAfterwards } = seen.found.helper;
    expect(nine).toEqual([...Array<null>(8).fill(null), 'EINVAL']);
    expect(led).toEqual(['EBUSY', 'ECANCELED']);
    expect(openAfterwards).toBe(0);
  });

  test('without a PMU every signal of it says so; the module loaded later, all are counted without a restart', () => {
    for (const { signal } of [...intel, ...uncore]) {
      expect(statusOf(at('before the module'), signal), signal).toEqual(['absent no_pmu']);
      expect(statusOf(at('with the module'), signal), signal).toEqual([]);
    }
    expect(valueOf(at('before the module'), 'numacanary_pmu_cycles_total')).toBe(undefined);
  });

  test('each socket has what its CPUs counted, exactly', () => {
    expectExact({ machine, core: intel }, seen.found.exact, at('exact before'), at('exact after'));
  });

  test('each socket has the bytes of its uncore PMUs, exactly, one of them named by the configuration', () => {
    expectExact({ machine, core: uncore }, seen.found.uncore, at('uncore before'), at('uncore after'));
  });

  test('a CPU that goes offline takes nothing with it, and counts again when it is back', () => {
    const { early, without, back } = seen.found.hotplug;
    expectExact({ machine, core: intel }, early, at('hotplug before'), at('hotplug gone'));
    expectExact({ machine, core: intel }, without, at('hotplug gone'), at('hotplug without'));
    expectExact({ machine, core: intel }, back, at('hotplug back'), at('hotplug after'));
  });

  test.each(refused)(
    '$signal, refused with $name, is $says, and back when it is admitted',
    ({ signal, says }) => {
      expect(statusOf(at('refused'), signal)).toEqual([says]);
      expect(statusOf(at('admitted'), signal)).toEqual([]);
    },
  );

  test('the events beside those that are refused are counted exactly, and all when they are admitted', () => {
    const { given, back } = seen.found.refused;
    const others = intel.filter(({ signal }) => admitted(signal));
    const ofOthers = given.filter((_, index) => admitted(intel[index]?.signal ?? ''));
    expectExact({ machine, core: others }, ofOthers, at('refused'), at('refused after'));
    expectExact({ machine, core: intel }, back, at('admitted'), at('admitted after'));
  });

  test('while somebody else holds the general counters none of them is told to count, and that is said', () => {
    for (const { metric, labels, signal } of intel.filter(({ event }) => event.type === 4)) {
      const [before = 0, after] = ['taken', 'taken long'].map((label) => valueOf(at(label), metric, labels));
      expect(after ?? before, signal).toBe(before);
    }
    const covered = seen.pages
      .filter(({ label }) => label === 'taken')
      .map(({ page }) => valueOf(parsePage(page), 'numacanary_pmu_coverage_ratio', { group: 'loads' }));
    expect(covered).toContain(0);
    expect(seen.log).toContain('counters starve');
  });

  test('counters given back count again, exactly', () => {
    expectExact({ machine, core: intel }, seen.found.taken, at('given back'), at('given back after'));
  });

  test('shared with somebody who wants as many, counts come within two percent in half a minute', () => {
    for (const { signal, told, least, most } of againstTruth(seen, 'shared', seen.found.shared)) {
      expect(told, signal).toBeGreaterThan(least * 0.98);
      expect(told, signal).toBeLessThan(most * 1.02);
    }
    const coverage = family(at('shared after'), 'numacanary_pmu_coverage_ratio');
    for (const socket of [0, 1]) {
      const ratio = coverage[`{socket="${socket}",group="loads"}`];
      expect(ratio, JSON.stringify(coverage)).toBeGreaterThan(0.3);
      expect(ratio).toBeLessThan(0.8);
    }
  });

  test('of a group too large for the PMU the first events count on, exactly, and the others have their turn', () => {
    const kept = intel.slice(0, 4);
    expectExact({ machine, core: kept }, seen.found.small, at('small before'), at('small after'));
    for (const { signal } of intel) expect(statusOf(at('small after'), signal), signal).toEqual([]);
  });

  test.each(['4', '8'])('with %s general counters all is counted', (n) => {
    for (const { signal, told, least, most } of againstTruth(seen, `fewer ${n}`, seen.found.fewer[n])) {
      expect(told, signal).toBeGreaterThanOrEqual(least);
      expect(told, signal).toBeLessThanOrEqual(most);
    }
  });

  test('with two counters less or nothing is told, and never too much', () => {
    for (const { signal, told, most } of againstTruth(seen, 'fewer 2', seen.found.fewer['2'])) {
      expect(told, signal).toBeLessThan(most * 1.02);
    }
  });

  test('eight seconds of remote loads between two scrapes are seen, on the socket that made them', () => {
    const gained = (socket: string) => {
      const [before = 0, after = 0] = ['burst before', 'burst after'].map((label) =>
        valueOf(at(label), 'numacanary_burst_seconds_total', { socket, signal: 'remote_dram' }),
      );
      return after - before;
    };
    expect(gained('0')).toBe(0);
    expect(gained('1')).toBeGreaterThan(6);
    expect(gained('1')).toBeLessThan(10);
    const ratio = valueOf(at('burst after'), 'numacanary_pmu_remote_dram_ratio_max', { socket: '1' });
    expect(ratio).toBeCloseTo(0.8, 1);
  });

  test.each(others)('$name counts what it may, and says why not the rest', ({ name, says }) => {
    const { page: text, log } = seen.others[name] ?? { page: '', log: 'no such daemon' };
    const page = parsePage(text);
    expect(
      Object.fromEntries(Object.keys(says).map((signal) => [signal, statusOf(page, signal)])),
      log,
    ).toEqual(
      Object.fromEntries(
        Object.entries(says).map(([signal, one]) => [signal, one === 'counted' ? [] : [one]]),
      ),
    );
    for (const { signal, metric, labels } of [...intel, ...uncore]) {
      const is = new Map(Object.entries(says)).get(signal);
      if (is) expect(valueOf(page, metric, labels) !== undefined, signal).toBe(is === 'counted');
    }
  });

  test.each([
    { when: 'with', code: 0, cycles: 'failed implausible', links: 'ok none' },
    { when: 'denied', code: 1, cycles: 'denied paranoid_admin', links: 'denied paranoid_admin' },
    { when: 'without', code: 0, cycles: 'absent no_pmu', links: 'absent no_pmu' },
  ] as const)(
    'doctor, $when: exit code $code, as an operator can mend it or not',
    ({ when, code, cycles, links }) => {
      expect(doctorOf(seen, when)).toMatchObject({ cycles, interconnect_tx: links });
      expect(seen.doctor[when].code).toBe(code);
    },
  );

  test('no total ever falls', () => {
    expect(fallen(seen.pages)).toEqual([]);
  });

  test('the daemon ends with exit code 0 and has closed every counter', () => {
    expect(seen).toMatchObject({ stopped: { code: 0 }, openAfterwards: 0 });
  });
});

function doctorOf({ doctor }: Seen<Found>, when: keyof Seen<Found>['doctor']) {
  const said = JSON.parse(doctor[when].stdout) as {
    readonly signals: readonly {
      readonly signal: string;
      readonly status: string;
      readonly reason: string;
    }[];
  };
  return Object.fromEntries(
    said.signals.map(({ signal, status, reason }) => [signal, `${status} ${reason}`]),
  );
}

function rise(from: readonly Reading[], to: readonly Reading[]): number[] {
  return to.map(({ value }, index) => value - (from[index]?.value ?? 0));
}

/** What the daemon says that a socket counted, and the least and the most that it did. */
function againstTruth(seen: Seen<Found>, what: string, truth: Truth | undefined) {
  const [before, after] = [pageOf(seen, `${what} before`), pageOf(seen, `${what} after`)];
  return intel.flatMap(({ metric, labels, signal }, index) =>
    machine.sockets.map((cpus, socket) => {
      const of = (page: Page) => valueOf(page, metric, { socket: String(socket), ...labels });
      const counted = (counts?: Counts) =>
        cpus.reduce((total, cpu) => total + (counts?.[index]?.[cpu] ?? Number.NaN), 0);
      return {
        signal: `${signal} of socket ${socket}`,
        told: (of(after) ?? of(before) ?? 0) - (of(before) ?? 0),
        least: counted(truth?.after.from) - counted(truth?.before.to),
        most: counted(truth?.after.to) - counted(truth?.before.from),
      };
    }),
  );
}
