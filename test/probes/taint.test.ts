import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PingPong, Ring, ThreadEvidence, Visit, VisitPlan } from '../../src/host/host.ts';
import {
  cleanGroups,
  memoryTaintsOf,
  purposeOf,
  stallOf,
  taintsOf,
  type Purpose,
  type Surroundings,
} from '../../src/probes/taint.ts';
import { cleanMemory, cleanThread, cleanVisit, pingPong } from '../fakeNative.ts';

const steps = {
  latency: ['store2'],
  throughput: ['ring_512', 'ring_1', 'ring_line'],
  experienced: ['experienced'],
} as const;

const planFor = (purpose: Purpose): VisitPlan => ({
  cpuA: 0,
  cpuB: 8,
  nodeA: 0,
  nodeB: 1,
  steps: steps[purpose],
  spin: 'pause',
  pinned: true,
  strideBytes: 128,
  offset: 0,
  stepNs: 200_000,
  deadlineNs: 5_000_000,
});

const quiet: Surroundings = { throttledPeriods: 0, stealSeconds: undefined, irqSeconds: undefined };
const thread = (cpu: number, changes: Partial<ThreadEvidence>) => ({ ...cleanThread(cpu), ...changes });
const a = (changes: Partial<ThreadEvidence>) => ({ a: thread(0, changes) });
const b = (changes: Partial<ThreadEvidence>) => ({ b: thread(8, changes) });

/** The first `dirty` of these groups held a gap, in which a thread was away for 3 ms. */
const disturbed = (roundTripNs: number, groups: number, dirty: number): PingPong => ({
  roundTripNs: Array.from({ length: groups }, (_, i) => (i < dirty ? roundTripNs + 3e6 / 16 : roundTripNs)),
  gapNs: Array.from({ length: groups }, (_, i) => (i < dirty ? 3e6 : 0)),
});

const judge = (purpose: Purpose, changes: Partial<Visit>, around = quiet, plan = planFor(purpose)) =>
  taintsOf(purpose, plan, { ...cleanVisit(plan), ...changes }, around);

const ring = (changes: Partial<Ring>): Ring => ({
  items: 65_536,
  elapsedNs: 65_000,
  laps: 16,
  cleanLaps: 16,
  corrupt: 0,
  ...changes,
});

it('a visit cut at its deadline is tainted by that, not by the steps it never reached', () => {
  for (const purpose of ['latency', 'throughput'] as const) {
    const none = { roundTripNs: [], gapNs: [] };
    const unreached = { items: 0, elapsedNs: 0, laps: 0, cleanLaps: 0, corrupt: 0 };
    const cut = { outcome: 'deadline', store2: none, rulerAfter: none, ring512: unreached } as const;
    expect(judge(purpose, cut)).toEqual(['deadline']);
  }
});

describe('a visit of rulers alone', () => {
  const plan = { ...planFor('latency'), steps: [] };

  it('is latency, and clean without a store ping-pong', () => {
    expect(purposeOf(plan.steps)).toBe('latency');
    expect(judge('latency', {}, quiet, plan)).toEqual([]);
  });

  it('still needs its rulers', () => {
    expect(judge('latency', { rulerBefore: disturbed(100, 6, 5) }, quiet, plan)).toEqual(['gap']);
  });
});

describe('the purpose of a visit', () => {
  it.each(Object.entries(steps))('of %s is read off its steps', (purpose, own) => {
    expect(purposeOf(own)).toBe(purpose);
  });
});

