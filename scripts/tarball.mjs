// release/numacanary-VERSION-linux-ARCH.tar.gz, for hosts with Node and without a compiler: npm run tarball [-- x64|arm64].
// The same commit makes the same bytes: names are sorted, times are the commit's.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const wanted = process.argv.slice(2);
mkdirSync(join(root, 'release'), { recursive: true });
const committed =
  process.env['SOURCE_DATE_EPOCH'] ??
  execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim();

for (const arch of wanted.length > 0 ? wanted : ['x64', 'arm64']) {
  const name = `numacanary-${version}`;
  const scratch = mkdtempSync(join(tmpdir(), 'numacanary-tarball-'));
  try {
    execFileSync(process.execPath, [join(root, 'scripts/stage.mjs'), join(scratch, name), arch], {
      stdio: 'inherit',
    });
    const file = join(root, 'release', `${name}-linux-${arch}.tar.gz`);
    const same = ['--sort=name', `--mtime=@${committed}`, '--owner=0', '--group=0', '--numeric-owner'];
    const modes = ['--mode=u+rwX,go+rX,go-w'];
    execFileSync(
      'tar',
      [...same, ...modes, '--use-compress-program=gzip -n9', '-cf', file, '-C', scratch, name],
      {
        stdio: 'inherit',
      },
    );
    console.log(`release/${name}-linux-${arch}.tar.gz  ${(statSync(file).size / 1e6).toFixed(1)} MB`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
