/** What the kernel's software events and tracepoints are to count, and the PMU msr. Pure. */
import type { Topology } from '../../topology.ts';
import { encodeAlias } from '../catalogue/attr.ts';
import { within } from './budget.ts';
import type { Facts } from '../facts.ts';
import { crossings } from './filters.ts';
import { kernelSignals } from '../kernel_signals.ts';
import type { KernelSignal } from '../kernel_signals.ts';
import { countableCpus } from './places.ts';
import type { Attr, Counter, Group, Missing, Place, Plan } from '../plan.ts';
import { eventType } from '../reasons.ts';

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
/** Each move of a task is held against every filter of its CPU: guests with a socket for each of many CPUs are many. */
const mostSockets = 8;

/**
 * One group on each CPU, so that a reading interrupts it once: any of these events may stand in one group. Tracepoints
 * fire on whichever CPU does the work, so they are opened on all; what the PMU msr counts is the same on all CPUs of
 * a socket, and one of them tells it.
 */
export function planKernel(input: KernelInput): Plan {
  const { topology, fds, includeIsolated } = input;
  const places = countableCpus(topology, includeIsolated).map(({ id, socket }): Place => ({
    cpu: id,
    socket,
    numaNode: null,
  }));
  const firsts = places.filter(({ socket }, at) => places.findIndex((one) => one.socket === socket) === at);
  const found = input.signals.map((signal) => counted(signal, input, places.length));
  const missing = found.flatMap((one) => ('reason' in one ? [one] : []));
  const groups = found.flatMap((one): Group[] =>
    'reason' in one ? [] : [{ ...one, places: one.name === 'msr' ? firsts : places }],
  );
  const plan = within({ groups, missing }, fds);
  return { groups: merged(plan.groups), missing: plan.missing };
}

/** Groups of one name as one, the most valuable of their signals first. */
function merged(groups: readonly Group[]): Group[] {
  const best = groups.toSorted((a, b) => b.rank - a.rank);
  return [...new Set(best.map(({ name }) => name))].flatMap((name) => {
    const own = best.filter((group) => group.name === name);
    const counters = own.flatMap((group) => group.counters);
    return own.slice(0, 1).map((first) => ({ ...first, counters }));
  });
}

function counted(signal: KernelSignal, input: KernelInput, cpus: number): Omit<Group, 'places'> | Missing {
  const { metric, labels, event, rank } = kernelSignals[signal];
  const counter = (attr: Pick<Attr, 'type' | 'config'>): Counter => ({
    signal,
    attr: { config1: 0n, config2: 0n, ...attr },
    metric,
    labels,
    scale: 1,
  });
  const group = (counters: readonly Counter[]): Omit<Group, 'places'> => ({
    name: 'kernel',
    rank,
    when: 'always',
    counters,
  });
  if (typeof event === 'object') {
    const found = msr(event.msr, input.facts);
    return 'reason' in found ? { signal, ...found } : { ...group(found.attrs.map(counter)), name: 'msr' };
  }
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

/** > event=0x00, in sysfs events/ of the PMU msr: each CPU model has its own few of them. */
function msr(event: string, { pmus }: Facts): { readonly attrs: readonly Attr[] } | Why {
  const device = pmus.find(({ name }) => name === 'msr');
  if (!device) return noMsr;
  const encoded = encodeAlias(event, device);
  return 'reason' in encoded ? noRegister : encoded;
}

/** Both ends of each move where files suffice for that, else where it began. */
function filters({ topology, signals, fds }: KernelInput, cpus: number) {
  const sockets = topology.sockets.length;
  const others = signals.length - 1;
  const files = cpus * sockets * (sockets - 1);
  const suffice = sockets <= mostSockets && files <= mostFiles && files + cpus * others <= fds;
  return (suffice ? crossings(topology, 'direction') : undefined) ?? crossings(topology, 'origin');
}

type Why = Omit<Missing, 'signal'>;

const noMsr: Why = {
  status: 'absent',
  reason: 'no_pmu',
  advice: 'only x86 kernels have the PMU msr: nothing can be done here',
};

const noRegister: Why = {
  status: 'absent',
  reason: 'no_event',
  advice: 'this CPU, or what its hypervisor shows of it, has no such register: nothing can be done here',
};

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
