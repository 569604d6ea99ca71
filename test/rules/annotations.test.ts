import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { rulesFile, shipped } from '../../src/rules/index.ts';
import { lacks } from '../require.ts';
import { scenarios } from './scenarios.ts';

/** promtool prints what it got where it was told to expect nothing: templates, queries in them and all. */
it.skipIf(lacks('promtool', 'annotations are not rendered'))('annotations read as sentences', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'numacanary-annotations-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'rules.yml'), rulesFile(shipped));
  // Those of a day take seconds each, and have the same kinds of values in them.
  const short = scenarios.filter(({ intervalSeconds }) => intervalSeconds === 14);
  const tests = short.map(({ name, intervalSeconds, series, firing }) => ({
    name,
    interval: `${intervalSeconds}s`,
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    alert_rule_test: Object.entries(firing).flatMap(([minute, names]) =>
      names.map((alertname) => ({
        alertname: alertname.split(' ')[0],
        eval_time: `${minute}m`,
        exp_alerts: [],
      })),
    ),
  }));
  writeFileSync(
    join(folder, 'test.yml'),
    stringify({ rule_files: ['rules.yml'], evaluation_interval: '1m', tests }),
  );
  const { stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'test.yml'], {
    encoding: 'utf8',
    cwd: folder,
  });
  const said = [...(stdout + stderr).matchAll(/(alertname|description|summary)[:=]"((?:[^"\\]|\\.)*)"/g)]
    .map(([, what = '', text = '']) => (what === 'alertname' ? `\n${text}` : text.replaceAll('\\"', '"')))
    .join('\n');
  // promtool evaluates groups in whatever order: what one reads of another is of this minute or of the one before.
  const steady = said.trim().replaceAll(/\d+\.\d+/g, '#.#');
  await expect(`${steady}\n`).toMatchFileSnapshot('annotations.golden.txt');
});
