import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { thirdPartyPage } from '../../scripts/third_party.mjs';

const read = (path: string) => readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');

it('docs/third-party.md is what the lock says', () => {
  const lock = JSON.parse(read('package-lock.json')) as Parameters<typeof thirdPartyPage>[0];
  expect(read('docs/third-party.md')).toBe(thirdPartyPage(lock));
});

it('what is only used to build is not in it', () => {
  const page = thirdPartyPage({
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0', license: 'MIT' },
      'node_modules/a/node_modules/b': { version: '2.0.0', license: 'ISC' },
      'node_modules/vitest': { version: '4.0.0', license: 'MIT', dev: true },
      'node_modules/@k/koffi-linux-x64': { version: '3.0.0', license: 'MIT', os: ['linux'] },
      'node_modules/@k/koffi-win32-x64': { version: '3.0.0', license: 'MIT', os: ['win32'] },
    },
  });
  expect(page).toMatch(/^3 packages at run time/m);
  expect(page.match(/^\| .*$/gm)?.slice(2)).toEqual([
    '| a | 1.0.0 | MIT |',
    '| b | 2.0.0 | ISC |',
    '| @k/koffi-linux-x64 | 3.0.0 | MIT |',
  ]);
});
