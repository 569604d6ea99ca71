import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { skips } from './require.ts';

export const program = 'dist/main.js';

/** True, with the reason printed, where nothing can be spawned. */
export const notBuilt = (purpose: string) =>
  skips(!existsSync(program), `${program} is not built (npm run build): ${purpose}`);

/** `by`: a command that runs it and becomes it, as prlimit does; `main`: another copy of the program. */
export interface How {
  readonly by?: readonly string[];
  readonly main?: string;
}

/** The daemon as a process of its own, listening; `next` gives the log line that holds the words. */
export async function spawned(
  argv: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
  { by = [], main = program }: How = {},
) {
  const [command = '', ...rest] = [
    ...by,
    process.execPath,
    main,
    '--web.listen-address=127.0.0.1:0',
    ...argv,
  ];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stderr.setEncoding('utf8');
  const exit = once(child, 'exit');
  let log = '';
  let all = '';
  child.stderr.on('data', (more: string) => (all += more));
  const next = async (words: string) => {
    while (!log.includes(words)) {
      const [more] = await Promise.race([once(child.stderr, 'data'), exit.then(() => ['it ended'])]);
      if (more === 'it ended') throw new Error(`ended without a word of ${words}: ${log}`);
      log += String(more);
    }
    const line = log.split('\n').find((one) => one.includes(words)) ?? '';
    log = '';
    return line;
  };
  const address = /address=(\S+)/.exec(await next('msg=listening'))?.[1] ?? '';
  /** All that it has logged. */
  const logged = () => all;
  return { child, next, address, exit, logged };
}
