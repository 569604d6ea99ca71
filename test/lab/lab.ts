import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { lacks, skips } from '../require.ts';

const ours = resolve(import.meta.dirname, '../..');
const numalab = resolve(import.meta.dirname, 'numalab');
const work = process.env['NUMALAB_WORK'] ?? join(tmpdir(), 'numalab');

export type Arch = 'amd64' | 'arm64';

export interface Job {
  /** A name that `numalab topologies` lists. */
  readonly topology: string;
  /** What runs inside, in the repository, which is mounted read-only. */
  readonly command: readonly string[];
  readonly arch?: Arch;
  /** A copy of it to use instead. */
  readonly repository?: string;
  readonly timeoutSeconds?: number;
  /** A port of ours that leads to port 6862 of the machine. */
  readonly port?: number;
  /** What the machine says its CPU is; QEMU's words. */
  readonly cpu?: string;
  /** Mounts the folder of fakepmu.ko at /lab/fakepmu; the script loads it when it wants it. */
  readonly fakepmu?: boolean;
  /** Folders of ours by where they are mounted, read-only. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Time follows the instructions executed, and the arm64 machine counts them. */
  readonly icount?: boolean;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** True, with the reason printed, where no such machine can be booted here. */
export function noLab(arch: Arch = 'amd64', program = ''): boolean {
  const qemu = arch === 'amd64' ? 'qemu-system-x86_64' : 'qemu-system-aarch64';
  const setup = `bash test/lab/numalab setup --arch ${arch}`;
  return (
    lacks(qemu, `no ${arch} machine of several sockets without it (${setup})`) ||
    skips(!existsSync(join(work, arch, 'root.img')), `no ${arch} machine is set up (${setup})`) ||
    skips(!packages(arch).includes(program), `the ${arch} machine was set up without ${program} (${setup})`)
  );
}

function packages(arch: Arch): string {
  const list = join(work, arch, 'packages');
  return existsSync(list) ? readFileSync(list, 'utf8') : '';
}

/**
 * What numalab ends with when a machine came to a standstill: seen by a soft lockup, or by its time being up. Emulation
 * loses an interrupt between CPUs, or drowns in timers, once in some dozens of boots on two CPUs; what hangs by its own
 * fault hangs again.
 */
const standstill = new Map([
  [123, 'hung'],
  [124, 'did not end in time'],
]);
const boots = 3;

/** Boots a machine of that topology, runs the command in it, and powers it off; anew where it came to a standstill. */
export async function lab(job: Job): Promise<Result> {
  for (let boot = 1; ; boot += 1) {
    // One machine after the other: each has all CPUs there are.
    const result = await booted(job);
    const how = standstill.get(result.code ?? 0);
    if (how === undefined || boot === boots) return result;
    say(
      `${job.topology} ${how}, boot ${boot} of at most ${boots}: ${result.stderr.trim().split('\n').slice(-3).join('; ')}`,
    );
  }
}

async function booted(job: Job): Promise<Result> {
  const { topology, command, arch = 'amd64', repository = ours, timeoutSeconds = 600 } = job;
  const began = performance.now();
  say(`booting ${topology} (${arch}), emulated on ${availableParallelism()} CPUs: slow where they are busy`);
  const options = ['-t', topology, '--arch', arch, '--timeout', String(timeoutSeconds), '--ro', repository];
  if (job.cpu) options.push('--cpu', job.cpu);
  if (job.icount) options.push('--icount');
  if (job.port) options.push('--fwd', `${job.port}:6862`);
  for (const [there, here] of Object.entries(job.folders ?? {})) options.push('--ro', `${here}:${there}`);
  if (job.fakepmu) options.push('--ro', `${fakepmu()}:/lab/fakepmu`);
  const machine = spawn('bash', [numalab, 'run', ...options, '--', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NUMALAB_WORK: work },
  });
  const [stdout, stderr] = [machine.stdout, machine.stderr].map(async (stream) => {
    stream.setEncoding('utf8');
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  });
  const code = await new Promise<number | null>((done, failed) => {
    machine.once('close', done).once('error', failed);
  });
  say(`${topology} (${arch}) is off after ${Math.round((performance.now() - began) / 1000)} s`);
  return { code, stdout: (await stdout) ?? '', stderr: (await stderr) ?? '' };
}

let built: string | undefined;
function fakepmu(): string {
  built ??= dirname(
    execFileSync('bash', [numalab, 'kmod', resolve(import.meta.dirname, 'fakepmu')], {
      encoding: 'utf8',
      env: { ...process.env, NUMALAB_WORK: work },
    }).trim(),
  );
  return built;
}

/** A suite of minutes says what it is at. */
export const say = (what: string) => void process.stderr.write(`lab: ${what}\n`);

/**
 * What a script of guest/ found: one JSON document on its stdout. Anything but exit code 0 shows the guest's
 * stderr as the reason.
 */
export async function observe<T>(job: Job): Promise<T> {
  const { code, stdout, stderr } = await lab(job);
  if (code !== 0)
    throw new Error(`${job.command.join(' ')} on ${job.topology}: exit ${code}\n${stderr}\n${stdout}`);
  // The script's own answer is whatever the test says it is: both are in this folder.
  return JSON.parse(stdout) as T;
}
