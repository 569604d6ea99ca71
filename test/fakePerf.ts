import { constants } from 'node:os';
import { NativeError } from '../src/errors.ts';
import type { Calibration, CalibrationPlan, Clock, Native, OpenPerf, PerfEvent } from '../src/host/host.ts';

export type ErrnoName = keyof typeof constants.errno;

/**
 * What the fake kernel is like. Each function is asked again whenever time is accounted for: at every open,
 * enable, read and close, for the time since the one before. So a test that changes what a function looks at
 * calls `settle()` first, unless it has just read.
 *
 *   const clock = fakeClock();
 *   const perf = fakePerf({ clock, rate: (event) => (event.cpu === 0 ? 1000 : 0) });
 *   const native = fakeNative({ perf });
 *   await clock.advance(15);   // the clock that was handed in, not another one of the same test
 */
export interface FakePerfOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Errno's name where the event is refused, null where it opens. Index: in the list given to perfOpen. */
  readonly open?: (event: PerfEvent, index: number) => ErrnoName | null;
  /** Counts a second while it runs; or those at a moment of the clock, added up in steps of 1/16 s. Default 1000. */
  readonly rate?: (event: PerfEvent) => number | ((now: number) => number);
  /**
   * Counters of each CPU for events that are neither software (type 1) nor tracepoints (2). A sibling beyond them is
   * refused with EINVAL; groups that exceed them together are rotated as the kernel does. Default: enough for all.
   */
  readonly counters?: (cpu: number) => number;
  /** Part of its enabled time that the group of this leader runs, 0 to 1; null: what `counters` makes of it. */
  readonly running?: (leader: PerfEvent) => number | null;
  /** Errno's name that a read of the group of this leader gives, for all its members. */
  readonly readError?: (leader: PerfEvent) => ErrnoName | null;
  /** Errno's name with which the switching on and off of groups fails as a whole. */
  readonly switchError?: () => ErrnoName | null;
  /** The kernel moves such an event to another CPU when its own goes: uncore. Default: none. */
  readonly migrates?: (event: PerfEvent) => boolean;
  /** Limit on open files; one fd for each event that is open. EMFILE beyond. Default 20,000. */
  readonly fds?: number;
  /** What each event begins with, as if it were old: numbers beyond 2^53. */
  readonly start?: { readonly value: bigint; readonly ns: bigint };
  /** What differs from a calibration that counts exactly; one of an event that `open` refuses has its error. */
  readonly calibrate?: (plan: CalibrationPlan) => Partial<Calibration>;
}

export type PerfCall =
  | { readonly call: 'open'; readonly events: readonly PerfEvent[] }
  /** leaders: as asked for; null: all. session: the number of the open, from 0. */
  | {
      readonly call: 'enable';
      readonly session: number;
      readonly on: boolean;
      readonly leaders: readonly number[] | null;
    }
  | { readonly call: 'read'; readonly session: number; readonly leaders: readonly number[] | null }
  | { readonly call: 'close'; readonly session: number }
  | { readonly call: 'calibrate'; readonly plan: CalibrationPlan };

export interface FakePerf extends Pick<Native, 'perfOpen' | 'calibrate' | 'fdLimit'> {
  /** Every call in order. */
  readonly calls: readonly PerfCall[];
  /** Events open now, over all sessions. */
  readonly openFds: number;
  /** Accounts for the time until now by what held so far. */
  settle(): void;
  /** So many more of each event that is on and matches, at this moment: what was provoked. */
  count(matches: (event: PerfEvent) => boolean, counts: number): void;
  /**
   * Takes a CPU away: its events keep their counts and never count again (but those that migrate), their groups
   * come apart and read EIO, and opening gives ENODEV until `online`.
   */
  offline(cpu: number): void;
  online(cpu: number): void;
}

interface Open {
  readonly event: PerfEvent;
  readonly leader: Open | null; // null: leads
  readonly members: Open[]; // of a leader: itself and its siblings
  on: boolean;
  dead: boolean;
  value: number;
  enabled: number; // seconds
  running: number;
}