describe('every purpose', () => {
  it.each([
    ['nothing', {}, []],
    ['a partner that never came', { outcome: 'not_coscheduled', ...b({ maskCpus: 0 }) }, ['not_coscheduled']],
    ['a thread that began elsewhere', b({ cpuBefore: 3 }), ['migrated']],
    ['a thread that ended elsewhere', a({ cpuAfter: 3 }), ['migrated']],
    ['a mask that a cpuset write reset', b({ maskCpus: 16 }), ['pin_lost']],
    ['lines that AutoNUMA moved', { pageNodeB: 0 }, ['page_moved']],
    ['a kernel that will not say where the lines lie', { pageNodeA: -1, pageNodeB: -1 }, []],
    ['a ruler that shrank by more than a quarter', { rulerAfter: pingPong(79, 6) }, ['placement_flip']],
    ['a ruler that grew by more than a quarter', { rulerAfter: pingPong(126, 6) }, ['placement_flip']],
    ['rulers a quarter apart', { rulerAfter: pingPong(125, 6) }, []],
  ] as const)('%s', (_, changes, causes) => {
    for (const purpose of ['latency', 'throughput', 'experienced'] as const)
      expect(judge(purpose, changes)).toEqual(causes);
  });

  it('throttling of our own cgroup', () => {
    const throttled = { ...quiet, throttledPeriods: 1 };
    for (const purpose of ['latency', 'throughput', 'experienced'] as const)
      expect(judge(purpose, {}, throttled)).toEqual(['throttled']);
    expect(judge('latency', { outcome: 'not_coscheduled' }, throttled)).toEqual([
      'not_coscheduled',
      'throttled',
    ]);
  });

  it('threads that were left to roam on purpose', () => {
    const roam = { ...planFor('latency'), pinned: false };
    expect(judge('latency', b({ cpuAfter: 3, maskCpus: 16 }), quiet, roam)).toEqual([]);
  });

  it('lines whose node nobody asked for', () => {
    const anywhere = { ...planFor('latency'), nodeA: -1, nodeB: -1 };
    expect(judge('latency', { pageNodeA: 1, pageNodeB: 0 }, quiet, anywhere)).toEqual([]);
  });
});

describe('latency', () => {
  it.each([
    ['one switch, its group known', { ...a({ involuntarySwitches: 1 }), store2: disturbed(150, 25, 1) }, []],
    [
      'many switches, half of the groups clean',
      { ...a({ involuntarySwitches: 9 }), store2: disturbed(150, 24, 12) },
      [],
    ],
    [
      'more than half of the groups hit',
      { ...a({ involuntarySwitches: 9 }), store2: disturbed(150, 25, 13) },
      ['preempted'],
    ],
    ['the same without a switch', { store2: disturbed(150, 25, 13) }, ['gap']],
    [
      'a ruler of which most was hit',
      { ...b({ involuntarySwitches: 4 }), rulerAfter: disturbed(100, 6, 4) },
      ['preempted'],
    ],
    ['a ruler hit once: its other groups agree', { rulerAfter: disturbed(100, 6, 2) }, []],
    ['no groups at all', { store2: pingPong(0, 0) }, ['gap']],
    ['a step that did not end', { outcome: 'deadline' }, ['deadline']],
    [
      'a thread given up at the deadline, of which nothing is known',
      { outcome: 'deadline', ...b({ maskCpus: 0, cpuBefore: 0, cpuAfter: 0 }) },
      ['deadline'],
    ],
    ['sleep in the kernel', b({ voluntarySwitches: 1 }), ['blocked']],
    ['a minor fault', a({ minorFaults: 1 }), ['page_fault']],
    ['a major fault', b({ majorFaults: 1 }), ['page_fault']],
    ['a changing clock', a({ hertzAfter: 2e9 }), []],
    ['faster than light', { store2: pingPong(1.9, 25) }, ['implausible']],
    ['longer than the visit', { store2: pingPong(1.1e7, 25) }, ['implausible']],
    ['no number', { store2: pingPong(NaN, 25) }, ['implausible']],
  ] as const)('%s', (_, changes, causes) => {
    expect(judge('latency', changes)).toEqual(causes);
  });

  it('keeps the median of the clean groups within a tenth, whatever the other half suffered', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.double({ min: 20, max: 900, noNaN: true }),
        (dirty, roundTripNs) => {
          const store2 = disturbed(roundTripNs, 25, dirty);
          expect(judge('latency', { ...a({ involuntarySwitches: dirty }), store2 })).toEqual([]);
          for (const ns of cleanGroups(store2)) expect(ns).toBe(roundTripNs);
        },
      ),
    );
  });
});

