import { createCollect } from './collect.ts';
import type { Collection } from './collect.ts';
import { createCrew } from './crew.ts';
import type { Crew, CrewPlan } from './crew.ts';
import { follow } from './follow.ts';
import { createCoalesce } from './host/coalesce.ts';
import { serve } from './http.ts';
import { createLatest } from './latest.ts';
import { buildInfo } from './own.ts';
import { createPage } from './page.ts';
import { tell } from './run.ts';
import type { Outcome } from './run.ts';
import type { SourceRow } from './status/known.ts';
import { createSpikes, overheard } from './status/spikes.ts';
import { createStatus } from './status/status.ts';
import type { Collected } from './status/status.ts';
import type { Compare } from './web/auth.ts';
import type { FollowedWeb } from './web/follow.ts';

export interface Build {
  readonly version: string;
  readonly revision: string;
  readonly nodeVersion: string;
}

export interface Start extends Pick<CrewPlan, 'config' | 'readConfig' | 'host' | 'random' | 'models'> {
  readonly build: Build;
  readonly web: FollowedWeb;
  readonly compare: Compare;
}

export interface Running {
  /** Where it listens: `127.0.0.1:6862`. */
  readonly address: string;
  /** Rejects with what is wrong, having logged and counted it; what ran before then runs on. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the daemon; resolves when it listens. The probes' first runs are then still under way. */
export async function start({ build, compare, ...given }: Start): Promise<Running> {
  const { config, host, web } = given;
  const { clock, log } = host;
  const topology = await follow(host);
  for (const warning of topology.current().warnings) log.warn('topology', { warning });
  const spikes = createSpikes();
  const latest = overheard(createLatest(clock), spikes, clock);
  const crew = createCrew({ ...given, topology, latest });

  const labels = { version: build.version, revision: build.revision, node_version: build.nodeVersion };
  const built = { metric: buildInfo, labels, value: 1 };
  const readAtScrape = () => [...crew.now().collectors, ...crew.now().samplers];
  const collections = createCollect(
    () => ({
      collectors: readAtScrape(),
      maxSeries: crew.config().metrics.max_series,
      world: { host, topology: topology.current() },
      own: [built, ...crew.own()],
    }),
    latest,
  );

  let last: Collection | undefined;
  let collected: Collected | undefined;
  const collect = async (deadlineSeconds: number) => {
    const collection = await collections.collect(deadlineSeconds);
    if (collection === last) return collection;
    for (const { name } of readAtScrape()) {
      const outcome = collection.outcomes.get(name);
      if (outcome && outcome.status !== (last?.outcomes.get(name)?.status ?? 'ok')) tell(log, name, outcome);
    }
    last = collection;
    collected = { at: clock.now(), families: collection.families };
    return collection;
  };
  const page = createPage(collect);

  let started = false;
  const unready = () => (started ? null : 'the first run of the probes is under way');
  const rows = () => rowsOf(crew, new Map([...(last?.outcomes ?? []), ...latest.outcomes()]));
  const status = createStatus({
    version: build.version,
    clock,
    log,
    latest,
    spikes,
    topology: () => topology.current(),
    rows,
    jobs: () => crew.now().schedule.jobs,
    conditions: () => crew.conditions(),
    unready,
    collected: () => collected,
    collect,
  });
  // Ten thousand SIGHUPs are not ten thousand reloads: the last to be done begins after the last of them.
  const reloads = createCoalesce<void>();
  const reloadOnce = async () => {
    try {
      await crew.reload();
    } finally {
      collections.forget();
      // Counters are opened when they are first read: they count from now on, and not from the next scrape on.
      void page('text', 10).catch(() => {});
    }
  };
  const reload = () => reloads('reload', reloadOnce);
  const site = await serve(
    {
      version: build.version,
      telemetryPath: config.web.telemetry_path,
      maxRequests: () => crew.config().web.max_requests,
      lifecycle: () => crew.config().web.enable_lifecycle,
      page,
      unready,
      reload,
      trigger: (job) => crew.trigger(job),
      status: (links) => status.page(links),
      cells: () => status.cells(),
      api: {
        topology: () => topology.current(),
        conditions: () =>
          crew.conditions() ?? { message: 'not yet read, or switched off: collectors.conditions' },
        matrix: () => ({ jobs: Object.fromEntries(crew.now().schedule.jobs) }),
        spikes: () => spikes.document(),
        status: () => {
          const { seconds, good } = crew.readAt();
          return { ...build, ready: started, configReadAt: seconds, configGood: good, sources: rows() };
        },
      },
    },
    config.web.listen_address,
    { clock, log, web, compare },
  ).catch(async (thrown: unknown) => {
    await crew.stop();
    throw thrown;
  });
  void crew
    .now()
    .schedule.started.then(() => page('text', 10))
    .then(
      () => (started = true),
      (thrown: unknown) => log.error('first collection failed', { error: String(thrown) }),
    );
  const stopping = new AbortController();
  void topology.run(stopping.signal);
  void status.run(stopping.signal);
  log.info('listening', { address: site.address, version: build.version });

  return {
    address: site.address,
    reload,
    async stop() {
      stopping.abort();
      await Promise.all([site.close(), crew.stop()]);
    },
  };
}

/** What works, as the status page and /api/v1/status show it. */
function rowsOf(crew: Crew, outcomes: ReadonlyMap<string, Outcome>): SourceRow[] {
  const { collectors, samplers, probes, jobs, schedule } = crew.now();
  const row =
    (kind: SourceRow['kind']) =>
    ({ name }: { readonly name: string }): SourceRow => {
      const outcome = outcomes.get(name);
      return {
        name,
        kind,
        status: outcome?.status ?? 'not yet run',
        seconds: outcome?.seconds ?? null,
        message: outcome && outcome.status !== 'ok' ? outcome.error.message : '',
      };
    };
  return [
    ...collectors.map(row('collector')),
    ...samplers.map(row('sampler')),
    ...probes.map(row('probe')),
    ...jobs.map((job) => ({
      ...row('job')(job),
      status: schedule.jobs.get(job.name)?.state ?? 'never_ran',
    })),
  ];
}