export function fakePerf(options: FakePerfOptions): FakePerf {
  const { clock, open = () => null, rate = () => 1000, migrates = () => false, fds = 20_000 } = options;
  const { counters = () => Infinity, running = () => null, readError = () => null } = options;
  const start = options.start ?? { value: 0n, ns: 0n };
  const calls: PerfCall[] = [];
  const gone = new Set<number>();
  const leaders = new Set<Open>(); // of all sessions, in the order in which they were opened
  let sessions = 0;
  let openFds = 0;
  let settled = clock.now();

  const shares = () => {
    const byCpu = new Map<number, Open[]>();
    for (const leader of leaders) {
      if (!leader.on || leader.dead) continue;
      const { cpu } = leader.event;
      byCpu.set(cpu, [...(byCpu.get(cpu) ?? []), leader]);
    }
    return new Map([...byCpu].flatMap(([cpu, groups]) => [...rotation(groups, counters(cpu))]));
  };

  function settle(): void {
    const now = clock.now();
    if (now > settled) {
      for (const [leader, share] of shares()) {
        const ratio = running(leader.event) ?? share;
        for (const member of leader.members) {
          member.enabled += now - settled;
          member.running += (now - settled) * ratio;
          member.value += ratio * counted(rate(member.event), settled, now);
        }
      }
    }
    settled = now;
  }

  function refusal(event: PerfEvent, index: number, leader: Open | null | undefined): ErrnoName | null {
    if (leader === null) return 'ECANCELED';
    if (gone.has(event.cpu)) return 'ENODEV';
    const inGroup = leader ? leader.members.filter(takesCounter).length : 0;
    const said = open(event, index);
    if (said) return said;
    if (isHardware(event) && inGroup + 1 > counters(event.cpu)) return 'EINVAL';
    return openFds >= fds ? 'EMFILE' : null;
  }

  return {
    calls,
    get openFds() {
      return openFds;
    },
    settle,
    count(matches, counts) {
      settle();
      for (const leader of leaders)
        for (const one of leader.members)
          if (leader.on && !leader.dead && matches(one.event)) one.value += counts;
    },
    offline(cpu) {
      settle();
      gone.add(cpu);
      for (const leader of leaders)
        if (leader.event.cpu === cpu && !migrates(leader.event)) leader.dead = true;
    },
    online(cpu) {
      settle();
      gone.delete(cpu);
    },
    fdLimit: async () => fds,
    calibrate: async (plan) => {
      calls.push({ call: 'calibrate', plan });
      const error = open({ ...plan, config1: 0n, config2: 0n, leader: 0 }, 0);
      const counts = error ? 0 : plan.instructions;
      const ns = error ? 0 : plan.instructions / 2;
      const usual = { expected: plan.instructions, counted: counts, enabledNs: ns, runningNs: ns, error };
      return { ...usual, cpu: plan.cpu, ...options.calibrate?.(plan) };
    },
    perfOpen: async (events) => {
      settle();
      calls.push({ call: 'open', events });
      const session = sessions++;
      const opened: (Open | null)[] = [];
      const errors: (string | null)[] = [];
      let closed = false;
      for (const [index, event] of events.entries()) {
        const leads = event.leader === index;
        const before = leads ? undefined : events[index - 1];
        const wrong = !leads && (before?.leader !== event.leader || before.cpu !== event.cpu);
        if (wrong) throw new NativeError('nc_perf_open', 'EINVAL', `event ${index} and its leader`);
        const leader = leads ? undefined : (opened[event.leader] ?? null);
        const error = refusal(event, index, leader);
        errors.push(error);
        opened.push(error ? null : opens(event, leader ?? null));
      }
      for (const one of opened) if (one && !one.leader) leaders.add(one);

      function opens(event: PerfEvent, leader: Open | null): Open {
        openFds++;
        const made = { event, leader, on: false, dead: false, value: 0, enabled: 0, running: 0 };
        const one: Open = { ...made, members: [] };
        (leader ?? one).members.push(one);
        return one;
      }

      const ask = (call: string, which: readonly number[] | undefined) => {
        if (closed) throw new NativeError(call, 'EBADF', 'closed');
        const bad = which?.find((index) => events[index]?.leader !== index);
        if (bad !== undefined) throw new NativeError(call, 'EINVAL', `event ${bad} leads no group`);
        settle();
        return new Set(which ?? events.flatMap(({ leader }, index) => (leader === index ? [index] : [])));
      };
      const words = new Uint32Array(8 * events.length);

      const perf: OpenPerf = {
        errors,
        enable: async (on, which) => {
          const asked = ask('nc_perf_switch', which);
          const error = options.switchError?.();
          if (error) throw new NativeError('nc_perf_switch', error);
          calls.push({ call: 'enable', session, on, leaders: which ?? null });
          for (const index of asked) {
            const one = opened[index];
            if (one) one.on = on;
          }
        },
        read: async (which) => {
          const asked = ask('nc_perf_read', which);
          calls.push({ call: 'read', session, leaders: which ?? null });
          for (const [index, { leader }] of events.entries()) {
            if (!asked.has(leader)) continue;
            const one = opened[index];
            words.set(one ? reading(one) : failed('EBADF'), 8 * index);
          }
          return { words: words.slice() };
        },
        close: async () => {
          if (closed) return;
          settle();
          calls.push({ call: 'close', session });
          closed = true;
          for (const one of opened) {
            if (!one) continue;
            openFds--;
            leaders.delete(one);
          }
        },
      };
      return perf;
    },
  };

  function reading(one: Open): readonly number[] {
    const leader = one.leader ?? one;
    const error = readError(leader.event) ?? (leader.dead && leader.members.length > 1 ? 'EIO' : null);
    if (error) return failed(error);
    const ns = (seconds: number) => split(start.ns + BigInt(Math.round(seconds * 1e9)));
    const value = split(start.value + BigInt(Math.round(one.value)));
    return [...value, ...ns(one.enabled), ...ns(one.running), 0, 0];
  }
}

