import { z } from 'zod';
import { ParseError } from '../errors.ts';
import { parseSelfStat } from '../parse/self_stat.ts';
import type { Metric } from '../sample.ts';
import { kind } from '../source.ts';
import { ownThreads } from './own_threads.ts';

const cpuSeconds = {
  name: 'process_cpu_seconds_total',
  kind: 'counter',
  labels: [],
  help: 'User and system CPU time of this process, all threads, from /proc/self/stat.',
  tells: 'What the canary itself costs.',
} as const satisfies Metric;

const startTime = {
  name: 'process_start_time_seconds',
  kind: 'gauge',
  labels: [],
  help: 'When this process started, seconds since 1970, from /proc/self/stat and btime of /proc/stat.',
  tells: 'That counters began again at 0.',
} as const satisfies Metric;

const residentBytes = {
  name: 'process_resident_memory_bytes',
  kind: 'gauge',
  labels: [],
  help: 'Memory of this process in RAM, VmRSS of /proc/self/status.',
  tells: 'A leak of ours, before the limit of the container does.',
} as const satisfies Metric;

const threads = {
  name: 'numacanary_process_threads',
  kind: 'gauge',
  labels: ['capabilities'],
  help: 'Threads of this process by what they may do: one series, whose label has the effective capabilities of /proc/self/task/*/status without their cap_, `none` or `all`. Where threads differ all their sets stand in it, with a semicolon between.',
  tells:
    'That the canary has what its profile gives and nothing else, on every host and in every thread; a thread leak of the native helper.',
} as const satisfies Metric;

const openFds = {
  name: 'process_open_fds',
  kind: 'gauge',
  labels: [],
  help: 'Open file descriptors of this process, entries of /proc/self/fd.',
  tells: 'How near the descriptor limit is, which perf events use up.',
} as const satisfies Metric;

/** USER_HZ: fixed at 100 in the ABI of every architecture we run on. */
const ticksPerSecond = 100;

export const self = kind('self', z.object({}), () => {
  // /proc/stat of a machine with a thousand CPUs costs milliseconds, and when we started does not change.
  let bootSeconds: number | undefined;
  const known = new Map<string, string>();
  return {
    name: 'self',
    metrics: [cpuSeconds, startTime, residentBytes, threads, openFds],
    async read({ host: { files } }) {
      const [stat, status, fds, own] = await Promise.all([
        files.read('/proc/self/stat'),
        files.read('/proc/self/status'),
        files.list('/proc/self/fd'),
        ownThreads(files, known),
      ]);
      bootSeconds ??= number(/^btime (\d+)$/m, await files.read('/proc/stat'), 'stat');
      const { cpuTicks, startTicks } = parseSelfStat(stat);
      const residentKib = number(/^VmRSS:\s+(\d+) kB$/m, status, 'self/status');
      const labels = {};
      return [
        { metric: cpuSeconds, labels, value: cpuTicks / ticksPerSecond },
        { metric: startTime, labels, value: bootSeconds + startTicks / ticksPerSecond },
        { metric: residentBytes, labels, value: residentKib * 1024 },
        { metric: threads, labels: { capabilities: own.capabilities }, value: own.count },
        { metric: openFds, labels, value: fds.length },
      ];
    },
  };
});

function number(pattern: RegExp, text: string, file: string): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new ParseError(`${file}: no line like ${pattern.source}`);
  return Number(found);
}
