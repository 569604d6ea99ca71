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
  /** What the machine says its CPU is; QEMU's words. */
  readonly cpu?: string;
  /** Mounts the folder of fakepmu.ko at /lab/fakepmu; the script loads it when it wants it. */
  readonly fakepmu?: boolean;
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

/** Boots a machine of that topology, runs the command in it, and powers it off. */
export async function lab(job: Job): Promise<Result> {
  const { topology, command, arch = 'amd64', repository = ours, timeoutSeconds = 900 } = job;
  const began = performance.now();
  say(`booting ${topology} (${arch}), emulated on ${availableParallelism()} CPUs: slow where they are busy`);
  const options = ['-t', topology, '--arch', arch, '--timeout', String(timeoutSeconds), '--ro', repository];
  if (job.cpu) options.push('--cpu', job.cpu);
  if (job.icount) options.push('--icount');
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
