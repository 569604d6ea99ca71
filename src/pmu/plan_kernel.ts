/** What the kernel's software events and tracepoints are to count. Pure. */
import type { Topology } from '../topology.ts';
import { within } from './budget.ts';
import type { Facts } from './facts.ts';
import { crossings } from './filters.ts';
import { kernelSignals } from './kernel_signals.ts';
import type { KernelSignal } from './kernel_signals.ts';
import { countableCpus } from './places.ts';
import type { Attr, Counter, Group, Missing, Place, Plan } from './plan.ts';
import { eventType } from './reasons.ts';

export interface KernelInput {
  readonly signals: readonly KernelSignal[];
  readonly facts: Facts;
  readonly topology: Topology;
  /** Files that may be open for all of it. */
  readonly fds: number;
  readonly includeIsolated: boolean;
}

/** Filters that say both ends of a move take a file for each direction on each CPU; the kernel's memory is not ours. */
const mostFiles = 16_384;

/**
 * One group on each CPU, so that a reading interrupts it once: any of these events may stand in one group. Tracepoints
 * fire on whichever CPU does the work, so they are opened on all.
 */
export function planKernel(input: KernelInput): Plan {
  const { topology, fds, includeIsolated } = input;
  const places = countableCpus(topology, includeIsolated).map(({ id, socket }): Place => ({
    cpu: id,
    socket,
    numaNode: null,
  }));
  const found = input.signals.map((signal) => counted(signal, input, places.length));
  const missing = found.flatMap((one) => ('reason' in one ? [one] : []));
  const groups = found.flatMap((one): Group[] => ('reason' in one ? [] : [{ ...one, places }]));
  const plan = within({ groups, missing }, fds);
  const best = plan.groups.toSorted((a, b) => b.rank - a.rank);
  const counters = best.flatMap((group) => group.counters);
  const [first] = best;
  return { groups: first ? [{ ...first, counters }] : [], missing: plan.missing };
}

function counted(signal: KernelSignal, input: KernelInput, cpus: number): Omit<Group, 'places'> | Missing {
  const { metric, labels, event, rank } = kernelSignals[signal];
  const counter = (attr: Pick<Attr, 'type' | 'config'>): Counter => ({
    signal,
    attr: { ...attr, config1: 0n, config2: 0n },
    metric,
    labels,
    scale: 1,
  });
  const group = (counters: readonly Counter[]) =>
    ({ name: 'kernel', rank, when: 'always', counters }) as const;
  if (typeof event === 'bigint') return group([counter({ type: eventType.software, config: event })]);
  if (signal === 'sched_migrate_task' && input.topology.sockets.length < 2) return { signal, ...oneSocket };
  const id = input.facts.tracepoints[event];
  if (id === undefined) return { signal, ...noTracepoint(event, input.facts) };
  const hit = counter({ type: eventType.tracepoint, config: BigInt(id) });
  if (signal !== 'sched_migrate_task') return group([hit]);
  const filtered = filters(input, cpus);
  if (!filtered) return { signal, ...unfiltered };
  return group(
    filtered.map(({ from, to, filter }) => ({
      ...hit,
      attr: { ...hit.attr, filter },
      labels: { from_socket: `${from}`, to_socket: `${to ?? 'other'}` },
    })),
  );
}

/** Both ends of each move where files suffice for that, else where it began. */
function filters({ topology, signals, fds }: KernelInput, cpus: number) {
  const sockets = topology.sockets.length;
  const others = signals.length - 1;
  const files = cpus * sockets * (sockets - 1);
  const suffice = files <= mostFiles && files + cpus * others <= fds;
  return (suffice ? crossings(topology, 'direction') : undefined) ?? crossings(topology, 'origin');
}

type Why = Omit<Missing, 'signal'>;

const oneSocket: Why = {
  status: 'absent',
  reason: 'one_socket',
  advice: 'this machine has one socket: no task can cross to another',
};

const unfiltered: Why = {
  status: 'absent',
  reason: 'unsupported',
  advice:
    'the CPUs of the sockets are numbered so that no filter of the kernel can tell them apart in a page of text: nothing can be done here',
};

function noTracepoint(event: string, { tracefs }: Facts): Why {
  if (tracefs === 'absent')
    return {
      status: 'absent',
      reason: 'no_tracefs',
      advice:
        'the ids of tracepoints cannot be read: mount -t tracefs tracefs /sys/kernel/tracing on the host, and into a container docker run -v /sys/kernel/tracing:/sys/kernel/tracing:ro',
    };
  if (tracefs === 'denied')
    return {
      status: 'denied',
      reason: 'no_tracefs',
      advice:
        'the ids of tracepoints may be read by root only: run as uid 0 (no capability is needed for it), or remount tracefs with gid= and mode=750',
    };
  return {
    status: 'absent',
    reason: 'no_event',
    advice: `this kernel has no tracepoint ${event}: it is built without the feature behind it`,
  };
}
