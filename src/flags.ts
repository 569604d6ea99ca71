import { parseArgs } from 'node:util';
import type { Override, Sections } from './config.ts';
import { UsageError } from './errors.ts';
import { shipped } from './rules/index.ts';
import type { RuleOptions } from './rules/index.ts';
import { thresholdNames } from './rules/thresholds.ts';

export const commands = [
  'serve',
  'probe',
  'doctor',
  'conditions',
  'drift',
  'topology',
  'series',
  'rules',
] as const;
export type Command = (typeof commands)[number];

export interface Invocation {
  readonly command: Command;
  readonly configFile: string | undefined;
  readonly configCheck: boolean;
  readonly help: boolean;
  readonly version: boolean;
  readonly json: boolean;
  readonly plan: boolean;
  readonly matrix: boolean;
  readonly pairs: readonly string[];
  readonly drift: DriftFlags;
  readonly rules: RuleOptions;
  /** File with a document of another host. */
  readonly diff: string | undefined;
  /** What flags say against the file. */
  readonly overrides: readonly Override[];
}

export interface DriftFlags {
  readonly bufferNode: number | undefined;
  readonly readerCpu: number | undefined;
  readonly mib: number;
  readonly seconds: number;
  readonly hugePages: boolean;
}

interface Flag {
  readonly name: string;
  readonly path: readonly string[];
  readonly help: string;
  readonly value?: string;
  readonly number?: true;
}

/** Flags that are keys of the configuration by another name. */
const daemonFlags: readonly Flag[] = [
  {
    name: 'web.listen-address',
    path: ['web', 'listen_address'],
    value: 'HOST:PORT',
    help: 'where to listen (127.0.0.1:6862)',
  },
  {
    name: 'web.telemetry-path',
    path: ['web', 'telemetry_path'],
    value: 'PATH',
    help: 'where the metrics are (/metrics)',
  },
  {
    name: 'web.max-requests',
    path: ['web', 'max_requests'],
    value: 'N',
    number: true,
    help: 'scrapes in flight before 503 (40)',
  },
  {
    name: 'web.enable-lifecycle',
    path: ['web', 'enable_lifecycle'],
    help: 'allow POST to /-/reload and /api/v1/jobs/X',
  },
  {
    name: 'web.config.file',
    path: ['web', 'config_file'],
    value: 'FILE',
    help: 'TLS, users, headers and rate limit, as in exporter-toolkit',
  },
  {
    name: 'metrics.max-series',
    path: ['metrics', 'max_series'],
    value: 'N',
    number: true,
    help: 'series on the page before whole families are left out (10000)',
  },
  { name: 'path.procfs', path: ['paths', 'procfs'], value: 'DIR', help: 'where procfs is mounted (/proc)' },
  { name: 'path.sysfs', path: ['paths', 'sysfs'], value: 'DIR', help: 'where sysfs is mounted (/sys)' },
  {
    name: 'path.rootfs',
    path: ['paths', 'rootfs'],
    value: 'DIR',
    help: 'where the root of the host is mounted (/)',
  },
  {
    name: 'path.cgroupfs',
    path: ['paths', 'cgroupfs'],
    value: 'DIR',
    help: 'where cgroupfs is mounted (fs/cgroup under sysfs)',
  },
  { name: 'log.level', path: ['log', 'level'], value: 'LEVEL', help: 'debug, info, warn or error (info)' },
  { name: 'log.format', path: ['log', 'format'], value: 'FORMAT', help: 'logfmt or json (logfmt)' },
];

const own = {
  'config.file': { type: 'string' },
  'config.check': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
  json: { type: 'boolean' },
  plan: { type: 'boolean' },
  matrix: { type: 'boolean' },
  pairs: { type: 'string', multiple: true },
  'buffer-node': { type: 'string' },
  'reader-cpu': { type: 'string' },
  mib: { type: 'string' },
  seconds: { type: 'string' },
  'huge-pages': { type: 'boolean' },
  diff: { type: 'string' },
  set: { type: 'string', multiple: true },
  scale: { type: 'string' },
  'scrape-seconds': { type: 'string' },
  'runbook-url': { type: 'string' },
  'grafana-url': { type: 'string' },
} as const;

