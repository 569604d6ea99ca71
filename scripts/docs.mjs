// Prints docs/metrics.md and docs/configuration.md from the declarations: `npm run docs`.
import { writeFileSync } from 'node:fs';
import { settings } from '../dist/config.js';
import { configurationPage, metricsPage } from '../dist/docs.js';
import { catalogue, sections } from '../dist/sources.js';

const write = (name, text) => writeFileSync(new URL(`../docs/${name}`, import.meta.url), text);
write('metrics.md', metricsPage(catalogue()));
write('configuration.md', configurationPage(settings(sections)));
