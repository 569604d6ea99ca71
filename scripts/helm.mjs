// Prints what the chart takes from elsewhere: rules, boards, the schema of its values, its README, its version: npm run helm.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isMap, parseDocument } from 'yaml';
import { z } from 'zod';
import { configSchema } from '../dist/config.js';
import { sections } from '../dist/sources.js';
import { valuesSchema } from './helm_values.mjs';

const root = resolve(import.meta.dirname, '..');
const chart = 'helm/numacanary';
const read = (path) => readFileSync(join(root, path), 'utf8');

/** Texts by path. A chart can read nothing outside its own folder, so rules and boards stand there once more. */
export function printed() {
  const { version } = JSON.parse(read('package.json'));
  const boards = readdirSync(join(root, 'dashboards')).filter((name) => name.endsWith('.json'));
  return {
    [`${chart}/files/numacanary.rules.yml`]: read('alerts/numacanary.rules.yml'),
    ...Object.fromEntries(
      boards.map((name) => [`${chart}/files/dashboards/${name}`, read(`dashboards/${name}`)]),
    ),
    [`${chart}/Chart.yaml`]: read(`${chart}/Chart.yaml`).replaceAll(
      /^(version|appVersion): .*$/gm,
      `$1: ${version}`,
    ),
    [`${chart}/values.schema.json`]: `${JSON.stringify(schema(), null, 2)}\n`,
    [`${chart}/README.md`]: readme(),
  };
}

/** draft-07 is what Helm's validators of all versions read. Helm judges values after it has merged them with values.yaml. */
const schema = () =>
  z.toJSONSchema(valuesSchema(configSchema(sections)), {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    // Helm's expressions are Go's, which look neither ahead nor back: the daemon still refuses what these would.
    override: ({ jsonSchema }) => {
      if (/\(\?[=!<]/.test(jsonSchema.pattern ?? '')) delete jsonSchema.pattern;
    },
  });

function readme() {
  const rows = rowsOf(parseDocument(read(`${chart}/values.yaml`)).contents, '', '');
  const table = rows.map(({ key, value, tells }) => `| \`${key}\` | \`${value}\` | ${tells} |`);
  const head = read(`${chart}/README.head.md`).trim();
  return [head, '', '## Values', '', '| key | default | what |', '| --- | --- | --- |', ...table, ''].join(
    '\n',
  );
}

/** A row for each value that is no mapping of ours; a comment tells of what stands below it. */
function rowsOf(map, path, above) {
  return map.items.flatMap(({ key, value }, index) => {
    const comment = (index === 0 && map.commentBefore) || key.commentBefore || '';
    const own = (comment.split(/\n\s*\n/).at(-1) ?? '').replaceAll(/\s*\n\s*/g, ' ').trim();
    const tells = own || (index === 0 ? above : '');
    const here = path === '' ? key.value : `${path}.${key.value}`;
    if (isMap(value) && value.items.length > 0) return rowsOf(value, here, tells);
    return [{ key: here, value: JSON.stringify(value.toJSON()), tells }];
  });
}

if (process.argv[1] === import.meta.filename) {
  rmSync(join(root, chart, 'files'), { recursive: true, force: true });
  for (const [path, text] of Object.entries(printed())) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