describe('throughput', () => {
  it.each([
    ['a single switch', a({ involuntarySwitches: 1 }), ['preempted']],
    [
      'gaps in most laps of every ring',
      {
        ring512: ring({ cleanLaps: 3 }),
        ring1Item: ring({ cleanLaps: 0 }),
        ringLine: ring({ cleanLaps: 0 }),
      },
      ['gap'],
    ],
    ['gaps in one ring: the others stand', { ring512: ring({ cleanLaps: 3 }) }, []],
    ['a core clock that moved', b({ hertzAfter: 3.2e9 }), ['frequency']],
    ['a core clock within a twentieth', b({ hertzAfter: 3.1e9 }), []],
    ['a core clock not taken', b({ hertzBefore: 0 }), []],
    ['words that arrived different', { ringLine: ring({ corrupt: 2 }) }, ['corrupt']],
    ['laps without time', { ring512: ring({ elapsedNs: 0 }) }, ['implausible']],
    ['a step that did not end', { outcome: 'deadline' }, ['deadline']],
  ] as const)('%s', (_, changes, causes) => {
    expect(judge('throughput', changes)).toEqual(causes);
  });

  it('is thrown away whenever a busy loop took a CPU from it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.boolean(), (switches, producer) => {
        const hit = (producer ? a : b)({ involuntarySwitches: switches });
        expect(judge('throughput', hit)).toContain('preempted');
      }),
    );
  });
});

describe('experienced latency', () => {
  it.each([
    [
      'stalls: they are what it shows',
      {
        ...a({ involuntarySwitches: 3, voluntarySwitches: 1, minorFaults: 2 }),
        experiencedNs: [80, 3e6, 2e6],
      },
      [],
    ],
    ['a stall that outlasted the visit', { outcome: 'deadline' }, []],
    ['nothing that came back', { experiencedNs: [] }, ['gap']],
    ['less than a nanosecond', { experiencedNs: [80, 0.2] }, ['implausible']],
  ] as const)('%s', (_, changes, causes) => {
    expect(judge('experienced', changes)).toEqual(causes);
  });
});

describe('memory', () => {
  const plan = { cpu: 3, node: 1, bytes: 8 << 20, loads: 2048, hugePages: true, deadlineNs: 5e7 };
  const clean = cleanMemory(plan);
  it.each([
    ['nothing', {}, []],
    ['a page on another node', { pagesOnNode: 7 }, ['page_moved']],
    ['pages that nobody could find', { pagesChecked: 0, pagesOnNode: 0 }, ['unverified']],
    ['another CPU', { thread: thread(3, { cpuAfter: 4 }) }, ['migrated']],
    ['a lost pin', { thread: thread(3, { maskCpus: 2 }) }, ['pin_lost']],
    ['one gap', { gapNs: [1e5, ...Array.from({ length: 31 }, () => 0)] }, []],
    ['only gaps', { gapNs: Array.from({ length: 32 }, () => 1e5) }, ['gap']],
    ['a fault while chasing', { thread: thread(3, { minorFaults: 1 }) }, ['page_fault']],
    ['a chase cut short', { outcome: 'deadline' }, ['deadline']],
    [
      'a thread that never came, of which nothing was read',
      { outcome: 'not_coscheduled', thread: thread(0, { maskCpus: 0 }), loadNs: [], gapNs: [] },
      ['not_coscheduled'],
    ],
    ['loads faster than any cache', { loadNs: clean.loadNs.map(() => 0.5) }, ['implausible']],
    ['very slow memory', { loadNs: clean.loadNs.map(() => 40_000) }, []],
  ] as const)('%s', (_, changes, causes) => {
    expect(memoryTaintsOf(plan, { ...clean, ...changes }, quiet)).toEqual(causes);
  });
});

it('never holds a slow but steady link against it', () => {
  const roundTripNs = fc.double({ min: 10, max: 100_000, noNaN: true });
  fc.assert(
    fc.property(
      roundTripNs,
      fc.constantFrom<Purpose>('latency', 'throughput', 'experienced'),
      (ns, purpose) => {
        const plan = { ...planFor(purpose), deadlineNs: 5e8 };
        expect(taintsOf(purpose, plan, cleanVisit(plan, ns), quiet)).toEqual([]);
      },
    ),
  );
});

it.each([
  ['preempted', { involuntarySwitches: 1 }, { stealSeconds: 0.01, irqSeconds: 0.01 }],
  ['steal', {}, { stealSeconds: 0.01, irqSeconds: 0.01 }],
  ['irq', {}, { stealSeconds: 0, irqSeconds: 0.01 }],
  ['unattributed', {}, { stealSeconds: 0, irqSeconds: 0 }],
  ['unattributed', {}, { stealSeconds: undefined, irqSeconds: undefined }],
] as const)('lays a stall to %s', (cause, evidence, around) => {
  const threads = [thread(0, { gapNs: 2e6, gaps: 1, ...evidence }), thread(8, { gapNs: 1e6, gaps: 1 })];
  expect(stallOf(threads, { ...quiet, ...around })).toEqual({ cause, seconds: 0.003 });
});
