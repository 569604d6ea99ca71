import { assert, nat, property, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Denied, NativeError } from '../../src/errors.ts';
import type { MemoryPlan, VisitPlan } from '../../src/host/host.ts';
import { emptyMatrix, measureMemory, sweep, tournament } from '../../src/probes/sweep.ts';
import { cleanMemory, cleanVisit, visitPlan as plan } from '../fakeNative.ts';

const memoryPlan = (cpu: number, node: number): MemoryPlan => ({
  cpu,
  node,
  bytes: 8 << 20,
  loads: 512,
  hugePages: true,
  deadlineNs: 1e8,
});
const never = new AbortController().signal;

const oddAndEvenApart = async (wanted: VisitPlan) =>
  cleanVisit(wanted, wanted.cpuA % 2 === wanted.cpuB % 2 ? 100 : 300);
async function withoutCpu2(wanted: VisitPlan) {
  if (wanted.cpuA === 2 || wanted.cpuB === 2) throw new NativeError('nc_visit', 'EINVAL');
  return undefined;
}
const node2Far = async (wanted: MemoryPlan) => cleanMemory(wanted, wanted.node === 2 ? 250 : 90);
async function node1Denied(wanted: MemoryPlan) {
  if (wanted.node === 1) throw new Denied('mbind: grant CAP_SYS_NICE');
  return undefined;
}

describe('a tournament', () => {
  it('brings every two CPUs together exactly once', () => {
    assert(
      property(uniqueArray(nat(2000), { minLength: 1, maxLength: 40 }), (cpus) => {
        const met = tournament(cpus).map((pair) => pair.toSorted((a, b) => a - b).join());
        expect(new Set(met).size).toBe((cpus.length * (cpus.length - 1)) / 2);
        expect(met.length).toBe(new Set(met).size);
      }),
    );
  });

  it('meets no CPU twice in one round', () => {
    const pairs = tournament([0, 1, 2, 3, 4, 5, 6, 7]);
    for (let round = 0; round < 7; round++) {
      expect(new Set(pairs.slice(round * 4, round * 4 + 4).flat()).size).toBe(8);
    }
  });
});

describe('a sweep', () => {
  it('fills both halves of the matrix with half the round trip', async () => {
    const measure = { plan, visit: oddAndEvenApart, onProgress: () => {}, signal: never };
    const matrix = await sweep(emptyMatrix([0, 1, 2]), measure);
    expect(matrix.handOffNs).toEqual([
      [null, 150, 50],
      [150, null, 150],
      [50, 150, null],
    ]);
    expect(matrix).toMatchObject({ done: 3, total: 3 });
  });

  it('goes on where it was stopped', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const visit = async (wanted: VisitPlan) => {
      seen.push(`${wanted.cpuA}:${wanted.cpuB}`);
      return cleanVisit(wanted, 100);
    };
    const first = await sweep(emptyMatrix([0, 1, 2, 3]), {
      plan,
      visit,
      onProgress: ({ done }) => done === 2 && stop.abort(),
      signal: stop.signal,
    });
    expect(first.done).toBe(2);
    const whole = await sweep(first, { plan, visit, onProgress: () => {}, signal: never });
    expect(whole.done).toBe(6);
    expect(new Set(seen).size).toBe(6);
    expect(whole.handOffNs.flat().filter((ns) => ns === null)).toHaveLength(4);
  });

  it('does not count the visit in which it was stopped', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const visit = async () => {
      stop.abort();
      return undefined;
    };
    const onProgress = ({ done }: { readonly done: number }) => void seen.push(done);
    const matrix = await sweep(emptyMatrix([0, 1]), { plan, visit, onProgress, signal: stop.signal });
    expect([matrix.done, seen]).toEqual([0, []]);
  });

  it('leaves a cell empty when no sound visit comes or the kernel refuses the CPU', async () => {
    const measure = { plan, visit: withoutCpu2, onProgress: () => {}, signal: never };
    const matrix = await sweep(emptyMatrix([0, 1, 2]), measure);
    expect(matrix.handOffNs.flat().every((ns) => ns === null)).toBe(true);
    expect(matrix.done).toBe(3);
  });
});

describe('the memory matrix', () => {
  it('has a row for each node with CPUs and a column for each with memory', async () => {
    const measure = { plan: memoryPlan, visit: node2Far, signal: never };
    const matrix = await measureMemory([0, 1], [0, 1, 2], measure);
    expect(matrix.loadNs).toEqual([
      [90, 90, 250],
      [90, 90, 250],
    ]);
    expect(matrix.pageBytes).toBe(2_097_152);
  });

  it('says why a cell is empty', async () => {
    const measure = { plan: memoryPlan, visit: node1Denied, signal: never };
    const matrix = await measureMemory([0], [0, 1], measure);
    expect(matrix.loadNs).toEqual([[null, null]]);
    expect(matrix.notes).toEqual([
      'node 0 to node 0: every visit was disturbed',
      'node 0 to node 1: mbind: grant CAP_SYS_NICE',
    ]);
  });
});
