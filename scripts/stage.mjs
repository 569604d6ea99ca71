// Lays out the program as it is installed without a compiler, for one architecture: node scripts/stage.mjs FOLDER [x64|arm64].
// Tarballs and the image are made of it. Needs the network once (npm ci), as a build does.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { thirdParty, thirdPartyText } from './third_party.mjs';

const root = resolve(import.meta.dirname, '..');
const [folder, arch = process.arch] = process.argv.slice(2);
if (!folder || !['x64', 'arm64'].includes(arch)) {
  process.stderr.write('usage: node scripts/stage.mjs FOLDER [x64|arm64]\n');
  process.exit(2);
}
const at = resolve(folder);
const library = `native/prebuilt/linux-${arch}`;
const carried = [
  'dist',
  library,
  'trace',
  'alerts',
  'packaging',
  'config.example.yml',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'package.json',
  'package-lock.json',
  ...readdirSync(join(root, 'dashboards')).flatMap((name) =>
    name.endsWith('.json') ? [`dashboards/${name}`] : [],
  ),
];

execFileSync('make', ['--no-print-directory', '--silent', '-C', 'native', `prebuilt-${arch}`], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
if (!existsSync(join(root, 'dist/main.js'))) throw new Error('no dist: npm run build comes first');
mkdirSync(at, { recursive: true });
if (readdirSync(at).length > 0) throw new Error(`${at} is not empty`);
for (const path of carried) cpSync(join(root, path), join(at, path), { recursive: true });

const npm = (...args) =>
  execFileSync('npm', [...args, '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: at,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
    maxBuffer: 2 ** 26,
  });
npm('ci', '--ignore-scripts', '--os=linux', `--cpu=${arch}`, '--libc=glibc');
rmSync(join(at, 'package-lock.json'));

// Who installs it builds nothing: what is left says what it is, and of which revision.
const { name, version, license, type, engines, os, bin, dependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const gitHead = process.env['NUMACANARY_REVISION'] || head();
const kept = { name, version, license, type, engines, os, bin, dependencies, ...(gitHead && { gitHead }) };
writeFileSync(join(at, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`);
writeFileSync(join(at, 'sbom.cdx.json'), `${JSON.stringify(sbom(), null, 2)}\n`);
writeFileSync(join(at, 'THIRD-PARTY-LICENSES.txt'), thirdPartyText(thirdParty(join(at, 'node_modules'))));

/** As npm knows it; of the same packages the same bytes, whenever and wherever it is made. */
function sbom() {
  const made = JSON.parse(npm('sbom', '--sbom-format=cyclonedx', '--sbom-type=application'));
  made.metadata.component.name = name;
  delete made.metadata.timestamp;
  delete made.serialNumber;
  return made;
}

function head() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return ''; // an unpacked archive of the sources has none
  }
}
