import { beforeAll, describe, expect, test } from 'vitest';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemoryVisit, Visit } from '../../src/host/host.ts';
import { lacks } from '../require.ts';
import { noLab, observe } from './lab.ts';

interface Seen {
  readonly arch: string;
  readonly clock: { readonly source: string };
  readonly visits: readonly { readonly result: Visit }[];
  readonly memories: readonly { readonly result: MemoryVisit }[];
}

const absent = noLab('arm64') || lacks('aarch64-linux-gnu-gcc', 'cross-compiles the helper for arm64');

describe.skipIf(absent)('on arm64', () => {
  let seen: Seen;

  // A copy of the repository for that machine: packages and helper of its architecture, dist as it is.
  beforeAll(async () => {
    const tree = mkdtempSync(join(tmpdir(), 'numacanary-arm64-'));
    execFileSync('make', ['--no-print-directory', '--silent', '-C', 'native', 'arm64'], { stdio: 'inherit' });
    for (const name of ['package.json', 'package-lock.json', 'dist', 'test/lab/guest']) {
      cpSync(name, join(tree, name), { recursive: true });
    }
    mkdirSync(join(tree, 'native/build'), { recursive: true });
    cpSync('native/build/arm64/libnumacanary.so', join(tree, 'native/build/libnumacanary.so'));
    const forArm64 = ['--cpu=arm64', '--os=linux', '--libc=glibc', '--ignore-scripts'];
    execFileSync('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error', ...forArm64], {
      cwd: tree,
      stdio: 'inherit',
    });
    seen = await observe<Seen>({
      arch: 'arm64',
      topology: '2s2n',
      repository: tree,
      command: ['node', 'test/lab/guest/arm64.mjs'],
      timeoutSeconds: 300,
    });
    return () => rmSync(tree, { recursive: true });
  });

  test('the helper times by the generic timer', () => {
    expect(seen).toMatchObject({ arch: 'arm64', clock: { source: 'cntvct' } });
  });

  test('both threads run on their CPUs, lines lie on their nodes, and every ring delivers what was sent', () => {
    for (const { result } of seen.visits) {
      expect(result).toMatchObject({
        outcome: 'done',
        a: { cpuBefore: 0, cpuAfter: 0, maskCpus: 1 },
        b: { cpuBefore: 3, cpuAfter: 3, maskCpus: 1 },
        pageNodeA: 0,
        pageNodeB: 1,
        ring512: { corrupt: 0 },
        ring1Item: { corrupt: 0 },
        ringLine: { corrupt: 0 },
      });
      expect(result.store2.roundTripNs.length).toBeGreaterThan(0);
      expect(result.ring512.laps).toBeGreaterThan(0);
    }
  });

  test('memory is chased on the node it was asked for', () => {
    for (const { result } of seen.memories) {
      expect(result.pagesChecked).toBeGreaterThan(0);
      expect(result).toMatchObject({ outcome: 'done', pagesOnNode: result.pagesChecked });
    }
  });
});
