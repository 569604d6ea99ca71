#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { start } from './app.ts';
import type { Running } from './app.ts';
import { conditionsText, diffText } from './commands/conditions.ts';
import { doctor } from './commands/doctor.ts';
import { printDoctor } from './commands/doctor_report.ts';
import { doctorRun } from './commands/doctor_run.ts';
import { drift } from './commands/drift.ts';
import { planDrift } from './commands/drift_plan.ts';
import { driftHead, driftLine, driftVerdict } from './commands/drift_report.ts';
import { probe } from './commands/probe.ts';
import { printReport } from './commands/probe_report.ts';
import { planText, probeRun } from './commands/probe_run.ts';
import { progressBar } from './commands/progress.ts';
import { seriesText } from './commands/series.ts';
import { topologyText } from './commands/topology.ts';
import { takeConditions } from './collectors/conditions.ts';
import { diff, differs } from './conditions/diff.ts';
import { documentOf, parseSaved } from './conditions/document.ts';
import type { Saved } from './conditions/document.ts';
import { parseConfig } from './config.ts';
import type { Config } from './config.ts';
import { Absent, ConfigError, Denied, ListenError, UsageError } from './errors.ts';
import { parseFlags, usage } from './flags.ts';
import type { Invocation } from './flags.ts';
import { systemClock } from './host/clock.ts';
import { createCompare } from './host/bcrypt.ts';
import { filesUnder, ownFiles } from './host/files.ts';
import type { Host } from './host/host.ts';
import { libraryPath } from './host/library.ts';
import { createLog } from './host/log.ts';
import { loadNative } from './host/native.ts';
import { seriesTable } from './series.ts';
import type { Model } from './pmu/catalogue/model.ts';
import { readModels } from './pmu/catalogue/models.ts';
import { rulesFile } from './rules/index.ts';
import { courtesyOptions } from './probes/courtesy.ts';
import {
  catalogue,
  conditionsSection,
  createSources,
  idle,
  kernelSection,
  mergedModels,
  pmuSection,
  sections,
} from './sources.ts';
import { readTopology } from './topology/read.ts';
import { followWeb, readWeb } from './web/follow.ts';

const out = (text: string) => void process.stdout.write(text);
const err = (text: string) => void process.stderr.write(text);

async function main(argv: readonly string[]): Promise<number> {
  const flags = parseFlags(argv, sections);
  const build = await packageBuild();
  if (flags.help) return (out(usage(sections)), 0);
  if (flags.version) return (out(`numacanary ${build.version}\n`), 0);
  const config = await readConfig(flags);
  if (flags.configCheck) {
    readWeb(config.web.config_file, ownFiles);
    return (out('configuration is good\n'), 0);
  }
  const host = hostOf(config);
  if (flags.command === 'topology') {
    const topology = await readTopology(host.files);
    return (out(flags.json ? `${JSON.stringify(topology, null, 2)}\n` : topologyText(topology)), 0);
  }
  if (flags.command === 'probe') return runProbe(flags, config, host);
  if (flags.command === 'doctor') return runDoctor(flags, config);
  if (flags.command === 'conditions') return runConditions(flags, config, host);
  if (flags.command === 'drift') return runDrift(flags, host);
  if (flags.command === 'rules') return (out(rulesFile(flags.rules)), 0);
  if (flags.command === 'series') {
    const declared = catalogue();
    const table = seriesTable(
      declared.map(({ metric }) => metric),
      new Set(declared.map(({ source }) => source)).size,
    );
    return (out(flags.json ? `${JSON.stringify(table, null, 2)}\n` : seriesText(table)), 0);
  }
  return serve(flags, config, host, build);
}

async function runProbe(flags: Invocation, config: Config, host: Host): Promise<number> {
  const topology = await readTopology(host.files);
  const courtesy = courtesyOptions.parse(config.shared['courtesy']);
  if (flags.plan) {
    const latency = createSources(idle)
      .of(config)
      .probes.find(({ name }) => name === 'latency');
    return (out(planText(topology, courtesy, latency?.periodSeconds(topology))), 0);
  }
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  const onProgress = progressBar(err, process.stderr.isTTY);
  const report = await probe(
    probeRun(host, topology, courtesy, { ...flags, onProgress, signal: abort.signal }),
  );
  out(flags.json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report));
  return report.lanes.length > 0 ? 0 : 1;
}

async function runDoctor(flags: Invocation, config: Config): Promise<number> {
  // What opens and what is missing is the report itself.
  const host = hostOf({ ...config, log: { ...config.log, level: 'error' } });
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  const report = await doctor(
    doctorRun({
      host,
      topology: await readTopology(host.files),
      courtesy: courtesyOptions.parse(config.shared['courtesy']),
      pmu: pmuSection(config).options,
      kernelEvents: kernelSection(config).options,
      models: mergedModels(config, await shippedModels()),
      onProgress: progressBar(err, process.stderr.isTTY),
      signal: abort.signal,
    }),
  );
  out(flags.json ? `${JSON.stringify(report, null, 2)}\n` : printDoctor(report));
  return report.healthy ? 0 : 1;
}

