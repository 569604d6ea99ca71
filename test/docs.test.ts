import { describe, expect, it } from 'vitest';
import { settings } from '../src/config.ts';
import { configurationPage, metricsPage } from '../src/docs.ts';
import { alertsPage } from '../src/rules/page.ts';
import { catalogue, sections } from '../src/sources.ts';

describe('docs/metrics.md', () => {
  it('is what the declarations say: `npm run docs` prints it anew', async () => {
    await expect(metricsPage(catalogue())).toMatchFileSnapshot('../docs/metrics.md');
  });
});

describe('docs/configuration.md', () => {
  it('is what the schemas say: `npm run docs` prints it anew', async () => {
    await expect(configurationPage(settings(sections))).toMatchFileSnapshot('../docs/configuration.md');
  });
});

describe('docs/alerts.md', () => {
  it('is what the rules say: `npm run docs` prints it anew', async () => {
    await expect(alertsPage()).toMatchFileSnapshot('../docs/alerts.md');
  });
});
