import { beforeAll, describe, expect, test } from 'vitest';
import { family, parsePage, valueOf } from './counts.ts';
import { noLab, observe, say } from './lab.ts';

/** Counts by `from,to`, over a time that holds the daemon's interval and over one that it holds. */
type Bounds = Readonly<Record<'outer' | 'inner', Readonly<Record<string, number>>>>;

interface Seen {
  readonly begin: string;
  readonly end: string;
  readonly bpftrace: Bounds;
  /** The kernel's own histogram. */
  readonly hist: Bounds;
  readonly stopped: { readonly code: number | null };
  readonly log: string;
}

interface Tour {
  readonly name: string;
  readonly topology: string;
  /** By CPU. */
  readonly sockets: readonly number[];
  readonly tour: readonly number[];
  readonly before?: string;
}

const rounds = 1000;
/**
 * What bpftrace may spoil. Where its program is passed over, since another BPF program or a look at a map is under way on
 * the CPU, the tracepoint is kept from every counter (trace_call_bpf); where its map is locked it misses the event itself.
 */
const spoilt = 5;
/** Two software events, and of the PMU msr the time stamp counter. */
const counting = [
  'numacanary_sched_context_switches_total',
  'numacanary_page_faults_total',
  'numacanary_tsc_cycles_total',
];
const plug = (cpu: number, socket: number, core: number) =>
  `lab-hmp 'device_add max-x86_64-cpu,id=c${cpu},socket-id=${socket},core-id=${core},die-id=0,thread-id=0'
   echo 1 > /sys/devices/system/cpu/cpu${cpu}/online`;
const tours: readonly Tour[] = [
  { name: '2s2n', topology: '2s2n', sockets: [0, 0, 1, 1], tour: [0, 3, 1, 2] },
  // One way round only: the other way stays near 0.
  { name: '4s4n, one way round', topology: '4s4n', sockets: [0, 0, 1, 1, 2, 2, 3, 3], tour: [0, 2, 5, 7] },
  {
    name: 'sockets that take turns in the numbering of CPUs',
    topology: '2s2n+hotplug',
    sockets: [0, 0, 0, 1, 0, 1],
    tour: [0, 3, 4, 5],
    before: [
      plug(2, 0, 2),
      plug(3, 1, 0),
      plug(4, 0, 3),
      plug(5, 1, 1),
      'echo 0 > /sys/devices/system/cpu/cpu1/online',
    ].join('\n'),
  },
];

describe.skipIf(noLab('amd64', 'bpftrace')).each(tours)('moves of tasks on $name', (tour) => {
  const { topology, sockets } = tour;
  const ways = waysOf(sockets);
  let seen: Seen;
  beforeAll(async () => {
    seen = await observe<Seen>({
      topology,
      command: ['node', 'test/lab/guest/moves.mjs', JSON.stringify({ ...tour, rounds })],
      timeoutSeconds: 500,
    });
    const rows = ways.map((way) => {
      const [hist, bpftrace] = [seen.hist, seen.bpftrace].map((one) => boundsOf(one, way).join('-'));
      return `${way.from}->${way.to} ${risenOf(seen, way)} (kernel ${hist}, bpftrace ${bpftrace})`;
    });
    say(rows.join(', '));
  });

  test.each(ways)('from $from to $to as many as the kernel has in its histogram', (way) => {
    const [inner, outer] = boundsOf(seen.hist, way);
    expect(risenOf(seen, way), seen.log).toBeGreaterThanOrEqual(inner - spoilt);
    expect(risenOf(seen, way), seen.log).toBeLessThanOrEqual(outer);
  });

  test.each(ways)('from $from to $to as many as bpftrace counts', (way) => {
    const [inner, outer] = boundsOf(seen.bpftrace, way);
    expect(risenOf(seen, way), seen.log).toBeGreaterThanOrEqual(inner);
    expect(risenOf(seen, way), seen.log).toBeLessThanOrEqual(outer + spoilt);
  });

  test('the bounds lie close together, and the tour is in them', () => {
    for (const way of ways) {
      const [inner, outer] = boundsOf(seen.hist, way);
      expect(inner).toBeGreaterThanOrEqual((rounds - 1) * steps(tour, way));
      expect(outer - inner).toBeLessThan(rounds / 20);
    }
  });

  test('no move within a socket is told', () => {
    for (const socket of new Set(sockets)) {
      const same = { from_socket: String(socket), to_socket: String(socket) };
      expect(valueOf(parsePage(seen.end), 'numacanary_sched_task_migrations_total', same)).toBe(undefined);
    }
  });

  test('without a PMU every hardware signal is absent and says so, and the kernel’s own events count', () => {
    const [begin, end] = [parsePage(seen.begin), parsePage(seen.end)];
    for (const labels of Object.keys(family(end, 'numacanary_pmu_signal_status'))) {
      expect(labels).toContain('status="absent"');
    }
    expect(valueOf(end, 'numacanary_pmu_cycles_total')).toBe(undefined);
    for (const socket of new Set(sockets)) {
      for (const metric of counting) {
        const [before = 0, after = 0] = [begin, end].map((page) =>
          valueOf(page, metric, { socket: String(socket) }),
        );
        expect(after, `${metric} of socket ${socket}`).toBeGreaterThan(before);
      }
    }
  });

  test('the daemon ends with exit code 0', () => expect(seen.stopped.code, seen.log).toBe(0));
});

interface Way {
  readonly from: number;
  readonly to: number;
}

function waysOf(sockets: readonly number[]): Way[] {
  const all = [...new Set(sockets)].toSorted((a, b) => a - b);
  return all.flatMap((from) => all.filter((to) => to !== from).map((to) => ({ from, to })));
}

const boundsOf = ({ inner, outer }: Bounds, { from, to }: Way) =>
  [inner[`${from},${to}`] ?? 0, outer[`${from},${to}`] ?? 0] as const;

const risenOf = ({ begin, end }: Seen, way: Way) => risen(parsePage(begin), parsePage(end), way);

function risen(begin: ReturnType<typeof parsePage>, end: ReturnType<typeof parsePage>, { from, to }: Way) {
  const labels = { from_socket: String(from), to_socket: String(to) };
  const [before, after] = [begin, end].map((page) =>
    valueOf(page, 'numacanary_sched_task_migrations_total', labels),
  );
  return after === undefined || before === undefined ? Number.NaN : after - before;
}

/** How often a round of the tour goes this way; the first step of the first round starts anywhere. */
function steps({ tour, sockets }: Tour, { from, to }: Way): number {
  return tour.filter((cpu, index) => sockets[tour.at(index - 1) ?? 0] === from && sockets[cpu] === to).length;
}