/** Flags of one command, which mean nothing to another. */
const belongs = {
  probe: ['plan', 'matrix', 'pairs'],
  conditions: ['diff'],
  drift: ['buffer-node', 'reader-cpu', 'mib', 'seconds', 'huge-pages'],
  rules: ['set', 'scale', 'scrape-seconds', 'runbook-url', 'grafana-url'],
} as const;

/** Throws UsageError for what it does not know. */
export function parseFlags(argv: readonly string[], sections: Sections): Invocation {
  const flags = [...daemonFlags, ...switches(sections)];
  const { values, positionals } = parse(argv, flags);
  const [command = 'serve', ...surplus] = positionals;
  const known = commands.find((one) => one === command);
  if (!known || surplus.length > 0) {
    throw new UsageError(
      `unknown command ${JSON.stringify(positionals.join(' '))}; known: ${commands.join(', ')}`,
    );
  }
  for (const [owner, all] of Object.entries(belongs)) {
    const astray = all.find((flag) => values[flag] !== undefined && known !== owner);
    if (astray) throw new UsageError(`--${astray} belongs to numacanary ${owner}`);
  }
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  return {
    command: known,
    configFile: text('config.file'),
    configCheck: values['config.check'] === true,
    help: values['help'] === true,
    version: values['version'] === true,
    json: values['json'] === true,
    plan: values['plan'] === true,
    matrix: values['matrix'] === true,
    pairs: Array.isArray(values['pairs']) ? values['pairs'].map(String) : [],
    drift: {
      bufferNode: whole(text('buffer-node'), 'buffer-node', 0, 63),
      readerCpu: whole(text('reader-cpu'), 'reader-cpu', 0, 8191),
      mib: whole(text('mib'), 'mib', 1, 1024) ?? 64,
      seconds: whole(text('seconds'), 'seconds', 1, 600) ?? 20,
      hugePages: values['huge-pages'] === true,
    },
    rules: {
      thresholds: thresholdsOf(Array.isArray(values['set']) ? values['set'].map(String) : []),
      scale: fraction(text('scale')) ?? shipped.scale,
      scrapeSeconds: whole(text('scrape-seconds'), 'scrape-seconds', 1, 300) ?? shipped.scrapeSeconds,
      runbooks: text('runbook-url')?.replace(/\/+$/, '') ?? shipped.runbooks,
      grafana: text('grafana-url')?.replace(/\/*$/, '/') ?? shipped.grafana,
    },
    diff: text('diff'),
    overrides: flags.flatMap(({ name, path, number }) => {
      const value = values[name];
      if (value === undefined) return [];
      // What is no number stays text, so that the schema's complaint shows what was typed.
      const given = number && typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
      return [{ flag: `--${name}`, path, value: given }];
    }),
  };
}

/** `--set name=value`, once for each threshold that shall be another. */
function thresholdsOf(settings: readonly string[]): RuleOptions['thresholds'] {
  const set = settings.map((setting): [string, number] => {
    const [, name = '', text = ''] = /^(\w+)=(.+)$/.exec(setting) ?? [];
    const value = Number(text);
    if (!thresholdNames.some((known) => known === name))
      throw new UsageError(`--set=${setting}: no such threshold; known: ${thresholdNames.join(', ')}`);
    if (!Number.isFinite(value) || value <= 0)
      throw new UsageError(`--set=${setting}: allowed: a number above 0`);
    return [name, value];
  });
  return { ...shipped.thresholds, ...Object.fromEntries(set) };
}

function fraction(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new UsageError(`--scale=${text}: allowed: a number above 0, and 1 at most`);
}

function whole(text: string | undefined, flag: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${flag}=${text}: allowed: a whole number from ${least} to ${most}`);
}

function parse(
  argv: readonly string[],
  flags: readonly Flag[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      allowNegative: true,
      options: {
        ...own,
        ...Object.fromEntries(
          flags.map(({ name, value }) => [
            name,
            { type: value ? ('string' as const) : ('boolean' as const) },
          ]),
        ),
      },
    });
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? (thrown.message.split('. ', 1)[0] ?? '') : String(thrown));
  }
}

const switches = ({ collectors, samplers, probes, jobs }: Sections): Flag[] =>
  Object.entries({ collector: collectors, sampler: samplers, probe: probes, job: jobs }).flatMap(
    ([word, kinds]) =>
      kinds.map(({ name }) => ({ name: `${word}.${name}`, path: [`${word}s`, name, 'enabled'], help: '' })),
  );

export function usage(sections: Sections): string {
  const rows = daemonFlags.map(({ name, value, help }) => row(`--${name}${value ? `=${value}` : ''}`, help));
  return `numacanary: what crosses a socket, what it costs, and since when

  numacanary [serve]      measure and serve /metrics
  numacanary probe        measure once and say what it means
  numacanary doctor       what this host can count, why the rest is missing, what to grant
  numacanary conditions   what this host is set to, and whether numbers taken on it would be found again
  numacanary drift        put memory on one node, read it from another, watch the kernel move it
  numacanary topology     print the topology as the daemon sees it
  numacanary series       print how many series each metric takes, by machine
  numacanary rules        print recording rules and alerts for Prometheus

${row('--config.file=FILE', 'YAML; config.example.yml shows every key and its default')}
${row('--config.check', 'check the configuration and exit')}
${rows.join('\n')}
${row('--[no-]collector.X', `switch a collector: ${names(sections.collectors)}`)}
${row('--[no-]sampler.X', `switch a sampler: ${names(sections.samplers)}`)}
${row('--[no-]probe.X', `switch a probe: ${names(sections.probes)}`)}
${row('--[no-]job.X', `switch a slow job: ${names(sections.jobs)}`)}
${row('--json', 'probe, doctor, conditions, drift, topology, series: JSON instead of text')}
${row('--pairs=A:B,C:D', 'probe: these pairs of CPUs only; may be given again')}
${row('--matrix', 'probe: every core against every core as well')}
${row('--plan', 'probe: print what would be measured, and how often')}
${row('--diff=FILE', 'conditions: beside those of another host, saved with --json')}
${row('--buffer-node=N', 'drift: where the memory is put (the first node that has some)')}
${row('--reader-cpu=N', 'drift: where it is read from (the first CPU of another node)')}
${row('--mib=N', 'drift: how much (64)')}
${row('--seconds=N', 'drift: how long (20)')}
${row('--huge-pages', 'drift: in huge pages, which move whole')}
${row('--set=NAME=VALUE', 'rules: another threshold (docs/alerts.md lists them); may be given again')}
${row('--scale=X', 'rules: all times multiplied by X, to try alerts out in minutes (1)')}
${row('--scrape-seconds=N', 'rules: how often Prometheus scrapes; no range is shorter than four of it (15)')}
${row('--runbook-url=URL', 'rules: where docs/runbooks can be read')}
${row('--grafana-url=URL', 'rules: where Grafana is')}
${row('--version', 'print the version and exit')}
${row('-h, --help', 'print this and exit')}

SIGHUP reads the configuration again; SIGTERM and SIGINT stop within a second, a second one at once.
Exit codes: 0 done, 1 failed (cannot listen or measure; doctor: what is missing can be had; drift: one node only;
conditions --diff: a difference that can move a NUMA number), 2 wrong flag, configuration or file of --diff.
`;
}

const names = (kinds: readonly { readonly name: string }[]) => kinds.map(({ name }) => name).join(' ');

const row = (flag: string, help: string) => `  ${flag.padEnd(32)} ${help}`;
