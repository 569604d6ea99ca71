import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemoryVisit, Visit } from '../../src/host/host.ts';
import { lacks } from '../require.ts';
import { parsePage, statusOf, valueOf } from './counts.ts';
import { noLab, observe } from './lab.ts';

interface Seen {
  readonly arch: string;
  readonly clock: { readonly source: string };
  readonly visits: readonly { readonly result: Visit }[];
  readonly memories: readonly { readonly result: MemoryVisit }[];
}

interface Scrape {
  readonly page: string;
  /** Nanoseconds, before it was asked for and after it came. */
  readonly from: number;
  readonly to: number;
}

interface Counts {
  readonly begin: Scrape;
  readonly end: Scrape;
  readonly stopped: { readonly code: number | null };
  readonly log: string;
}

const absent = noLab('arm64') || lacks('aarch64-linux-gnu-gcc', 'cross-compiles the helper for arm64');

describe.skipIf(absent)('on arm64', () => {
  let tree: string;

  // A copy of the repository for that machine: packages and helper of its architecture, dist as it is.
  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'numacanary-arm64-'));
    execFileSync('make', ['--no-print-directory', '--silent', '-C', 'native', 'arm64'], { stdio: 'inherit' });
    for (const name of ['package.json', 'package-lock.json', 'dist', 'test/lab/guest']) {
      cpSync(name, join(tree, name), { recursive: true });
    }
    mkdirSync(join(tree, 'native/build'), { recursive: true });
    cpSync('native/build/arm64/libnumacanary.so', join(tree, 'native/build/libnumacanary.so'));
    const forArm64 = ['--cpu=arm64', '--os=linux', '--libc=glibc', '--ignore-scripts'];
    execFileSync('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error', ...forArm64], {
      cwd: tree,
      stdio: 'inherit',
    });
  });
  afterAll(() => rmSync(tree, { recursive: true }));

  describe('visits', () => {
    let seen: Seen;
    beforeAll(async () => {
      seen = await observe<Seen>({
        arch: 'arm64',
        topology: '2s2n',
        repository: tree,
        command: ['node', 'test/lab/guest/arm64.mjs'],
        timeoutSeconds: 900,
      });
    });

    test('the helper times by the generic timer', () => {
      expect(seen).toMatchObject({ arch: 'arm64', clock: { source: 'cntvct' } });
    });

    test('both threads run on their CPUs, lines lie on their nodes, and every ring delivers what was sent', () => {
      for (const { result } of seen.visits) {
        expect(result).toMatchObject({
          outcome: 'done',
          a: { cpuBefore: 0, cpuAfter: 0, maskCpus: 1 },
          b: { cpuBefore: 3, cpuAfter: 3, maskCpus: 1 },
          pageNodeA: 0,
          pageNodeB: 1,
          ring512: { corrupt: 0 },
          ring1Item: { corrupt: 0 },
          ringLine: { corrupt: 0 },
        });
        expect(result.store2.roundTripNs.length).toBeGreaterThan(0);
        expect(result.ring512.laps).toBeGreaterThan(0);
      }
    });

    test('memory is chased on the node it was asked for', () => {
      for (const { result } of seen.memories) {
        expect(result.pagesChecked).toBeGreaterThan(0);
        expect(result).toMatchObject({ outcome: 'done', pagesOnNode: result.pagesChecked });
      }
    });
  });

  // The kernel's own driver and QEMU's PMU: a cycle is a nanosecond of the guest, idle or not, and with --icount it
  // counts instructions, too. The only PMU here that calibration can believe.
  describe('counters of a Neoverse N1', () => {
    let seen: Counts;
    beforeAll(async () => {
      seen = await observe<Counts>({
        arch: 'arm64',
        topology: '2s2n',
        repository: tree,
        cpu: 'neoverse-n1',
        icount: true,
        command: ['node', 'test/lab/guest/arm64_pmu.mjs', '3'],
        timeoutSeconds: 900,
      });
    });
    const rise = (metric: string, socket: string) => {
      const [begin = Number.NaN, end = Number.NaN] = [seen.begin, seen.end].map(({ page }) =>
        valueOf(parsePage(page), metric, { socket }),
      );
      return end - begin;
    };

    test('it is counted by its model, and what this PMU does not have is absent', () => {
      const page = parsePage(seen.end.page);
      expect(valueOf(page, 'numacanary_pmu_info', { model: 'arm-neoverse-n1' })).toBe(1);
      for (const signal of ['cycles', 'instructions']) expect(statusOf(page, signal)).toEqual([]);
      expect(statusOf(page, 'load_remote')).toEqual(['absent no_event']);
      expect(valueOf(page, 'numacanary_pmu_loads_total')).toBe(undefined);
    });

    test.each(['0', '1'])('socket %s has the cycles of its two CPUs', (socket) => {
      const { begin, end } = seen;
      const cycles = rise('numacanary_pmu_cycles_total', socket);
      expect(cycles).toBeGreaterThan(2 * (end.from - begin.to) * 0.99);
      expect(cycles).toBeLessThan(2 * (end.to - begin.from) * 1.01);
    });

    // To each of its CPUs QEMU tells what all of them executed; shift=2 is four nanoseconds for each.
    test.each(['0', '1'])('socket %s has instructions, no more than there was time for', (socket) => {
      const { begin, end } = seen;
      const instructions = rise('numacanary_pmu_instructions_total', socket);
      expect(instructions).toBeGreaterThan(0);
      expect(instructions).toBeLessThan(((2 * (end.to - begin.from)) / 4) * 1.01);
    });

    test('instructions are counted right, and so believed', () => {
      const ratio = valueOf(parsePage(seen.end.page), 'numacanary_pmu_calibration_ratio');
      expect(ratio).toBeCloseTo(1, 2);
    });

    test('the daemon ends with exit code 0', () => expect(seen.stopped.code, seen.log).toBe(0));
  });
});
