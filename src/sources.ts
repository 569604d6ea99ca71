import { hardwareCounters } from './collectors/hardware.ts';
import { collectorKinds, createCollectorBooks } from './collectors/index.ts';
import { kernelCounters, kernelEventsOptions } from './collectors/kernel_events.ts';
import type { KernelEventsOptions } from './collectors/kernel_events.ts';
import { conditionsOptions } from './collectors/conditions.ts';
import type { ConditionsOptions } from './collectors/conditions.ts';
import { createKept, off } from './collectors/kept.ts';
import type { PmuOptions } from './collectors/pmu.ts';
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
import type { Model } from './pmu/catalogue/model.ts';
import { mergeModels } from './pmu/catalogue/models.ts';
import { createBooks as createTotals } from './pmu/counting/totals.ts';
import type { Metric } from './sample.ts';
import { createSamplerBooks, samplerKinds } from './samplers/index.ts';
import { ticks } from './source.ts';
import type { Job, Kind, Probe, Sampler, Source, Ticker } from './source.ts';

export interface Sources {
  readonly collectors: readonly Source[];
  readonly samplers: readonly Sampler[];
  readonly probes: readonly Probe[];
  readonly jobs: readonly Job[];
  /** Samplers, collectors that look beside the scrapes, and counters that take turns. */
  readonly tickers: readonly Ticker[];
}

/** For the shape of the options only: it never visits. */
const nobody = createVisitor(courtesyOptions.parse({}));

/** Everything that the configuration can switch and set. */
export const sections: Sections = {
  collectors: collectorKinds(createCollectorBooks(), { hardware: off, kernel: off, models: [] }),
  samplers: samplerKinds(createSamplerBooks(), off),
  probes: probeKinds(nobody),
  jobs: jobKinds(nobody),
  shared: { courtesy: courtesyOptions },
};

export interface SourcesPlan {
  readonly models: readonly Model[];
  readonly onStaleTopology: () => void;
}

/** Makes what a configuration switches on; the visitor stays while courtesy does, its books for good. */
export function createSources({ models, onStaleTopology }: SourcesPlan) {
  const books = createBooks();
  const collectorBooks = createCollectorBooks();
  const samplerBooks = createSamplerBooks();
  const [hardwareBooks, kernelBooks] = [createTotals(), createTotals()];
  const hardware = createKept((settings: Settings<typeof hardwareCounters>) =>
    hardwareCounters({ ...settings, books: hardwareBooks }),
  );
  const kernel = createKept((settings: Settings<typeof kernelCounters>) =>
    kernelCounters({ ...settings, books: kernelBooks }),
  );
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
    const counters = hardware.of(hardwareSettings(config, models));
    const counting = {
      hardware: counters,
      kernel: kernel.of(kernelSettings(config)),
      models: mergedModels(config, models),
    };
    const collectors = [...enabled(collectorKinds(collectorBooks, counting), config.collectors), ...told];
    const samplers = enabled(samplerKinds(samplerBooks, counters), config.samplers);
    return {
      collectors,
      samplers,
      probes,
      jobs,
      tickers: [
        { name: 'pmu', tick: (context) => counters.tick(context) },
        ...collectors.filter(ticks),
        ...samplers,
      ],
    };
  }

  return {
    of: sourcesOf,
    /** What was last read of the conditions; null before the first reading. */
    conditions: () => collectorBooks.conditions.document(),
    /** Ends what this configuration will not go on with, so that nothing is counted twice. */
    async retire(next: Config): Promise<void> {
      await Promise.all([
        hardware.retire(hardwareSettings(next, models)),
        kernel.retire(kernelSettings(next)),
      ]);
    },
    async close(): Promise<void> {
      await Promise.all([hardware.retire(null), kernel.retire(null)]);
    },
  };
}

interface Section<Options> {
  readonly on: boolean;
  readonly options: Options;
}

type Settings<Make extends (plan: never) => unknown> = Omit<Parameters<Make>[0], 'books'>;

const includeIsolated = (config: Config) => courtesyOptions.parse(config.shared['courtesy']).include_isolated;

function hardwareSettings(
  config: Config,
  shipped: readonly Model[],
): Settings<typeof hardwareCounters> | null {
  const { on, options } = pmuSection(config);
  if (!on) return null;
  return { options, models: mergedModels(config, shipped), includeIsolated: includeIsolated(config) };
}

function kernelSettings(config: Config): Settings<typeof kernelCounters> | null {
  const { on, options } = kernelSection(config);
  return on ? { options, includeIsolated: includeIsolated(config) } : null;
}

export function kernelSection(config: Config): Section<KernelEventsOptions> {
  const { enabled: on = true, ...options } = config.collectors['kernel_events'] ?? {};
  return { on, options: kernelEventsOptions.parse(options) };
}

export function conditionsSection(config: Config): Section<ConditionsOptions> {
  const { enabled: on = true, ...options } = config.collectors['conditions'] ?? {};
  return { on, options: conditionsOptions.parse(options) };
}

/** Throws ConfigError where what a user says of a model does not hold together with what we ship. */
export const mergedModels = (config: Config, shipped: readonly Model[]): readonly Model[] =>
  mergeModels(shipped, pmuSection(config).options.models);

export function pmuSection(config: Config): Section<PmuOptions> {
  const { enabled: on = true, ...options } = config.collectors['pmu'] ?? {};
  // The schema of the section has parsed it, and left nothing out.
  return { on, options: options as unknown as PmuOptions };
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
  const declared = [
    ...[...probes, ...collectors, ...samplers, ...jobs].flatMap(({ name, metrics }) =>
      metrics.map((metric) => ({ source: name, metric })),
    ),
    ...ownMetrics.map((metric) => ({ source: 'daemon', metric })),
  ];
  // A family that several sources tell is listed with the first.
  return declared.filter(({ metric }, index) => declared.findIndex((one) => one.metric === metric) === index);
}
