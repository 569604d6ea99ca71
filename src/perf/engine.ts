import { Absent } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Group, Missing, Plan } from '../pmu/plan.ts';
import type { Books } from '../pmu/counting/totals.ts';
import type { Context } from '../source.ts';
import { sameTopology } from '../topology.ts';
import { begin, leadersOf } from './begin.ts';
import type { Session, Turn } from './begin.ts';
import type { Calibrator } from './calibrate.ts';
import type { Counters, Planner, Reading } from './counters.ts';
import { factsFingerprint, readFacts } from './facts.ts';
import { hasRun, isFrozen, relieved, starvingOf } from './starving.ts';
import { peeked, told } from './telling.ts';
import { tryOut } from './trial.ts';

/** Files that the rest of the program may need at one time, and how many more than it happens to have open just now. */
const fdReserve = 256;
const fdHeadroom = 96;
/** How often the fingerprint is looked at. */
const lookSeconds = 10;
/** When what could not be had is tried again: others give back what they held. */
const retrySeconds = 300;
/** A counter that is on and whose clock does not move for so long has lost its CPU; when it is opened anew. */
const frozenSeconds = 1;
const thawSeconds = 30;
/** Both times double as long as the world stays as it is: to open all anew costs, and leaves a gap in what worked. */
const slowestSeconds = 3600;

const mayComeBack = new Set<Missing['reason']>([
  'busy', 'starved', 'paranoid', 'paranoid_admin', 'lsm', 'seccomp', 'fd_limit', 'system_fd_limit', 'no_cpu',
  'no_tracefs', 'other',
]); // prettier-ignore

export interface CountersPlan {
  /** In the log. */
  readonly name: string;
  readonly planner: Planner;
  /** Outlives these counters. */
  readonly books: Books;
  /** `system:name` of those whose ids the planner wants. */
  readonly tracepoints?: readonly string[];
  /** 0: none. */
  readonly turnPeriodSeconds: number;
  readonly calibrator?: Calibrator;
}

