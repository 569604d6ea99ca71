import { readFileSync, readdirSync } from 'node:fs';
import { parse } from 'yaml';
import type { ModelFile } from '../../src/pmu/catalogue/models.ts';

/** models/*.yml, read as the build reads them. */
export const modelFiles = (): readonly ModelFile[] =>
  readdirSync('models')
    .toSorted()
    .map((name): ModelFile => {
      const value: unknown = parse(readFileSync(`models/${name}`, 'utf8'));
      return { file: `models/${name}`, value };
    });
