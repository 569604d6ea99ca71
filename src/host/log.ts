import type { Clock, Log, LogFields } from './host.ts';

export const levels = ['debug', 'info', 'warn', 'error'] as const;
export const formats = ['logfmt', 'json'] as const;

export interface LogOptions {
  readonly level: (typeof levels)[number];
  readonly format: (typeof formats)[number];
  /** Takes one line, newline included. */
  readonly write: (line: string) => void;
  readonly clock: Pick<Clock, 'wall'>;
}

export function createLog({ level, format, write, clock }: LogOptions): Log {
  const at =
    (severity: (typeof levels)[number]) =>
    (message: string, fields: LogFields = {}) => {
      if (levels.indexOf(severity) < levels.indexOf(level)) return;
      const ts = new Date(clock.wall() * 1000).toISOString();
      const line = { ts, level: severity, msg: message, ...fields };
      write(`${format === 'json' ? JSON.stringify(line) : logfmt(line)}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const logfmt = (line: LogFields) =>
  Object.entries(line)
    .map(([key, value]) => `${key}=${quoted(String(value))}`)
    .join(' ');

// A newline or quote in a kernel's error text must not break the line in two.
const quoted = (text: string) => (/^[^\s"=\\\p{C}]+$/u.test(text) ? text : JSON.stringify(text));
