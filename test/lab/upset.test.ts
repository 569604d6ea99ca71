import { beforeAll, describe, expect, test } from 'vitest';
import type { Visit, VisitPlan } from '../../src/host/host.ts';
import { taintsOf, type Cause } from '../../src/probes/taint.ts';
import { noLab, observe, say } from './lab.ts';
import { distancesIn, sum, tally } from './page.ts';

interface UnderVisits {
  readonly tries: number;
  readonly struck: readonly Visit[];
  readonly refused?: string;
  readonly back: Visit;
}

/** The daemon's page: before the CPU was taken, when that was noticed, a clean visit later, and after its return. */
interface Life {
  readonly whole: string;
  readonly gone: string;
  readonly without: string;
  readonly again: string;
  readonly after: string;
  readonly alive: boolean;
}

interface Seen {
  readonly helper: Readonly<Record<string, UnderVisits>>;
  readonly life: Readonly<Record<string, Life>>;
  readonly stopped: { readonly code: number | null };
  readonly log: string;
}

const ways = ['hotplug', 'cpuset'];
/** Lanes that are left: hotplug takes CPU 3, the cpuset CPU 2 as well. */
const left: Readonly<Record<string, object>> = {
  hotplug: { llc: 1, cross_socket: 1 },
  cpuset: { llc: 1, cross_socket: 0 },
};
const plan: VisitPlan = {
  cpuA: 0,
  cpuB: 3,
  nodeA: -1,
  nodeB: -1,
  steps: ['store2', 'ring1', 'experienced', 'ring_512', 'ring_1', 'ring_line'],
  spin: 'bare',
  pinned: true,
  strideBytes: 128,
  offset: 0,
  stepNs: 6e7,
  deadlineNs: 4.9e8,
};
const nothing = { throttledPeriods: 0, stealSeconds: 0, irqSeconds: 0 };

describe.skipIf(noLab())('a CPU taken away in mid-run', () => {
  let seen: Seen;
  beforeAll(async () => {
    seen = await observe<Seen>({
      topology: '2s2n',
      command: ['node', 'test/lab/guest/upset.mjs'],
      timeoutSeconds: 800,
    });
    for (const [way, { struck, tries }] of Object.entries(seen.helper)) {
      const causes = struck.map((visit) => taintsOf('throughput', plan, visit, nothing).join(' '));
      say(`${way}: ${struck.length} of ${tries} visits struck, tainted by ${causes.join('; ')}`);
    }
    say(`upset: latency visits ${tally(seen.life['cpuset']?.after ?? '')}`);
  });

  test.each(ways)('by %s: the evidence of the visit under way shows it', (way) => {
    const { struck, tries } = seen.helper[way] ?? { struck: [], tries: 0 };
    expect(struck.length, `of ${tries} visits`).toBeGreaterThan(0);
    for (const visit of struck) {
      for (const purpose of ['latency', 'throughput', 'experienced'] as const) {
        const causes = taintsOf(purpose, plan, visit, nothing);
        const telling: readonly Cause[] =
          visit.outcome === 'not_coscheduled' ? ['not_coscheduled'] : ['migrated', 'pin_lost'];
        expect(
          telling.filter((cause) => causes.includes(cause)),
          JSON.stringify(visit.b),
        ).not.toEqual([]);
      }
    }
  });

  test.each(ways)('by %s: the next visit there is refused, and one after its return is not', (way) => {
    expect(seen.helper[way]?.refused).toBe('EINVAL');
    expect(seen.helper[way]?.back).toMatchObject({
      outcome: 'done',
      a: { cpuBefore: 0, cpuAfter: 0, maskCpus: 1 },
      b: { cpuBefore: 3, cpuAfter: 3, maskCpus: 1 },
    });
  });

  test.each(ways)('by %s: visits to it are refused and counted until the daemon has noticed', (way) => {
    const { whole, gone } = lifeOf(seen, way);
    expect(refused(gone), seen.log).toBeGreaterThan(refused(whole));
  });

  test.each(ways)('by %s: the daemon plans the pairs that are left, and all when the CPU is back', (way) => {
    const { alive, gone, without, again, after } = lifeOf(seen, way);
    expect(alive, seen.log).toBe(true);
    expect(pairsOf(without), seen.log).toEqual(left[way]);
    expect(cleanAt(without, 'llc')).toBeGreaterThan(cleanAt(gone, 'llc'));
    expect(pairsOf(after), seen.log).toEqual({ llc: 2, cross_socket: 1 });
    expect(cleanAt(after, 'llc')).toBeGreaterThan(cleanAt(again, 'llc'));
    expect(cleanAt(after, 'cross_socket'), seen.log).toBeGreaterThan(cleanAt(again, 'cross_socket'));
  });

  test.each(ways)('by %s: no distance is named that the machine does not have', (way) => {
    expect(distancesIn(lifeOf(seen, way).after)).toEqual(new Set(['llc', 'cross_socket']));
  });

  test('the daemon outlives all of it and ends when told', () => {
    expect(seen.stopped.code, seen.log).toBe(0);
  });
});

function lifeOf({ life }: Seen, way: string): Life {
  const found = life[way];
  if (!found) throw new Error(`the guest said nothing about ${way}`);
  return found;
}

const pairsOf = (page: string) =>
  Object.fromEntries(
    ['llc', 'cross_socket'].map((distance) => [
      distance,
      sum(page, 'numacanary_probe_pairs_available', `distance="${distance}"`),
    ]),
  );

const refused = (page: string) => sum(page, 'numacanary_probe_visits_total', 'outcome="refused"');

const cleanAt = (page: string, distance: string) =>
  sum(page, 'numacanary_probe_latency_seconds_count', `distance="${distance}"`);
