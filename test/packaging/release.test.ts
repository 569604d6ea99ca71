import { expect, it } from 'vitest';
import { complaints } from '../../scripts/release_check.mjs';

const texts = {
  'package.json': '{"version": "1.2.0"}',
  'package-lock.json': '{"version": "1.2.0", "packages": {"": {"version": "1.2.0"}}}',
  'CHANGELOG.md': '# Changelog\n\n## Unreleased\n\n## 1.2.0 (2026-11-27)\n\n- [FEATURE] x\n\n## 1.1.0\n',
  'helm/numacanary/Chart.yaml': 'version: 1.2.0\nappVersion: "1.2.0"\n',
};
const good = { texts, tags: [], changed: '' };
const changed = (path: keyof typeof texts, text: string) => ({ ...good, texts: { ...texts, [path]: text } });

it.each<[string, Parameters<typeof complaints>[0], readonly (string | RegExp)[]]>([
  ['nothing is wrong where all say the same version', good, []],
  ['nor where HEAD has its tag', { ...good, tags: ['v1.2.0'] }, []],
  ['another tag is complained of', { ...good, tags: ['v1.1.0'] }, [/tagged v1\.1\.0, which is not v1\.2\.0/]],
  [
    'as is what is not committed',
    { ...good, changed: ' M src/main.ts' },
    [/not committed:\n M src\/main\.ts/],
  ],
  [
    'a lock of the version before',
    changed('package-lock.json', '{"version": "1.1.0", "packages": {"": {"version": "1.1.0"}}}'),
    [/^package-lock\.json says 1\.1\.0/, /packages\[""\] says 1\.1\.0/],
  ],
  [
    'a changelog that nobody closed',
    changed('CHANGELOG.md', '## Unreleased\n\n- [FEATURE] x\n\n## 1.2.0\n'),
    [/Unreleased/],
  ],
  ['a changelog without the version', changed('CHANGELOG.md', '## 1.1.0\n'), [/CHANGELOG\.md says 1\.1\.0/]],
  [
    'a chart that installs another version',
    changed('helm/numacanary/Chart.yaml', 'version: 1.2.0\nappVersion: "1.1.0"\n'),
    [/appVersion says 1\.1\.0/],
  ],
  [
    'a version that is none',
    { ...good, texts: { ...texts, 'package.json': '{"version": "next"}' } },
    [/next is no version/, /lock/, /lock/, /CHANGELOG/, /appVersion/, /version/],
  ],
])('%s', (_, found, wanted) => {
  const said = complaints(found);
  expect(said).toHaveLength(wanted.length);
  for (const [index, pattern] of wanted.entries()) expect(said[index]).toMatch(pattern);
});
