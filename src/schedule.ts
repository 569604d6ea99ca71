import { schedule as cronSchedule } from 'node-cron';
import { run } from './run.ts';
import type { Outcome } from './run.ts';
import type { Context, Job, Probe, Source, Ticker } from './source.ts';

export interface Timetable {
  readonly probes: readonly Probe[];
  readonly jobs: readonly Job[];
  /** What wants a beat a second; it does not wait for the probes' turns. */
  readonly tickers: readonly Ticker[];
  /** How jobs of these names stood when the schedule before this one was stopped. */
  readonly before?: ReadonlyMap<string, JobState>;
  /** The world as it is when a run starts: the topology may have changed since the last. */
  readonly world: () => Omit<Context, 'signal'>;
  readonly ran: (source: Source, outcome: Outcome) => void;
  /** From 0 to 1, for the splay. */
  readonly random: () => number;
}

export interface Schedule {
  /** Every probe has run once. */
  readonly started: Promise<unknown>;
  readonly jobs: ReadonlyMap<string, JobState>;
  /** Runs the job now, unless it runs already or there is none of that name. */
  trigger(name: string): Triggered;
  /** Ends the runs in progress and starts no more. */
  stop(): Promise<void>;
}

export type Triggered = 'began' | 'running' | 'unknown';

export interface JobState {
  readonly state: 'never_ran' | 'running' | 'done' | 'failed' | 'stopped';
  readonly done: number;
  readonly total: number;
  /** Seconds since 1970. */
  readonly beganAt: number | null;
  readonly endedAt: number | null;
  readonly error: string | null;
  /** What stands: of a run in progress or broken off, its part so far. */
  readonly result: unknown;
}

/** A probe that has not answered by then is given up; its own visits are bounded far below. */
const probeDeadlineSeconds = 30;
const jobDeadlineSeconds = 6 * 3600;
const tickSeconds = 1;

const neverRan: JobState = {
  state: 'never_ran',
  done: 0,
  total: 0,
  beganAt: null,
  endedAt: null,
  error: null,
  result: null,
};

/**
 * Probes run one at a time, since each disturbs what the other would measure: all of them at once at the start,
 * then each on its own grid, whose phase is drawn by lot so that a fleet started together does not pulse together.
 */
export function schedule({ probes, jobs, tickers, before, world, ran, random }: Timetable): Schedule {
  const { clock, log } = world().host;
  const abort = new AbortController();
  const { signal } = abort;
  const turn = createTurns();
  const states = new Map(jobs.map(({ name }) => [name, before?.get(name) ?? neverRan]));

  const once = (probe: Probe) =>
    turn(async () => {
      if (signal.aborted) return;
      const outcome = await run(probe, world(), probeDeadlineSeconds, signal);
      if (!signal.aborted) ran(probe, outcome);
    });

  async function repeat(probe: Probe) {
    let due = clock.now() + probe.periodSeconds(world().topology) * random();
    while (!signal.aborted) {
      await clock.sleep(due - clock.now(), signal);
      if (signal.aborted) return;
      await once(probe);
      // Beats missed while the machine slept, or others had their turn, are not made up for.
      const period = probe.periodSeconds(world().topology);
      due += Math.max(1, Math.ceil((clock.now() - due) / period)) * period;
    }
  }

  async function beat(ticker: Ticker) {
    let due = clock.now() + tickSeconds;
    let trouble = '';
    while (!signal.aborted) {
      await clock.sleep(due - clock.now(), signal);
      if (signal.aborted) return;
      const outcome = await ticker.tick({ ...world(), signal }).then(() => '', String);
      // Once, not once a second; what a reader must know the source says at the scrape.
      if (outcome !== trouble && outcome !== '') log.warn('tick failed', { of: ticker.name, error: outcome });
      trouble = outcome;
      due += Math.max(1, Math.ceil((clock.now() - due) / tickSeconds)) * tickSeconds;
    }
  }

  async function work(job: Job) {
    const before = states.get(job.name) ?? neverRan;
    if (before.state === 'running' || signal.aborted) return;
    let state: JobState = { ...neverRan, state: 'running', beganAt: clock.wall(), result: before.result };
    const set = (change: Partial<JobState>) => void states.set(job.name, (state = { ...state, ...change }));
    set({});
    log.info('job began', { job: job.name });
    const source: Source = {
      name: job.name,
      metrics: job.metrics,
      read: async (context) => {
        const { result, samples } = await job.run(
          context,
          (done, total, partial) => set({ done, total, result: partial }),
          before.result,
        );
        set({ result });
        return samples;
      },
    };
    const outcome = await run(source, world(), jobDeadlineSeconds, signal);
    if (signal.aborted) {
      set({ state: 'stopped', endedAt: clock.wall() });
      return;
    }
    set({
      endedAt: clock.wall(),
      ...(outcome.status === 'ok' ? { state: 'done' } : { state: 'failed', error: outcome.error.message }),
    });
    log.info('job ended', { job: job.name, status: outcome.status, seconds: outcome.seconds });
    ran(source, outcome);
  }

  const working = new Set<Promise<void>>();
  function begin(job: Job) {
    const done = work(job).finally(() => working.delete(done));
    working.add(done);
    return done;
  }

  const started = Promise.all(probes.map(once));
  const loops = probes.map(async (probe) => {
    await started;
    await repeat(probe);
  });
  const beats = tickers.map(beat);
  const tasks = jobs.flatMap((job) =>
    job.cron === null ? [] : [cronSchedule(job.cron, () => begin(job), { name: job.name })],
  );

  return {
    started,
    jobs: states,
    trigger(name) {
      const job = jobs.find((one) => one.name === name);
      if (!job) return 'unknown';
      if (states.get(name)?.state === 'running') return 'running';
      void begin(job);
      return 'began';
    },
    async stop() {
      abort.abort();
      await Promise.all([...loops, ...beats, ...working, ...tasks.map((task) => task.destroy())]);
    },
  };
}

function createTurns() {
  let last: Promise<void> = Promise.resolve();
  return (work: () => Promise<void>) => {
    last = last.then(work);
    return last;
  };
}
