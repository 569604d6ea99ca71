import type { ConditionsDocument } from '../conditions/document.ts';
import type { Clock, Log } from '../host/host.ts';
import type { Family, Latest } from '../latest.ts';
import type { Matrix } from '../probes/sweep.ts';
import type { JobState } from '../schedule.ts';
import type { Topology } from '../topology.ts';
import { familiesOf } from './families.ts';
import { beatSeconds, createHistory } from './history.ts';
import type { Link, SourceRow } from './known.ts';
import { cellsOf, matrixOf, mostCells, type Cells } from './matrix.ts';
import { statusPage } from './page.ts';
import type { Spikes } from './spikes.ts';

/** What the collectors said, and when by the monotonic clock. */
export interface Collected {
  readonly at: number;
  readonly families: readonly Family[];
}

export interface StatusPlan {
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly latest: Pick<Latest, 'families'>;
  readonly spikes: Spikes;
  readonly topology: () => Topology;
  readonly rows: () => readonly SourceRow[];
  readonly jobs: () => ReadonlyMap<string, JobState>;
  readonly conditions: () => ConditionsDocument | null;
  readonly unready: () => string | null;
  /** The last reading of the collectors, whoever asked for it. */
  readonly collected: () => Collected | undefined;
  /** Reads the collectors: scrapes at the same time share it. */
  readonly collect: (deadlineSeconds: number) => Promise<unknown>;
}

/** Who looks at the page waits no longer than this for fresh counters: it shows the last ones then. */
const patienceSeconds = 1;
/** A reading has as long as one for a scrape: a slow source must not be called failed because somebody looked. */
const readingSeconds = 10;
/** So many may look, and one page a second is made. */
const servedSeconds = 1;
/** So long after the last look somebody still watches. */
const watchedSeconds = 120;

/** The status page with what it remembers. */
export function createStatus(plan: StatusPlan) {
  const { clock, log, spikes } = plan;
  const history = createHistory();
  let askedAt = -Infinity;
  let made: { readonly at: number; readonly page: Promise<string> } | undefined;
  // A million cells are sorted for it: once for each sweep, however many ask.
  const drawn = new WeakMap<Matrix, { readonly topology: Topology; readonly cells: Cells }>();

  /**
   * Where Prometheus scrapes, its readings do. Where it does not, the counters are read for who watches: a daemon that
   * nobody asks anything reads nothing.
   */
  async function freshen() {
    const at = plan.collected()?.at ?? -Infinity;
    if (plan.unready() !== null || clock.now() - at < beatSeconds) return;
    const enough = new AbortController();
    const reading = plan
      .collect(readingSeconds)
      .catch((thrown: unknown) =>
        log.error('counters not read for the status page', { error: String(thrown) }),
      )
      .finally(() => enough.abort());
    await Promise.race([reading, clock.sleep(patienceSeconds, enough.signal)]);
  }

  /** What probes say is newer than the last reading of the collectors, and takes its place. */
  const families = () => familiesOf([...(plan.collected()?.families ?? []), ...plan.latest.families()]);

  const beat = () =>
    history.beat({
      now: clock.now(),
      wall: clock.wall(),
      sockets: plan.topology().sockets.length,
      collectedAt: plan.collected()?.at ?? null,
      families: families(),
    });

  async function render(links: readonly Link[]): Promise<string> {
    await freshen();
    return statusPage({
      version: plan.version,
      wall: clock.wall(),
      topology: plan.topology(),
      families: families(),
      rows: plan.rows(),
      jobs: plan.jobs(),
      conditions: plan.conditions(),
      past: history.past(clock.now()),
      spikes: spikes.all(),
      links,
      unready: plan.unready(),
    });
  }

  return {
    page(links: readonly Link[]): Promise<string> {
      const now = clock.now();
      askedAt = now;
      if (made === undefined || now - made.at >= servedSeconds) made = { at: now, page: render(links) };
      return made.page;
    },
    /** For the canvas; null where no sweep has left more cores than a picture can show. */
    cells(): Cells | null {
      const matrix = matrixOf(plan.jobs().get('sweep')?.result);
      if (!matrix || matrix.cpus.length <= mostCells) return null;
      const topology = plan.topology();
      const before = drawn.get(matrix);
      if (before?.topology === topology) return before.cells;
      const cells = cellsOf(topology, matrix);
      drawn.set(matrix, { topology, cells });
      return cells;
    },
    /** A beat every so often, until the signal aborts. */
    async run(signal: AbortSignal): Promise<void> {
      for (;;) {
        await clock.sleep(beatSeconds, signal);
        if (signal.aborted) return;
        if (clock.now() - askedAt < watchedSeconds) await freshen();
        beat();
      }
    },
  };
}
