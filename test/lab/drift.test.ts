import { beforeAll, describe, expect, test } from 'vitest';
import type { DriftReport, DriftSecond } from '../../src/commands/drift.ts';
import { parsePage, valueOf } from './counts.ts';
import { noLab, observe, say } from './lab.ts';

type Bytes = Readonly<Record<string, number>>;

interface Seen {
  readonly on: DriftReport;
  readonly off: DriftReport;
  /** Pages of the daemon and what numa_maps said: before the move, when it was seen, and in the round after that. */
  readonly first: string;
  readonly before: Bytes;
  readonly after: Bytes;
  readonly second: string;
  readonly third: string;
  readonly stopped: { readonly code: number | null };
  readonly log: string;
}

const MiB = 1024 ** 2;
const all = 64 * 256;
const there = ({ pages }: DriftSecond) => pages['1'] ?? 0;

describe.skipIf(noLab('amd64', 'numactl'))('drift on 2s2n', () => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await observe<Seen>({
      topology: '2s2n',
      command: ['node', 'test/lab/guest/drift.mjs'],
      timeoutSeconds: 500,
    });
    const rows = seen.on.seconds.map(
      ({ pages, unknownPages, numaMaps, kernel }) =>
        `${pages['0'] ?? 0}/${pages['1'] ?? 0}/${unknownPages} maps ${numaMaps?.pages['1'] ?? 0} migrated ${kernel.numa_pages_migrated}`,
    );
    say(`node 0/1/unknown by second: ${rows.join(', ')}`);
  });

  describe('with NUMA balancing', () => {
    test('the buffer begins on node 0 and ends on node 1, where its reader is', () => {
      const { setting, seconds } = seen.on;
      expect(setting).toMatchObject({ bufferNode: 0, readerCpu: 2, readerNode: 1, numaBalancing: 1 });
      expect(seconds).toHaveLength(7);
      expect(seconds[0]).toMatchObject({ pages: { 0: all }, unknownPages: 0, passes: expect.any(Number) });
      expect(there(seconds[6] as DriftSecond)).toBeGreaterThan(0.95 * all);
      for (const { readerCpu } of seconds) expect(readerCpu).toBe(2);
    });

    // Pages go one way only, and numa_maps is read between two counts.
    test('second by second move_pages and numa_maps agree, but for what moved in between', () => {
      for (const [index, second] of seen.on.seconds.entries()) {
        const next = seen.on.seconds[index + 1] ?? second;
        const [here = 0, away = 0] = [second.numaMaps?.pages['0'], second.numaMaps?.pages['1']];
        expect(second.numaMaps?.policy).toBe('default');
        expect(away, `second ${index}`).toBeGreaterThanOrEqual(there(second));
        expect(away, `second ${index}`).toBeLessThanOrEqual(
          index === 6 ? all : there(next) + next.unknownPages,
        );
        // What is on its way in this very moment is on neither.
        expect(here + away).toBeLessThanOrEqual(all);
        expect(here + away).toBeGreaterThan(all - 64);
      }
    });

    test('the kernel counts at least the pages that moved, and not absurdly more', () => {
      for (const second of seen.on.seconds.slice(1)) {
        const migrated = second.kernel.numa_pages_migrated ?? Number.NaN;
        expect(migrated).toBeGreaterThanOrEqual(there(second));
        expect(migrated).toBeLessThan(1.5 * all);
        expect(second.kernel.pgmigrate_success).toBeGreaterThanOrEqual(migrated);
        expect(second.kernel.numa_hint_faults).toBeGreaterThanOrEqual(there(second));
      }
    });
  });

  test('without NUMA balancing nothing moves', () => {
    expect(seen.off.setting.numaBalancing).toBe(0);
    expect(seen.off.seconds).toHaveLength(4);
    for (const { pages, numaMaps, kernel } of seen.off.seconds) {
      expect(pages).toEqual({ 0: 16 * 256 });
      expect(numaMaps?.pages).toEqual({ 0: 16 * 256 });
      expect(kernel.numa_pages_migrated).toBe(0);
    }
  });

  describe.each(['by-command', 'by-cgroup'])('drift watch %s', (target) => {
    const value = (page: string, name: string, labels = {}) =>
      valueOf(parsePage(page), `numacanary_drift_${name}`, { target, ...labels });
    const resident = (page: string) => ({
      0: value(page, 'resident_bytes', { numa_node: '0' }) ?? 0,
      1: value(page, 'resident_bytes', { numa_node: '1' }) ?? 0,
    });

    test('has the bytes that numa_maps has, before and after a move', () => {
      expect(resident(seen.first), seen.log).toEqual({ 0: 0, 1: 0, ...seen.before });
      expect(seen.before['0']).toBeGreaterThan(48 * MiB);
      expect(resident(seen.third), seen.log).toEqual({ 0: 0, 1: 0, ...seen.after });
    });

    test('counts what migratepages moved, once', () => {
      expect(value(seen.first, 'moved_bytes_total')).toBe(0);
      const moved = value(seen.second, 'moved_bytes_total') ?? 0;
      const lost = (seen.before['0'] ?? 0) - (seen.after['0'] ?? 0);
      expect(moved).toBeGreaterThanOrEqual(48 * MiB);
      expect(moved).toBeLessThanOrEqual(lost);
      expect(value(seen.third, 'moved_bytes_total')).toBe(moved);
    });

    test('says how many processes it speaks for, and what reading them took', () => {
      expect(value(seen.second, 'processes', { state: 'watched' })).toBe(1);
      expect(value(seen.second, 'processes', { state: 'denied' })).toBe(0);
      expect(value(seen.third, 'read_seconds_total')).toBeGreaterThan(0);
    });
  });

  test('the daemon ends with exit code 0', () => expect(seen.stopped.code, seen.log).toBe(0));
});
