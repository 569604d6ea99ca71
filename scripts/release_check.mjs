// `npm run release:check`: what must agree before a tag is made. The version is package.json's; all others follow it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

/**
 * What is wrong, a line each. `texts` by path: package.json, package-lock.json, CHANGELOG.md, and Chart.yaml where there is
 * one; `tags` are those of HEAD, `changed` what `git status --short` says.
 */
export function complaints({ texts, tags, changed }) {
  const { version } = JSON.parse(texts['package.json']);
  const lock = JSON.parse(texts['package-lock.json']);
  const [, newest] = /^## (?!Unreleased)(\S+)(?: .*)?$/m.exec(texts['CHANGELOG.md']) ?? [];
  const unreleased = /^## Unreleased\n+(?=- )/m.test(texts['CHANGELOG.md']);
  const chart = texts['helm/numacanary/Chart.yaml'];
  const { version: chartVersion, appVersion } = chart ? parse(chart) : { version, appVersion: version };
  const said = (what, other) => (other === version ? [] : [`${what} says ${other}, package.json ${version}`]);
  return [
    ...(/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) ? [] : [`package.json: ${version} is no version`]),
    ...said('package-lock.json', lock.version),
    ...said('package-lock.json, packages[""]', lock.packages[''].version),
    ...said('the newest heading of CHANGELOG.md', newest),
    ...(unreleased ? ['CHANGELOG.md: entries stand under Unreleased: give them the version’s heading'] : []),
    ...said('helm/numacanary/Chart.yaml, appVersion', appVersion),
    ...said('helm/numacanary/Chart.yaml, version', chartVersion),
    ...(changed === '' ? [] : [`not committed:\n${changed}`]),
    ...(tags.length === 0 || tags.includes(`v${version}`)
      ? []
      : [`HEAD is tagged ${tags.join(', ')}, which is not v${version}`]),
  ];
}

const root = resolve(import.meta.dirname, '..');
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

if (process.argv[1] === import.meta.filename) {
  const paths = ['package.json', 'package-lock.json', 'CHANGELOG.md', 'helm/numacanary/Chart.yaml'];
  const found = complaints({
    texts: Object.fromEntries(
      paths.flatMap((path) =>
        existsSync(join(root, path)) ? [[path, readFileSync(join(root, path), 'utf8')]] : [],
      ),
    ),
    tags: git('tag', '--points-at', 'HEAD').split('\n').filter(Boolean),
    changed: git('status', '--short'),
  });
  for (const line of found) console.error(`release: ${line}`);
  if (found.length > 0) process.exit(1);
  // What is printed from code must be what is committed, and what ships must have been tried.
  execFileSync('npm', ['run', '--silent', 'docs'], { cwd: root, stdio: 'inherit' });
  const printed = git('status', '--short');
  if (printed !== '') {
    console.error(`release: npm run docs changes\n${printed}`);
    process.exit(1);
  }
  console.log('release: versions agree, nothing is uncommitted, docs are what the code prints');
  console.log('release: `npm test` and .ci/run judge the rest; CONTRIBUTING.md has the steps');
}
