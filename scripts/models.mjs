// Makes dist/models.json of models/*.yml: part of `npm run build`, after TypeScript. A mistake in a file stops the
// build, with file and path; the daemon then has one file to read and no YAML to parse.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { ConfigError } from '../dist/errors.js';
import { parseModels } from '../dist/pmu/catalogue/models.js';

const folder = new URL('../models/', import.meta.url);

try {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.yml'))
    .toSorted()
    .map(read);
  parseModels(files);
  const models = files.map(({ value }) => value);
  writeFileSync(new URL('../dist/models.json', import.meta.url), `${JSON.stringify(models)}\n`);
} catch (thrown) {
  if (!(thrown instanceof ConfigError)) throw thrown;
  process.stderr.write(`${thrown.message}\n`);
  process.exitCode = 1;
}

function read(name) {
  const file = `models/${name}`;
  const lineCounter = new LineCounter();
  const document = parseDocument(readFileSync(new URL(name, folder), 'utf8'), { lineCounter });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos, message }) => {
        const { line, col } = lineCounter.linePos(pos[0]);
        return `${file}:${line}:${col}: ${message.split('\n', 1)[0]}`;
      }),
    );
  }
  return { file, value: document.toJS() };
}
