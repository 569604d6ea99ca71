import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readWhole } from '../../src/host/read_whole.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'numacanary-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

it.each([0, 1, 2047, 2048, 2049, 16_383, 16_384, 16_385, 100_000])('gives all of %i bytes', async (bytes) => {
  const path = join(folder(), 'file');
  const text = 'abc\n'.repeat(bytes / 4 + 1).slice(0, bytes);
  writeFileSync(path, text);
  expect(await readWhole(path)).toBe(text);
});

it('keeps a character whole that lies across the edge of two reads', async () => {
  const path = join(folder(), 'file');
  const text = `${'x'.repeat(16_383)}€${'y'.repeat(20_000)}`;
  writeFileSync(path, text);
  expect(await readWhole(path)).toBe(text);
});

/** What is in it is another from moment to moment; how many lines there are is not by much. */
const lines = (text: string) => text.split('\n').length;

// The kernel gives a page at a time of these, and all at once of those.
it.each(['/proc/self/smaps', '/proc/kallsyms', '/proc/filesystems', '/proc/self/cgroup'])(
  'gives all of %s, as readFileSync does',
  async (path) => {
    const ratio = lines(await readWhole(path)) / lines(readFileSync(path, 'utf8'));
    expect(ratio).toBeGreaterThan(0.9);
    expect(ratio).toBeLessThan(1.1);
  },
);

it('leaves no descriptor open, whether it could be read or not', async () => {
  const before = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 50; round++) {
    await readWhole('/proc/self/stat');
    await expect(readWhole('/proc/self')).rejects.toThrow('EISDIR');
    await expect(readWhole('/proc/self/nothing')).rejects.toThrow('ENOENT');
  }
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before + 2);
});

it('does not wait for the writer of a pipe', async () => {
  const path = join(folder(), 'pipe');
  execFileSync('mkfifo', [path]);
  expect(await readWhole(path)).toBe('');
  const silent = spawn('sh', ['-c', `exec 3<>${path}; echo open; read -r _`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(silent.stdout, 'data');
  await expect(readWhole(path)).rejects.toThrow('EAGAIN');
  silent.stdin.end();
  await once(silent, 'exit');
});
