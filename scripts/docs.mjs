// Prints docs/metrics.md, docs/configuration.md, docs/alerts.md, docs/third-party.md and the rules from the declarations: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { settings } from '../dist/config.js';
import { configurationPage, metricsPage } from '../dist/docs.js';
import { rulesFile, shipped } from '../dist/rules/index.js';
import { alertsPage } from '../dist/rules/page.js';
import { catalogue, sections } from '../dist/sources.js';
import { thirdPartyPage } from './third_party.mjs';

const write = (name, text) => writeFileSync(new URL(`../${name}`, import.meta.url), text);
write('docs/metrics.md', metricsPage(catalogue()));
write('docs/configuration.md', configurationPage(settings(sections)));
write('docs/alerts.md', alertsPage());
write('alerts/numacanary.rules.yml', rulesFile(shipped));
write(
  'docs/third-party.md',
  thirdPartyPage(JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))),
);
