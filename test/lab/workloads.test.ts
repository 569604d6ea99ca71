import { beforeAll, describe, expect, test } from 'vitest';
import { parseMemoryNumaStat } from '../../src/parse/memory_numa_stat.ts';
import { parsePage, valueOf } from './counts.ts';
import { noLab, observe } from './lab.ts';

interface Moment {
  readonly page: string;
  /** The two lines of memory.numa_stat that are told, as the kernel said them just before and just after the page. */
  readonly numaStat: string;
}

interface Seen {
  readonly found: Readonly<Record<'spread' | 'near' | 'moved', Moment>> & {
    readonly gone: { readonly page: string };
  };
  readonly stopped: { readonly code: number | null };
  readonly log: string;
}

const podUid = '3f2b0c1e-7a55-4c5e-9d3b-0f1c2d3e4a5b';
const containerId = '9'.repeat(64);
const who = { pod_uid: podUid, container_id: containerId, qos: 'burstable' };
const mebibytes = 48;

describe.skipIf(noLab())('a pod whose cpuset is rewritten', () => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await observe<Seen>({
      topology: '2s2n',
      command: ['node', 'test/lab/guest/workloads.mjs', JSON.stringify({ podUid, containerId, mebibytes })],
      timeoutSeconds: 500,
    });
  });

  const told = (moment: keyof Seen['found'], family: string, labels = {}) =>
    valueOf(parsePage(seen.found[moment].page), `numacanary_workload_${family}`, { ...who, ...labels });

  const changes = (moment: keyof Seen['found']) =>
    ['cpus', 'mems'].map((file) => told(moment, 'cpuset_changes_total', { file }));

  test('spans the two sockets of its CPUs, and one in the scrape after the write', () => {
    expect([told('spread', 'sockets_spanned'), told('near', 'sockets_spanned')], seen.log).toEqual([2, 1]);
    expect([told('spread', 'cpus'), told('near', 'cpus')]).toEqual([2, 2]);
  });

  test('each write is one change', () => {
    expect([changes('spread'), changes('near'), changes('moved')]).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
    ]);
  });

  test.each(['spread', 'near', 'moved'] as const)('%s: bytes on each node are those of memory.numa_stat', (moment) => {
    const stat = parseMemoryNumaStat(seen.found[moment].numaStat);
    for (const memory of ['anon', 'file'] as const) {
      for (const [node, bytes] of stat[memory])
        expect(told(moment, 'memory_bytes', { numa_node: String(node), memory }), `${memory} ${node}`).toBe(bytes);
    }
  }); // prettier-ignore

  test('its memory is where its CPUs are, until cpuset.mems moves it away', () => {
    const [near = 0, moved = 0] = (['near', 'moved'] as const).map((moment) =>
      told(moment, 'outside_memory_bytes', { memory: 'anon' }),
    );
    expect(near).toBe(0);
    expect(moved).toBeGreaterThan(mebibytes * 2 ** 20);
  });

  test('a service is told by its path', () => {
    const page = parsePage(seen.found.near.page);
    const service = { cgroup: 'system.slice/db.service' };
    expect(valueOf(page, 'numacanary_workload_info', { ...service, kind: 'service' })).toBe(1);
    expect(valueOf(page, 'numacanary_workload_sockets_spanned', service)).toBe(2);
  });

  test('removed, it is told no more', () => {
    expect(seen.found.gone.page).not.toContain(containerId);
    expect(seen.found.gone.page).toContain('db.service');
  });

  test('the daemon ends with exit code 0', () => expect(seen.stopped.code, seen.log).toBe(0));
});
