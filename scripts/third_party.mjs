// What is shipped beside our own code, and under which terms.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Terms that ask for no more than to be named. */
const allowed = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD']);

/** Every package below a node_modules, by name. Throws where one has terms that nobody has looked at. */
export function thirdParty(modules) {
  const found = foldersOf(modules).flatMap((folder) => {
    const {
      name,
      version,
      license = 'none',
    } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
    return [{ name, version, license, text }, ...nested(folder)];
  });
  const strange = found.filter(({ license }) => !allowed.has(license));
  if (strange.length > 0)
    throw new Error(
      `terms that nobody has looked at: ${strange.map(({ name, license }) => `${name} (${license})`).join(', ')}`,
    );
  return found.toSorted((a, b) => compare(`${a.name}@${a.version}`, `${b.name}@${b.version}`));
}

export const thirdPartyText = (packages) =>
  packages
    .map(({ name, version, license, text }) => `${name} ${version}\n${license}\n\n${text}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);

/** docs/third-party.md, of what the lock says: whoever installs gets these, and of koffi's bindings the one that fits. */
export function thirdPartyPage({ packages }) {
  const rows = Object.entries(packages).flatMap(([path, { version, license = 'none', dev, os }]) => {
    const name = path.replace(/^.*node_modules\//, '');
    const elsewhere = os && !os.includes('linux');
    return path === '' || dev || elsewhere ? [] : [{ name, version, license, any: !os }];
  });
  const counted = rows.filter(({ any }) => any).length + 1;
  return [
    '# What is shipped beside our own code',
    '',
    `${counted} packages at run time, direct and indirect, with koffi's binding for the processor. Printed from package-lock.json by`,
    '`npm run docs`; terms other than these stop a build (`scripts/third_party.mjs`).',
    '',
    '| package | version | terms |',
    '| --- | --- | --- |',
    ...rows.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`),
    '',
  ].join('\n');
}

function nested(folder) {
  const modules = join(folder, 'node_modules');
  return existsSync(modules) ? thirdParty(modules) : [];
}

const foldersOf = (modules) =>
  readdirSync(modules, { withFileTypes: true }).flatMap((entry) => {
    const at = join(modules, entry.name);
    if (!entry.isDirectory() || entry.name.startsWith('.')) return [];
    return entry.name.startsWith('@') ? foldersOf(at) : [at];
  });

const compare = (a, b) => (a < b ? -1 : Number(a > b));
