import type { ConditionsDocument } from './conditions/document.ts';
import type { Config } from './config.ts';
import type { Followed } from './follow.ts';
import type { Host } from './host/host.ts';
import type { Latest } from './latest.ts';
import type { Model } from './pmu/catalogue/model.ts';
import { reloadSuccessful, reloadTimestamp } from './own.ts';
import { tell } from './run.ts';
import type { Outcome } from './run.ts';
import type { Sample } from './sample.ts';
import { schedule } from './schedule.ts';
import type { JobState, Schedule, Triggered } from './schedule.ts';
import type { Source } from './source.ts';
import { conditionsSection, createSources } from './sources.ts';
import type { Sources } from './sources.ts';
import type { FollowedWeb } from './web/follow.ts';

export interface CrewPlan {
  readonly config: Config;
  /** Reads the configuration anew, for a reload; throws ConfigError where it is wrong. */
  readonly readConfig: () => Promise<Config>;
  readonly host: Host;
  /** Follows files of its own; what is said of our configuration is said of it too. */
  readonly web: Pick<FollowedWeb, 'look' | 'good'>;
  readonly topology: Followed;
  readonly latest: Latest;
  /** What CPU families can count, as shipped. */
  readonly models: readonly Model[];
  /** From 0 to 1: spreads the probes of a fleet that was started together. */
  readonly random: () => number;
}

/** Who works by the configuration in force, and how another one takes its place. */
export interface Crew {
  config(): Config;
  /** Those at work; after a reload these are others. */
  now(): Sources & { readonly schedule: Schedule };
  /** When the configuration in force was read, and whether the last attempt to read one was good. */
  readAt(): { readonly seconds: number; readonly good: boolean };
  own(): readonly Sample[];
  /** Null where they are switched off or not yet read. */
  conditions(): ConditionsDocument | null;
  /** Rejects with what is wrong, having logged and counted it; what ran before then runs on. */
  reload(): Promise<void>;
  /** Begins the job of that name. */
  trigger(job: string): Promise<Triggered>;
  stop(): Promise<void>;
}

/** Sets everything to work that the configuration switches on. */
export function createCrew({
  config: first,
  readConfig,
  host,
  web,
  topology,
  latest,
  models,
  random,
}: CrewPlan): Crew {
  const { clock, log } = host;
  const world = () => ({ host, topology: topology.current() });
  let config = first;
  let readAt = clock.wall();
  let good = true;
  let stopped = false;

  let rereading: Promise<unknown> | undefined;
  /** Many visits may be refused at once: one reading answers them all. */
  const reread = () =>
    (rereading ??= topology
      .reread()
      .catch((thrown: unknown) => log.error('topology not read', { error: String(thrown) }))
      .finally(() => (rereading = undefined)));
  const rig = createSources({ models, onStaleTopology: () => void reread() });

  function begin(before: ReadonlyMap<string, JobState> = new Map()) {
    const sources = rig.of(config);
    const scheduled: readonly Source[] = [...sources.probes, ...sources.jobs.map(asSource)];
    for (const source of scheduled) latest.register(source);
    latest.retain(scheduled);
    return { ...sources, schedule: schedule({ ...sources, before, world, ran, random }) };
  }

  function ran(source: Source, outcome: Outcome) {
    const before = latest.outcomes().get(source.name)?.status;
    latest.add(source, outcome);
    if (outcome.status !== before) tell(log, source.name, outcome);
  }

  async function reload() {
    try {
      web.look();
      const fresh = await readConfig();
      for (const key of fixed(config, fresh)) log.warn('takes effect after a restart', { key });
      await reread();
      await now.schedule.stop();
      await rig.retire(fresh);
      // To stop waits for nobody's reload: what begins now would not be stopped by anybody.
      if (stopped) return;
      config = fresh;
      now = begin(now.schedule.jobs);
      readAt = clock.wall();
      good = true;
      log.info('configuration reloaded');
    } catch (thrown) {
      good = false;
      for (const line of String(thrown instanceof Error ? thrown.message : thrown).split('\n')) {
        log.error('configuration not reloaded, the old one stays', { error: line });
      }
      throw thrown;
    }
  }

  let now = begin();
  let reloading = Promise.resolve();

  return {
    config: () => config,
    now: () => now,
    readAt: () => ({ seconds: readAt, good: good && web.good() }),
    conditions: () => (conditionsSection(config).on ? rig.conditions() : null),
    own: () => [
      { metric: reloadSuccessful, labels: {}, value: Number(good && web.good()) },
      { metric: reloadTimestamp, labels: {}, value: readAt },
    ],
    reload() {
      const done = reloading.then(reload);
      reloading = done.catch(() => {});
      return done;
    },
    // A reload in progress has stopped the schedule that we would ask.
    trigger: (job) => reloading.then(() => now.schedule.trigger(job)),
    async stop() {
      stopped = true;
      await now.schedule.stop();
      await rig.close();
    },
  };
}

/** To the books a job is a source that says something now and then. */
const asSource = ({ name, metrics }: Pick<Source, 'name' | 'metrics'>): Source => ({
  name,
  metrics,
  read: async () => [],
});

/** Changed keys that are looked at once, at the start. */
function fixed(before: Config, after: Config): string[] {
  const keys = {
    'web.listen_address': ({ web }: Config) => web.listen_address,
    'web.telemetry_path': ({ web }: Config) => web.telemetry_path,
    'web.config_file': ({ web }: Config) => web.config_file,
    paths: ({ paths }: Config) => JSON.stringify(paths),
    log: ({ log }: Config) => JSON.stringify(log),
  };
  return Object.entries(keys).flatMap(([key, of]) => (of(before) === of(after) ? [] : [key]));
}
