import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, until } from '../e2e/stack.ts';

let asked: Promise<ReadonlySet<string>> | undefined;

/** System calls of a daemon at work, as strace sees them: started once for all who ask. */
export const syscallsOfDaemon = () => (asked ??= traced());

/** From start to end, with a scrape, a status page and what the probes do meanwhile. */
async function traced(): Promise<ReadonlySet<string>> {
  const scratch = mkdtempSync(join(tmpdir(), 'numacanary-strace-'));
  try {
    const trace = join(scratch, 'trace');
    const port = await freePort();
    const main = resolve(import.meta.dirname, '../../dist/main.js');
    // -D: the daemon is the child, and strace somebody beside it.
    const argv = [
      '-D',
      '-f',
      '-q',
      '-o',
      trace,
      process.execPath,
      main,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const child = spawn('strace', argv, { stdio: 'ignore' });
    const exit = once(child, 'exit');
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    await until('a visit of a probe', 60, async () =>
      /^numacanary_probe_cpu_seconds_total [\d.e-]*[1-9]/m.test(await get('/metrics')) ? true : undefined,
    );
    await get('/');
    child.kill('SIGTERM');
    await exit;
    await until('the end of the trace', 30, async () =>
      readFileSync(trace, 'utf8').includes(`${child.pid} +++ exited`) ? true : undefined,
    );
    const names = readFileSync(trace, 'utf8').matchAll(/^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed)/gm);
    return new Set([...names].map(([, name = '']) => name));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
