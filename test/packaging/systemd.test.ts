import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacks } from '../require.ts';
import { syscallsOfDaemon } from './syscalls.ts';

const folder = resolve(import.meta.dirname, '../../packaging/systemd');
const unit = join(folder, 'numacanary.service');
const analyze = (...args: readonly string[]) =>
  execFileSync('systemd-analyze', [...args, '--no-pager'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

describe.skipIf(lacks('systemd-analyze', 'nobody judges the unit'))('the systemd unit', () => {
  it('is as exposed as docs/install.md says', () => {
    const [, score] = /exposure level for numacanary\.service: ([\d.]+)/.exec(
      analyze('security', '--offline=true', unit),
    ) ?? [''];
    expect(readFileSync(resolve(folder, '../../docs/install.md'), 'utf8')).toContain(
      `exposure level is ${score}`,
    );
    expect(Number(score)).toBeLessThan(2);
  });

  it.each(['tracepoints.conf', 'drift.conf'])('has a drop-in %s that changes what is there', (name) => {
    const keys = [...readFileSync(join(folder, name), 'utf8').matchAll(/^(\w+)=/gm)].map(([, key]) => key);
    expect(keys.length).toBeGreaterThan(1);
    for (const key of keys) expect(readFileSync(unit, 'utf8')).toMatch(new RegExp(`^${key}=`, 'm'));
  });

  it.skipIf(lacks('strace', 'nobody sees the system calls'))(
    'allows every system call that a working daemon makes',
    async () => {
      const used = await syscallsOfDaemon();
      expect(used.has('perf_event_open')).toBe(true);
      expect(used.has('mbind')).toBe(true);
      const allowed = allowedBy(readFileSync(unit, 'utf8'));
      expect([...used].filter((name) => !allowed.has(name))).toEqual([]);
    },
    120_000,
  );
});

/** What SystemCallFilter= comes to, by systemd's own lists. A line that begins with ~ takes away. */
function allowedBy(text: string): ReadonlySet<string> {
  const sets = new Map<string, string[]>();
  let members: string[] = [];
  for (const line of analyze('syscall-filter').split('\n')) {
    if (line.startsWith('@')) sets.set(line.trim(), (members = []));
    else if (/^ {4}[@\w]/.test(line)) members.push(line.trim());
  }
  const expand = (word: string): string[] =>
    word.startsWith('@') ? (sets.get(word) ?? []).flatMap(expand) : [word];
  const allowed = new Set(expand('@default'));
  for (const [, less, words = ''] of text.matchAll(/^SystemCallFilter=(~?)(.*)$/gm))
    for (const name of words.split(' ').flatMap(expand)) allowed[less === '~' ? 'delete' : 'add'](name);
  return allowed;
}
