import { collectorKinds, createCollectorBooks } from './collectors/index.ts';
import { parseConfig } from './config.ts';
import type { Config, Sections, Switched } from './config.ts';
import { ownMetrics } from './own.ts';
import { createBooks } from './probes/books.ts';
import { courtesyOptions } from './probes/courtesy.ts';
import { jobs as jobKinds } from './jobs/index.ts';
import { probes as probeKinds } from './probes/index.ts';
import { createVisitor } from './probes/visit.ts';
import type { Visitor } from './probes/visit.ts';
import { visits } from './probes/visits.ts';
import type { Model } from './pmu/model.ts';
import type { Metric } from './sample.ts';
import { samplerKinds } from './samplers/index.ts';
import type { Job, Kind, Probe, Sampler, Source, Ticker } from './source.ts';

export interface Sources {
  readonly collectors: readonly Source[];
  readonly samplers: readonly Sampler[];
  readonly probes: readonly Probe[];
  readonly jobs: readonly Job[];
  /** Samplers, and counters that take turns. */
  readonly tickers: readonly Ticker[];
}

/** For the shape of the options only: it never visits. */
const nobody = createVisitor(courtesyOptions.parse({}));

/** Everything that the configuration can switch and set. */
export const sections: Sections = {
  collectors: collectorKinds(createCollectorBooks()),
  samplers: samplerKinds,
  probes: probeKinds(nobody),
  jobs: jobKinds(nobody),
  shared: { courtesy: courtesyOptions },
};

export interface SourcesPlan {
  readonly models: readonly Model[];
  readonly onStaleTopology: () => void;
}

/** Makes what a configuration switches on; the visitor stays while courtesy does, its books for good. */
export function createSources({ onStaleTopology }: SourcesPlan) {
  const books = createBooks();
  const collectors = collectorKinds(createCollectorBooks());
  let visitor: Visitor | undefined;
  let courteous = '';

  function sourcesOf(config: Config): Sources {
    const courtesy = courtesyOptions.parse(config.shared['courtesy']);
    if (!visitor || courteous !== JSON.stringify(courtesy)) {
      visitor = createVisitor({ ...courtesy, onStaleTopology, books });
      courteous = JSON.stringify(courtesy);
    }
    const probes = enabled(probeKinds(visitor), config.probes);
    const jobs = enabled(jobKinds(visitor), config.jobs);
    const told = probes.length + jobs.length > 0 ? [visits(courtesy, visitor)] : [];
    const samplers = enabled(samplerKinds, config.samplers);
    return {
      collectors: [...enabled(collectors, config.collectors), ...told],
      samplers,
      probes,
      jobs,
      tickers: samplers,
    };
  }

  return {
    of: sourcesOf,
    /** Ends what this configuration will not go on with, so that nothing is counted twice. */
    async retire(_next: Config): Promise<void> {},
    async close(): Promise<void> {},
  };
}

function enabled<S>(kinds: readonly Kind<S>[], switched: Switched): S[] {
  return kinds.flatMap((kind) => {
    const { enabled = true, ...options } = switched[kind.name] ?? {};
    return enabled ? [kind.make(options)] : [];
  });
}

/** For what never counts or visits. */
export const idle: SourcesPlan = { models: [], onStaleTopology: () => {} };

export interface Declared {
  readonly source: string;
  readonly metric: Metric;
}

/** All that the program can say, in the order of its sources: what docs and the series table are printed from. */
export function catalogue(): readonly Declared[] {
  const { collectors, samplers, probes, jobs } = createSources(idle).of(parseConfig(undefined, sections));
  return [
    ...[...probes, ...collectors, ...samplers, ...jobs].flatMap(({ name, metrics }) =>
      metrics.map((metric) => ({ source: name, metric })),
    ),
    ...ownMetrics.map((metric) => ({ source: 'daemon', metric })),
  ];
}
