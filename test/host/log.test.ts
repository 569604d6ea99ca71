import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/host/log.ts';
import type { LogOptions } from '../../src/host/log.ts';

function logged(
  options: Pick<LogOptions, 'level' | 'format'>,
  say: (log: ReturnType<typeof createLog>) => void,
) {
  const lines: string[] = [];
  say(createLog({ ...options, write: (line) => lines.push(line), clock: { wall: () => 1_700_000_000.5 } }));
  return lines;
}

describe('log', () => {
  it('writes logfmt, with quotes only where they are needed', () => {
    const lines = logged({ level: 'info', format: 'logfmt' }, (log) => {
      log.info('source failed', {
        source: 'memory',
        error: 'a "b"\nc',
        seconds: 0.5,
        path: '/a=b',
        empty: '',
      });
    });
    expect(lines).toEqual([
      'ts=2023-11-14T22:13:20.500Z level=info msg="source failed" source=memory error="a \\"b\\"\\nc" seconds=0.5 path="/a=b" empty=""\n',
    ]);
  });

  it('writes json, one object to a line', () => {
    const lines = logged({ level: 'info', format: 'json' }, (log) => log.warn('x', { a: 1, b: true }));
    expect(lines).toEqual(['{"ts":"2023-11-14T22:13:20.500Z","level":"warn","msg":"x","a":1,"b":true}\n']);
  });

  it.each([
    { level: 'debug', heard: 4 },
    { level: 'info', heard: 3 },
    { level: 'warn', heard: 2 },
    { level: 'error', heard: 1 },
  ] as const)('at level $level lets $heard of four pass', ({ level, heard }) => {
    const lines = logged({ level, format: 'logfmt' }, (log) => {
      log.debug('x');
      log.info('x');
      log.warn('x');
      log.error('x');
    });
    expect(lines).toHaveLength(heard);
  });
});
