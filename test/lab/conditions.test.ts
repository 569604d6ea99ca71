import { beforeAll, describe, expect, test } from 'vitest';
import type { Reading } from '../../src/conditions/condition.ts';
import type { ConditionsDocument } from '../../src/conditions/document.ts';
import { noLab, observe } from './lab.ts';

interface Ran {
  readonly status: number;
  readonly stdout: string;
}

interface Seen {
  readonly release: string;
  readonly clocksource: string;
  readonly asRoot: Reading;
  readonly asNobody: Reading;
  readonly itself: Ran;
  readonly other: Ran;
  readonly before: string;
  readonly on: string;
  readonly always: string;
  readonly document: ConditionsDocument;
}

const changes = (page: string, condition: string) =>
  Number(
    new RegExp(`^numacanary_conditions_changes_total\\{condition="${condition}"\\} (\\d+)$`, 'm').exec(
      page,
    )?.[1],
  );

describe.skipIf(noLab())('conditions of a kernel', () => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await observe<Seen>({ topology: '2s2n', command: ['node', 'test/lab/guest/conditions.mjs'] });
  });

  test('are what the kernel says', () => {
    expect(seen.asRoot).toMatchObject({
      kernel: { value: seen.release },
      clocksource: { value: seen.clocksource },
      numa_balancing: { value: '0' },
      thp_enabled: { value: 'madvise' },
      nodes_per_socket: { value: '1' },
      cpus_online: { value: '4' },
      isolated_cpus: { value: 'none' },
      preempt_built: { value: 'dynamic' },
    });
    const failed = Object.entries(seen.asRoot).filter(
      ([, one]) => 'status' in one && one.status === 'failed',
    );
    expect(failed).toEqual([]);
  });

  test('that only root may read are denied to others', () => {
    expect(seen.asRoot).toMatchObject({
      preempt: { value: 'voluntary' },
      sched_knobs: { value: expect.stringMatching(/migration_cost_ns=\d+,nr_migrate=\d+/) },
    });
    for (const name of ['preempt', 'sched_knobs'])
      expect(seen.asNobody[name]).toMatchObject({ status: 'denied' });
    expect(seen.asNobody['numa_balancing']).toEqual({ value: '0' });
  });

  test('that are written are seen, and counted once', () => {
    expect(changes(seen.before, 'numa_balancing')).toBe(0);
    expect(changes(seen.on, 'numa_balancing')).toBe(1);
    expect(changes(seen.always, 'numa_balancing')).toBe(1);
    expect(changes(seen.always, 'thp_enabled')).toBe(1);
    expect(seen.document.changes.map(({ condition, from, to }) => [condition, from, to])).toEqual([
      ['numa_balancing', '0', '1'],
      ['thp_enabled', 'madvise', 'always'],
    ]);
  });

  test('are the same as themselves, and differ after they were written', () => {
    expect(seen.itself).toMatchObject({ status: 0 });
    expect(seen.other).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^numa_balancing +1 +0 +DIFFERENT$/m),
    });
  });
});