const failed = (error: ErrnoName) => [0, 0, 0, 0, 0, 0, constants.errno[error], 0];
const split = (value: bigint) => [Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn)];
const isHardware = ({ type }: PerfEvent) => type !== 1 && type !== 2;
const takesCounter = ({ event }: Open) => isHardware(event);

/**
 * Part of the time that each group runs: from each in turn, groups go on until one does not fit
 * (kernel/events/core.c, ctx_groups_sched_in). Those that need no counter are always on.
 */
function rotation(groups: readonly Open[], counters: number): Map<Open, number> {
  const needs = (group: Open) => group.members.filter(takesCounter).length;
  const sharing = groups.filter((group) => needs(group) > 0);
  const fit = sharing.reduce((sum, group) => sum + needs(group), 0) <= counters;
  const share = (group: Open) => {
    if (fit || needs(group) === 0) return 1;
    const turns = sharing.filter((_, turn) => {
      const order = [...sharing.slice(turn), ...sharing.slice(0, turn)];
      const upToIt = order.slice(0, order.indexOf(group) + 1);
      return upToIt.reduce((sum, one) => sum + needs(one), 0) <= counters;
    });
    return turns.length / sharing.length;
  };
  return new Map(groups.map((group) => [group, share(group)]));
}

const step = 1 / 16;

function counted(rate: number | ((now: number) => number), from: number, to: number): number {
  if (typeof rate === 'number') return rate * (to - from);
  let sum = 0;
  for (let at = from; at < to;) {
    const next = Math.min(to, (Math.floor(at / step + 1e-6) + 1) * step);
    sum += rate((at + next) / 2) * (next - at);
    at = next;
  }
  return sum;
}
