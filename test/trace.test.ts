import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lacks } from './require.ts';

const scripts = readdirSync('trace')
  .filter((name) => name.endsWith('.bt'))
  .map((name) => name.replace(/\.bt$/, ''));
const textOf = (name: string) => readFileSync(`trace/${name}.bt`, 'utf8');
const run = (...args: string[]) => spawnSync('bash', ['trace/run', ...args], { encoding: 'utf8' });

describe('the tracing kit', () => {
  it.each(scripts)('%s says at its head what it answers, costs and needs, and how to read it', (name) => {
    for (const [index, field] of ['question', 'cost', 'needs', 'read'].entries())
      expect(textOf(name).split('\n')[index]).toMatch(new RegExp(`^// ${field}: \\S.{20,}`));
  });

  it('lists its scripts, each with its question, and no other', () => {
    const lines = run('--list').stdout.trim().split('\n');
    expect(lines.map((line) => line.split(' ', 1)[0])).toEqual(scripts);
    for (const line of lines) expect(line).toMatch(/^[\w-]+ +\S.{20,}$/);
  });

  it.each(scripts)('%s is in the table of what to run when', (name) => {
    expect(readFileSync('trace/README.md', 'utf8')).toContain(`| \`${name}\``);
  });

  it.each(scripts)('%s leaves no word in capitals when it is filled in', (name) => {
    for (const args of [[], ['--pid', String(process.pid)], ['--seconds', '3']]) {
      const { status, stdout } = run(name, ...args, '--print');
      expect(status).toBe(0);
      expect(stdout.replaceAll(/^\s*\/\/.*$/gm, '')).not.toMatch(
        /\b(TASK_)?FILTER\b|\bSOCKETS\b|\bTASKS\b|\bFOLLOW\b/,
      );
    }
  });

  it.each([
    [[], 2],
    [['no-such-script'], 2],
    [['../test/x'], 2],
    [['page-migrations', '--pid'], 2],
    [['page-migrations', '--pid', '1', '--pod', 'x'], 2],
    [['page-migrations', '--pod', 'x; rm'], 2],
    [['page-migrations', '--seconds', '0'], 2],
    [['page-migrations', '--pid', '99999999', '--print'], 1],
  ])('trace/run %j ends with %i', (args, code) => {
    expect(run(...args)).toMatchObject({ status: code, stdout: '' });
  });
});

describe.skipIf(lacks('shellcheck', 'reads trace/run'))('trace/run', () => {
  it('is good shell', () => {
    const { status, stdout } = spawnSync('shellcheck', ['trace/run'], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
