import { Absent } from '../src/errors.ts';
import type { Clock, Files, Log, LogFields, OwnFiles } from '../src/host/host.ts';

const byTrailingNumber = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });

/**
 * A host's files from path and text; an Error in place of text is thrown. Texts may be changed later, but paths
 * that come or go after this call are not listed.
 */
export function filesOf(tree: Readonly<Record<string, string | Error>>): Files {
  const folders = new Map<string, Set<string>>();
  for (const path of Object.keys(tree)) {
    let child = path;
    for (let slash = child.lastIndexOf('/'); slash >= 0; slash = child.lastIndexOf('/')) {
      const folder = child.slice(0, slash);
      const names = folders.get(folder);
      if (names?.has(child.slice(slash + 1))) break;
      if (names) names.add(child.slice(slash + 1));
      else folders.set(folder, new Set([child.slice(slash + 1)]));
      child = folder;
    }
  }
  return {
    read: async (path) => {
      const text = tree[path];
      if (text === undefined) throw new Absent(`${path}: no such file or directory`);
      if (text instanceof Error) throw text;
      return text;
    },
    list: async (path) => {
      const names = folders.get(path.replace(/\/$/, ''));
      if (!names) throw new Absent(`${path}: no such file or directory`);
      return [...names].toSorted(byTrailingNumber);
    },
    folders: async (path) => {
      const at = path.replace(/\/$/, '');
      const names = folders.get(at);
      if (!names) throw new Absent(`${path}: no such file or directory`);
      return [...names].filter((name) => folders.has(`${at}/${name}`));
    },
  };
}

/** The daemon's own files from path and text; any change of a text is another stamp. */
export function ownFilesOf(tree: Readonly<Record<string, string>>): OwnFiles {
  return {
    read: (path) => {
      const text = tree[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
    stamp: (path) => tree[path] ?? 'ENOENT',
  };
}

export interface FakeClock extends Clock {
  /** Lets time pass, waking each sleeper at its own moment and letting it act before the next. */
  advance(seconds: number): Promise<void>;
  /** Steps the wall clock alone, as NTP does. */
  step(seconds: number): void;
  /** Sleepers that have not woken yet. */
  readonly sleeping: number;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function fakeClock(start = 1_000, epoch = 1_700_000_000): FakeClock {
  let time = start;
  let wall = epoch;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    now: () => time,
    wall: () => wall,
    sleep: (seconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = {
          at: time + seconds,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    async advance(seconds) {
      const until = time + seconds;
      await turn();
      for (;;) {
        const next = [...sleepers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0];
        const reached = next ? Math.max(next.at, time) : until;
        wall += reached - time;
        time = reached;
        if (!next) return;
        next.wake();
        await turn();
      }
    },
    step: (seconds) => {
      wall += seconds;
    },
    get sleeping() {
      return sleepers.size;
    },
  };
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields?: LogFields | undefined;
}

/** Prints nothing and keeps what was said. */
export function silentLog(): Log & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const say = (level: LogLine['level']) => (message: string, fields?: LogFields) => {
    lines.push({ level, message, fields });
  };
  return { lines, debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}
