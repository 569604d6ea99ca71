import { beforeAll, describe, expect, test } from 'vitest';
import { parseInterrupts } from '../../src/parse/interrupts.ts';
import { parseVmstat } from '../../src/parse/vmstat.ts';
import { parsePage, valueOf } from './counts.ts';
import { noLab, observe, say } from './lab.ts';

interface Said {
  readonly vmstat: string;
  readonly interrupts: string;
}

/** The kernel's files just before and just after the page. */
interface Look {
  readonly before: Said;
  readonly page: string;
  readonly after: Said;
}

interface Seen {
  readonly found: {
    readonly spill: { readonly start: Look; readonly full: Look };
    readonly migrate: { readonly start: Look; readonly end: Look };
    readonly shoot: { readonly start: Look; readonly end: Look };
  };
  readonly stopped: { readonly code: number | null };
  readonly log: string;
}

const told = ({ page }: Look, name: string, labels = {}) =>
  valueOf(parsePage(page), `numacanary_${name}`, labels) ?? Number.NaN;
const rise = (from: Look, to: Look, name: string, labels = {}) =>
  told(to, name, labels) - told(from, name, labels);
const memoryOf = (at: Look, labels: Record<string, string>) => told(at, 'numa_node_memory_bytes', labels);
const free = (at: Look, node: string) => memoryOf(at, { numa_node: node, kind: 'free' });
const kernelSaid = ({ vmstat }: Said, name: string) => parseVmstat(vmstat).get(name) ?? Number.NaN;

/** What CPUs of a socket of two have got, as the kernel counts it. */
const interruptsOf = ({ interrupts }: Said, name: string, socket: number) => {
  const [line] = parseInterrupts(interrupts, (one) => one === name).lines;
  return (line?.counts[2 * socket] ?? Number.NaN) + (line?.counts[2 * socket + 1] ?? Number.NaN);
};

describe.skipIf(noLab())('pages on two nodes', () => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await observe<Seen>({
      topology: '2s2n',
      command: ['node', 'test/lab/guest/placement.mjs'],
      timeoutSeconds: 500,
    });
  });

  test('a node that is full and was wanted counts as foreign what the other counts as miss', () => {
    const { start, full } = seen.found.spill;
    const event = (node: string, name: string) =>
      rise(start, full, 'numastat_pages_total', { numa_node: node, event: name });
    say(`foreign on node 0 ${event('0', 'numa_foreign')}, miss on node 1 ${event('1', 'numa_miss')}`);
    expect(event('0', 'numa_foreign'), seen.log).toBeGreaterThan(1000);
    expect(event('1', 'numa_miss')).toBe(event('0', 'numa_foreign'));
    expect(event('0', 'numa_miss')).toBe(event('1', 'numa_foreign'));
  });

  test('the node that spilt over is at its low watermark, and the other is not', () => {
    const { start, full } = seen.found.spill;
    const low = (node: string) => told(full, 'numa_node_low_watermark_bytes', { numa_node: node });
    expect(free(start, '0')).toBeGreaterThan(4 * low('0'));
    expect(free(full, '0')).toBeLessThan(2 * low('0'));
    expect(free(full, '1')).toBeGreaterThan(4 * low('1'));
  });

  test('the parts of a node’s memory add up to it', () => {
    const { start, full } = seen.found.spill;
    expect(memoryOf(full, { numa_node: '1' })).toBe(memoryOf(start, { numa_node: '1' }));
  });

  test('pages that somebody moved are migrations, and none of NUMA balancing’s', () => {
    const { start, end } = seen.found.migrate;
    expect(rise(start, end, 'page_migrations_pages_total', { outcome: 'success' }), seen.log).toBeGreaterThan(64 * 256); // prettier-ignore
    for (const [name, labels, key] of [
      ['page_migrations_pages_total', { outcome: 'success' }, 'pgmigrate_success'],
      ['page_migrations_pages_total', { outcome: 'fail' }, 'pgmigrate_fail'],
      ['page_migrations_thp_total', { outcome: 'success' }, 'thp_migration_success'],
      ['autonuma_pages_migrated_total', {}, 'numa_pages_migrated'],
      ['autonuma_pte_updates_total', {}, 'numa_pte_updates'],
      ['autonuma_hint_faults_total', {}, 'numa_hint_faults'],
      ['autonuma_hint_faults_total', { locality: 'local' }, 'numa_hint_faults_local'],
    ] as const) {
      for (const at of [start, end]) {
        expect(told(at, name, labels), key).toBeGreaterThanOrEqual(kernelSaid(at.before, key));
        expect(told(at, name, labels), key).toBeLessThanOrEqual(kernelSaid(at.after, key));
      }
    }
  });

  test('the second in which they moved is kept, and counted as one of burst', () => {
    const { start, end } = seen.found.migrate;
    expect(told(end, 'page_migrations_max_per_second', { window: '5m' })).toBeGreaterThan(1000);
    expect(rise(start, end, 'burst_seconds_total', { signal: 'page_migrations' })).toBeGreaterThan(0.5);
  });

  test.each([
    ['TLB', 'tlb_shootdowns_total', {}],
    ['CAL', 'ipis_total', { kind: 'function_call' }],
    ['RES', 'ipis_total', { kind: 'reschedule' }],
  ] as const)('%s: each socket has what its CPUs got', (name, metric, labels) => {
    const { start, end } = seen.found.shoot;
    for (const socket of [0, 1]) {
      const risen = rise(start, end, metric, { ...labels, socket: String(socket) });
      const between = (from: Said, to: Said) =>
        interruptsOf(to, name, socket) - interruptsOf(from, name, socket);
      expect(risen, seen.log).toBeGreaterThanOrEqual(between(start.after, end.before));
      expect(risen, seen.log).toBeLessThanOrEqual(between(start.before, end.after));
    }
  });

  test('threads of one socket that take and give back memory are shot down there', () => {
    const { start, end } = seen.found.shoot;
    const [near, far] = ['1', '0'].map((socket) => rise(start, end, 'tlb_shootdowns_total', { socket }));
    say(`TLB shootdowns on socket 1 ${near}, on socket 0 ${far}`);
    expect(near).toBeGreaterThan(50);
    expect(near).toBeGreaterThan(3 * (far ?? Number.NaN));
  });

  test('the daemon ends with exit code 0', () => expect(seen.stopped.code, seen.log).toBe(0));
});