/** One operation at a time, however many ask. */
export function createCounters(given: CountersPlan): Counters {
  const { name, planner, books, tracepoints = [], turnPeriodSeconds, calibrator } = given;
  const alone = createQueue();
  let session: Session | null = null;
  let closed = false;
  let seen = { print: '', at: -Infinity };
  let running: Turn | null = null;
  let lastTurn = -Infinity;
  /** Groups are split because others held their counters. */
  let apart = false;
  /** How often in a row all was opened anew in the same world. */
  let again = 0;
  let said = '';
  let ended: ReadonlyMap<string, number> = new Map();
  let world: Pick<Host, 'clock' | 'log'> | undefined;

  async function planned(context: Context): Promise<Pick<Session, 'facts'> & { readonly plan: Plan }> {
    const { files, native } = context.host;
    const facts = await readFacts(files, context.topology, tracepoints);
    const limit = await native.fdLimit();
    const used = (await files.list('/proc/self/fd')).length;
    const wanted = planner(context, facts, Math.max(0, limit - Math.max(fdReserve, used + fdHeadroom)));
    const believed = calibrator ? await calibrator.examine(context, facts, wanted) : wanted;
    const tried = await tryOut(native, believed.groups, { facts, turns: turnPeriodSeconds > 0 });
    return { facts, plan: { groups: tried.groups, missing: [...believed.missing, ...tried.missing] } };
  }

  async function opened(context: Context, facts: Session['facts'], plan: Plan): Promise<Session> {
    const { topology, host } = context;
    const world = { topology, facts, now: () => host.clock.now(), ended };
    const fresh = await begin(host.native, world, plan);
    books.retain([...fresh.always, ...fresh.turns.flatMap((turn) => turn.slots)]);
    const missing = countedBy(fresh.missing.map(({ reason }) => reason));
    const about = { of: name, groups: fresh.groups.length, fds: fresh.opened.fds, missing };
    if (missing === said) host.log.debug('counters opened', about);
    else host.log.info('counters opened', about);
    said = missing;
    return fresh;
  }

  async function end(): Promise<void> {
    const old = session;
    session = null;
    ended = new Map();
    if (!old || !world) return;
    const { clock } = world;
    // It went well for long: what comes now is a trouble of its own.
    if (clock.now() - old.openedAt > 2 * slowestSeconds) again = 0;
    try {
      await endTurn(old, clock.now());
      await readAlways(old, clock.now());
      ended = new Map(old.turns.map((turn) => [turn.name, turn.endedAt]));
    } finally {
      await old.opened.perf.close();
    }
  }

  const isDue = ({ openedAt }: Session, seconds: number, now: number) =>
    now - openedAt >= Math.min(slowestSeconds, seconds * 2 ** again);

  async function anew(context: Context): Promise<Session> {
    await end();
    const { facts, plan } = await planned(context);
    apart = false;
    session = await opened(context, facts, plan);
    return session;
  }

  /** The session that holds in this world, opened anew where it has to be. */
  async function current(context: Context): Promise<Session> {
    const { clock, files } = context.host;
    const now = clock.now();
    const look = session === null || now - seen.at >= lookSeconds;
    const print = look ? await factsFingerprint(files) : seen.print;
    const changed = print !== seen.print;
    if (look) seen = { print, at: now };
    const moved = changed || !session || hasMoved(session, context);
    if (session && !moved && !(isWanting(session, apart) && isDue(session, retrySeconds, now)))
      return session;
    again = moved ? 0 : again + 1;
    return anew(context);
  }

  /** Adds up what is always on, and tells what it found out about it. */
  async function readAlways(
    of: Session,
    now: number,
  ): Promise<{ frozen: boolean; starving: readonly Group[] }> {
    if (of.always.length === 0) return { frozen: false, starving: [] };
    const { words } = await of.opened.perf.read(leadersOf(of.always));
    books.add({ spans: of.always, before: of.before, after: words, wallNs: null });
    const found = {
      frozen: now - of.readAt >= frozenSeconds && of.always.some((slot) => isFrozen(of.before, words, slot)),
      starving: starvingOf(of, words),
    };
    of.before = words;
    of.readAt = now;
    return found;
  }

  async function endTurn(of: Session, now: number): Promise<void> {
    const turn = running;
    running = null;
    if (!turn) return;
    const leaders = leadersOf(turn.slots);
    await of.opened.perf.enable(false, leaders);
    const { words } = await of.opened.perf.read(leaders);
    books.add({ spans: turn.slots, before: turn.before, after: words, wallNs: (now - turn.endedAt) * 1e9 });
    const idle = turn.slots.every((slot) => !hasRun(turn.before, words, slot));
    turn.starved = idle ? turn.starved + 1 : 0;
    turn.before = words;
    turn.endedAt = now;
  }

  async function reading(context: Context): Promise<Reading> {
    if (closed) throw new Absent('counters are being replaced after a change of the configuration');
    // Behind a call that hung stand the scrapes of all the while, and nobody waits for them any more.
    context.signal.throwIfAborted();
    world = context.host;
    const now = world.clock.now();
    let one = await current(context);
    const { frozen, starving } = await readAlways(one, now);
    if (starving.length > 0) {
      context.host.log.warn('counters starve, their groups are split', {
        of: name,
        groups: [...new Set(starving.map((group) => group.name))].join(' '),
      });
      const plan = relieved(one, starving, turnPeriodSeconds > 0);
      await end();
      apart = true;
      one = session = await opened(context, one.facts, plan);
    } else if (frozen && isDue(one, thawSeconds, now)) {
      // A CPU went and came back between two looks at the topology: its events are dead for good.
      again += 1;
      one = await anew(context);
    }
    return { ...told(one, books), calibrated: calibrator?.results() ?? [] };
  }

  /** Gives the next group its second, and takes it from the last. */
  async function turn(now: number): Promise<void> {
    if (!session || closed) return;
    await endTurn(session, now);
    const due = turnPeriodSeconds > 0 && now - lastTurn >= turnPeriodSeconds - 0.5;
    const [next] = session.turns.toSorted((a, b) => a.endedAt - b.endedAt);
    if (!due || !next) return;
    lastTurn = now;
    await session.opened.perf.enable(true, leadersOf(next.slots));
    running = next;
  }

  const counters: Counters = {
    read: (context) => alone(() => reading(context)),
    async tick(context) {
      await alone(() => turn(context.host.clock.now()));
      await calibrator?.provoke(context, counters);
    },
    always: (signal) =>
      (session?.groups ?? []).filter(
        ({ when, counters }) => when === 'always' && counters.some((counter) => counter.signal === signal),
      ),
    peek: (stands) => alone(() => peeked(session, stands)),
    close: () =>
      alone(async () => {
        closed = true;
        // What comes next must not be kept from beginning: of these nothing is left.
        await end().catch((thrown: unknown) =>
          world?.log.warn('counters not read when they were closed', { of: name, error: String(thrown) }),
        );
      }),
  };
  return counters;
}

/** The topology is read anew now and then and mostly is as it was. */
const hasMoved = ({ topology }: Session, now: Context) =>
  topology !== now.topology && !sameTopology(topology, now.topology);

const isWanting = ({ missing }: Session, apart: boolean) =>
  apart || missing.some(({ reason }) => mayComeBack.has(reason));

/** `no_pmu 23, no_tracefs 4` */
const countedBy = (words: readonly string[]) =>
  [...new Set(words)].map((word) => `${word} ${words.filter((one) => one === word).length}`).join(', ');

function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work, work);
    last = done.catch(() => {});
    return done;
  };
}