async function runDrift(flags: Invocation, host: Host): Promise<number> {
  const topology = await readTopology(host.files);
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  const report = await drift({
    host,
    topology,
    plan: planDrift(topology, flags.drift),
    // Line by line: a person watches it happen.
    onStart: (setting) => flags.json || out(driftHead(setting)),
    onSecond: (second, setting) => flags.json || out(driftLine(second, setting)),
    signal: abort.signal,
  });
  out(flags.json ? `${JSON.stringify(report, null, 2)}\n` : driftVerdict(report));
  return 0;
}

async function runConditions(flags: Invocation, config: Config, host: Host): Promise<number> {
  const there = flags.diff === undefined ? null : await readSaved(flags.diff);
  const topology = await readTopology(host.files);
  const taken = await takeConditions({ host, topology }, conditionsSection(config).options);
  const here = documentOf({ ...taken, changes: [] });
  if (!there) return (out(flags.json ? `${JSON.stringify(here, null, 2)}\n` : conditionsText(here)), 0);
  const rows = diff(here, there);
  out(flags.json ? `${JSON.stringify(rows, null, 2)}\n` : diffText(rows, here, there));
  return differs(rows) ? 1 : 0;
}

async function readSaved(file: string): Promise<Saved> {
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    throw new UsageError(`--diff=${file}: ${thrown.code ?? thrown.message}: it cannot be read`);
  });
  const saved = parseSaved(text);
  if ('wrong' in saved)
    throw new UsageError(`--diff=${file}: ${saved.wrong}; numacanary conditions --json prints one`);
  return saved;
}

async function serve(flags: Invocation, config: Config, host: Host, build: Build): Promise<number> {
  // Young objects get 1 MiB and no more: by default it grows with each scrape to 16, of which a daemon that rests for
  // seconds has nothing but the memory it takes (121 MiB with it, 97 without; the same CPU time).
  setFlagsFromString('--semi-space-growth-factor=1');
  // Before anything runs: a signal that comes during the start is kept, and does not kill.
  let running: Running | undefined;
  process.on('SIGHUP', () => void running?.reload().catch(() => {})); // it has logged why
  const signalled = firstSignal();
  running = await start({
    config,
    host,
    build: { ...build, nodeVersion: process.versions.node },
    readConfig: () => readConfig(flags),
    web: followWeb(config.web.config_file, { ...host, files: ownFiles }),
    compare: createCompare(),
    models: await shippedModels(),
    random: Math.random,
  });
  host.log.info('stopping', { signal: await signalled });
  await running.stop();
  return 0;
}

/** The first SIGTERM or SIGINT is an answer, the second ends the process at once. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        for (const again of ['SIGTERM', 'SIGINT'] as const) process.on(again, () => process.exit(1));
        resolve(signal);
      });
    }
  });
}

async function readConfig({ configFile: file, overrides }: Invocation): Promise<Config> {
  if (file === undefined) return checked(parseConfig(undefined, sections, overrides));
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    throw new ConfigError([`${file}: ${thrown.code ?? thrown.message}: the configuration cannot be read`]);
  });
  return checked(parseConfig({ file, text }, sections, overrides));
}

/** What no schema sees: whether a user's CPU models hold together with ours. */
async function checked(config: Config): Promise<Config> {
  mergedModels(config, await shippedModels());
  return config;
}

/** Made of models/*.yml by the build. */
async function shippedModels(): Promise<readonly Model[]> {
  return readModels(await readFile(new URL('models.json', import.meta.url), 'utf8'));
}

function hostOf({ paths, log }: Config): Host {
  const { procfs, sysfs, rootfs } = paths;
  const cgroupfs = paths.cgroupfs ?? `${sysfs}/fs/cgroup`;
  return {
    files: filesUnder({ procfs, sysfs, rootfs, cgroupfs }),
    clock: systemClock,
    log: createLog({ ...log, write: err, clock: systemClock }),
    native: loadNative(libraryPath(fileURLToPath(new URL('..', import.meta.url)), process.arch, existsSync)),
  };
}

interface Build {
  readonly version: string;
  readonly revision: string;
}

/** `gitHead` is what npm and our own packages write into package.json. */
async function packageBuild(): Promise<Build> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const { version, gitHead } = JSON.parse(text) as { version: string; gitHead?: string };
  return { version, revision: process.env['NUMACANARY_REVISION'] ?? gitHead ?? 'unknown' };
}

function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof ConfigError) return (err(`${thrown.message}\n`), 2);
  if (thrown instanceof UsageError) return (err(`numacanary: ${thrown.message} (--help lists all)\n`), 2);
  if (thrown instanceof ListenError) return (err(`numacanary: ${thrown.message}\n`), 1);
  if (thrown instanceof Absent || thrown instanceof Denied)
    return (err(`numacanary: ${thrown.message}\n`), 1);
  return (err(`numacanary: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`), 1);
}

const flushed = (stream: NodeJS.WriteStream) => new Promise((resolve) => stream.write('', resolve));

process.stdout.on('error', () => process.exit(0)); // the reader of the pipe has gone
const code = await main(process.argv.slice(2)).catch(exitCodeOf);
// A pipe takes 64 KiB at a time, and exit would drop the rest. A reader of our log that hangs must not hold us up.
await flushed(process.stdout);
await Promise.race([flushed(process.stderr), systemClock.sleep(0.5)]);
process.exit(code);
