import { parseArgs } from 'node:util';
import type { Override, Sections } from './config.ts';
import { UsageError } from './errors.ts';

export const commands = ['serve', 'probe', 'doctor', 'topology', 'series'] as const;
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
  /** What flags say against the file. */
  readonly overrides: readonly Override[];
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
  const [astray] = ['plan', 'matrix', 'pairs'].filter(
    (flag) => values[flag] !== undefined && known !== 'probe',
  );
  if (astray) throw new UsageError(`--${astray} belongs to numacanary probe`);
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
    overrides: flags.flatMap(({ name, path, number }) => {
      const value = values[name];
      if (value === undefined) return [];
      // What is no number stays text, so that the schema's complaint shows what was typed.
      const given = number && typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
      return [{ flag: `--${name}`, path, value: given }];
    }),
  };
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
  numacanary topology     print the topology as the daemon sees it
  numacanary series       print how many series each metric takes, by machine

${row('--config.file=FILE', 'YAML; config.example.yml shows every key and its default')}
${row('--config.check', 'check the configuration and exit')}
${rows.join('\n')}
${row('--[no-]collector.X', `switch a collector: ${names(sections.collectors)}`)}
${row('--[no-]sampler.X', `switch a sampler: ${names(sections.samplers)}`)}
${row('--[no-]probe.X', `switch a probe: ${names(sections.probes)}`)}
${row('--[no-]job.X', `switch a slow job: ${names(sections.jobs)}`)}
${row('--json', 'probe, doctor, topology, series: JSON instead of text')}
${row('--pairs=A:B,C:D', 'probe: these pairs of CPUs only; may be given again')}
${row('--matrix', 'probe: every core against every core as well')}
${row('--plan', 'probe: print what would be measured, and how often')}
${row('--version', 'print the version and exit')}
${row('-h, --help', 'print this and exit')}

SIGHUP reads the configuration again; SIGTERM and SIGINT stop within a second, a second one at once.
Exit codes: 0 done, 1 failed (cannot listen or measure; doctor: what is missing can be had), 2 wrong flag or configuration.
`;
}

const names = (kinds: readonly { readonly name: string }[]) => kinds.map(({ name }) => name).join(' ');

const row = (flag: string, help: string) => `  ${flag.padEnd(32)} ${help}`;
