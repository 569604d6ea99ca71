// Makes a clone ready to run: packages, native helper, compiled TypeScript; only what is stale, so that a
// second start costs next to nothing and needs neither network nor compiler. `npm start` and `npm test` run
// it first. It has no dependency but Node, and no syntax newer than Node 12: an old Node must reach the line
// that says so.
import { spawnSync } from 'child_process';
import { createHash } from 'crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'fs';
import { delimiter, join, resolve } from 'path';
import { fileURLToPath } from 'url';

const root = resolve(fileURLToPath(import.meta.url), '../..');
process.chdir(root);

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Node ${process.versions.node} is too old: install Node 20.19 or later (https://nodejs.org/en/download)`,
  );
}
if (process.platform !== 'linux') {
  fail(`${process.platform} has no NUMA that this program can read: run it on Linux`);
}

// One hash for each thing built, of all that goes into it. Hashes and not times: a checkout, a copy and a
// container layer all change times. The platform is part of it, for a clone that two machines share.
const steps = [
  {
    name: 'packages',
    inputs: ['package-lock.json'],
    outputs: ['node_modules/typescript/package.json', 'node_modules/koffi/package.json'],
    build: install,
  },
  {
    name: 'native',
    inputs: ['native'],
    outputs: ['native/build/libnumacanary.so'],
    build: compileNative,
  },
  {
    name: 'dist',
    inputs: [
      'src',
      'models',
      'scripts/models.mjs',
      'tsconfig.json',
      'tsconfig.build.json',
      'package-lock.json',
    ],
    outputs: ['dist/main.js', 'dist/models.json'],
    build: compileTypeScript,
  },
];

const stamps = readStamps();
for (const step of steps) {
  const stamp = digest(step.inputs);
  if (stamps[step.name] === stamp && step.outputs.every((path) => existsSync(path))) continue;
  step.build();
  stamps[step.name] = stamp;
  writeFileSync('.stamp', `${JSON.stringify(stamps, null, 2)}\n`);
}

function install() {
  say('installing packages (npm ci)');
  // The compiler is a development dependency, and NODE_ENV=production would leave it out.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath || '';
  if (npm.endsWith('npm-cli.js')) run(process.execPath, [npm, ...args], 'npm ci failed');
  else run('npm', args, 'npm ci failed');
}

function compileNative() {
  const compiler = process.env.CC || 'cc';
  const missing = [compiler.split(' ')[0], 'make'].filter((program) => !onPath(program));
  if (missing.length > 0) {
    fail(`${missing.join(' and ')} not found: apt-get install gcc make libc6-dev (or: dnf install gcc make)`);
  }
  say('compiling the native helper');
  run('make', ['--no-print-directory', '--silent', '-C', 'native'], 'the native helper does not compile');
}

function compileTypeScript() {
  say('compiling TypeScript');
  run(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
    'TypeScript does not compile',
  );
  run(process.execPath, ['scripts/models.mjs'], 'the CPU models are not right');
}

/** Output goes to stderr: stdout belongs to the command that npm runs after us. */
function run(program, args, trouble) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) fail(error ? `${trouble}: ${error.message}` : `${trouble} (see above)`);
}

function onPath(program) {
  const folders = program.includes('/') ? [''] : (process.env.PATH || '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}

function digest(paths) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  const add = (path) => {
    if (path === 'native/build' || path === 'native/prebuilt') return;
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).toSorted()) add(join(path, name));
    else hash.update(`\0${path}\0`).update(readFileSync(path));
  };
  paths.forEach(add);
  return hash.digest('hex');
}

function readStamps() {
  try {
    return JSON.parse(readFileSync('.stamp', 'utf8'));
  } catch {
    return {};
  }
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
