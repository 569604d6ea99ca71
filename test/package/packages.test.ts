import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort, until } from '../e2e/stack.ts';
import { lacks } from '../require.ts';

const repository = resolve(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
const run = (cwd: string, program: string, ...args: readonly string[]) =>
  execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
const scratch = mkdtempSync(join(tmpdir(), 'numacanary-packages-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const cross = lacks(
  'aarch64-linux-gnu-gcc',
  'no package for arm64 (apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)',
);

/** A folder with Node and no other program. */
function onlyNode(): string {
  const folder = mkdtempSync(join(scratch, 'bin-'));
  symlinkSync(process.execPath, join(folder, 'node'));
  return folder;
}

/** Starts the daemon in a folder, without a compiler in reach, and waits for a hand-off that it measured. */
async function sings(folder: string, ...command: readonly string[]): Promise<string> {
  const port = await freePort();
  const [program = '', ...args] = command;
  const child = spawn(program, [...args, `--web.listen-address=127.0.0.1:${port}`], {
    cwd: folder,
    stdio: 'ignore',
    env: { PATH: onlyNode() },
  });
  const exit = once(child, 'exit');
  try {
    return await until('a clean hand-off', 60, async () => {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return /^numacanary_probe_latency_seconds_count.* [1-9]/m.test(page) ? page : undefined;
    });
  } finally {
    child.kill('SIGTERM');
    await exit;
  }
}

describe.skipIf(cross)('a tarball', () => {
  const file = `numacanary-${version}-linux-x64.tar.gz`;

  it('of the same commit has the same bytes', () => {
    run(repository, 'node', 'scripts/tarball.mjs');
    copyFileSync(join(repository, 'release', file), join(scratch, file));
    run(repository, 'node', 'scripts/tarball.mjs', 'x64');
    expect(readFileSync(join(repository, 'release', file)).equals(readFileSync(join(scratch, file)))).toBe(
      true,
    );
  });

  it('runs where there is Node and no compiler, and knows its revision', async () => {
    run(scratch, 'tar', '-xzf', file);
    const folder = join(scratch, `numacanary-${version}`);
    const page = await sings(folder, process.execPath, 'dist/main.js');
    const head = run(repository, 'git', 'rev-parse', 'HEAD').trim();
    expect(page).toContain(`numacanary_build_info{version="${version}",revision="${head}"`);
  });

  it('lists every package that it brings, with its terms', () => {
    const folder = join(scratch, `numacanary-${version}`);
    const { components } = JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as {
      components: readonly { name: string; version: string }[];
    };
    const listed = new Set(components.map(({ name }) => name));
    const brought = readdirSync(join(folder, 'node_modules')).flatMap((name) =>
      name.startsWith('@')
        ? readdirSync(join(folder, 'node_modules', name)).map((one) => `${name}/${one}`)
        : name.startsWith('.')
          ? []
          : [name],
    );
    expect(brought.length).toBeGreaterThan(40);
    for (const name of brought) {
      expect(listed, 'sbom.cdx.json').toContain(name);
      expect(readFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8')).toContain(`${name} `);
    }
  });

  it('for arm64 brings arm64', () => {
    run(
      scratch,
      'tar',
      '-xzf',
      join(repository, 'release', file.replace('x64', 'arm64')),
      '--one-top-level=arm64',
    );
    const folder = join(scratch, 'arm64', `numacanary-${version}`);
    /** e_machine of an ELF file: 183 is AArch64. */
    const machineOf = (path: string) => readFileSync(join(folder, path)).readUInt16LE(18);
    expect(machineOf('native/prebuilt/linux-arm64/libnumacanary.so')).toBe(183);
    const [binding = ''] = readdirSync(join(folder, 'node_modules/@koromix'));
    expect(binding).toBe('koffi-linux-arm64');
  });
});

describe.skipIf(cross)('what npm packs', () => {
  it('brings the helper for both architectures, and runs without a compiler', async () => {
    const [packed] = JSON.parse(
      run(repository, 'npm', 'pack', '--json', '--pack-destination', scratch),
    ) as readonly {
      filename: string;
      files: readonly { path: string }[];
    }[];
    const paths = packed?.files.map(({ path }) => path) ?? [];
    for (const arch of ['x64', 'arm64'])
      expect(paths).toContain(`native/prebuilt/linux-${arch}/libnumacanary.so`);
    expect(paths.filter((path) => /^(test|bench|src|native\/build)\//.test(path))).toEqual([]);
    const folder = mkdtempSync(join(scratch, 'npx-'));
    run(
      folder,
      'npm',
      'install',
      '--no-audit',
      '--no-fund',
      '--omit=dev',
      join(scratch, packed?.filename ?? ''),
    );
    await sings(folder, join(folder, 'node_modules/.bin/numacanary'));
  });
});
