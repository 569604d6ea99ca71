import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { isAlert } from '../../src/rules/rule.ts';
import { ruleGroups, rulesFile, shipped } from '../../src/rules/index.ts';
import { lacks } from '../require.ts';
import { scenarios } from './scenarios.ts';
import type { Scenario } from './scenarios.ts';

const folder = mkdtempSync(join(tmpdir(), 'numacanary-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'rules.yml'), rulesFile(shipped));

const promtools = [
  { program: 'promtool', what: 'promtool of Debian, left-closed ranges' },
  { program: 'promtool3', what: 'promtool 3.x, left-open ranges (tools/install promtool3)' },
];

const run = async (program: string, ...argv: string[]) => {
  const outcome = promisify(execFile)(program, argv, { cwd: folder });
  const { stdout, stderr } = await outcome.catch((thrown: { stdout: string; stderr: string }) => thrown);
  return stdout + stderr;
};

/** One Prometheus for all scenarios of one host that last equally long: a day takes promtool seconds, whoever is in it. */
const batches: readonly (readonly Scenario[])[] = [
  ...scenarios.filter(({ alone }) => alone).map((one) => [one]),
  ...[...new Set(scenarios.map(lastsUntil))].map((minutes) =>
    scenarios.filter((one) => !one.alone && lastsUntil(one) === minutes),
  ),
].filter((batch) => batch.length > 0);

function lastsUntil({ intervalSeconds, firing }: Scenario): string {
  const last = Math.max(...Object.keys(firing).map(Number));
  return intervalSeconds === 14 ? 'hours' : last > 32 * 60 ? 'days' : 'a day';
}

/** Its host is called after it where others stand beside it. */
const nameOf = ({ name, alone }: Scenario) => (alone ? '' : name.replaceAll(/[^a-z0-9]+/g, '-'));
const renamed = (text: string, host: string) =>
  host === '' ? text : text.replaceAll(/"(numacanary-)?a(:6862)?"/g, `"$1${host}$2"`);

describe.concurrent.each(promtools)('$what', ({ program, what }) => {
  const missing = lacks(program, `rules are not evaluated by ${what}`);

  it.skipIf(missing)('finds nothing wrong with the rules', async () => {
    expect(await run(program, 'check', 'rules', '--lint=all', '--lint-fatal', 'rules.yml')).toMatch(
      /SUCCESS/,
    );
  });

  it
    .skipIf(missing)
    .each(batches.map((batch, index) => [batch.map(({ name }) => name).join('; '), index] as const))(
    '%s',
    async (_, index) => {
      const name = `${program}-${index}.yml`;
      writeFileSync(join(folder, name), stringify(unitTest(batches[index] ?? []), { lineWidth: 0 }));
      expect(await run(program, 'test', 'rules', name)).toMatch(/SUCCESS/);
    },
  );
});

it('every alert fires in some scenario, and is silent before and after', () => {
  const alerts = new Set(
    ruleGroups(shipped).flatMap(({ rules }) => rules.filter(isAlert).map(({ alert }) => alert)),
  );
  for (const alert of alerts) {
    const fired = scenarios.filter(({ firing }) =>
      Object.values(firing).some((names) => names.some((name) => name.split(' ')[0] === alert)),
    );
    expect(fired.length, alert).toBeGreaterThan(0);
    const cycles = fired.some(({ firing }) => {
      const states = Object.values(firing).map((names) => names.some((name) => name.split(' ')[0] === alert));
      return states[0] === false && states.includes(true) && states.at(-1) === false;
    });
    expect(cycles, `${alert} fires and resolves`).toBe(true);
  }
});

/** In the words of promtool. */
function unitTest(batch: readonly Scenario[]) {
  return {
    rule_files: ['rules.yml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: `${batch[0]?.intervalSeconds ?? 0}s`,
        input_series: batch.flatMap((scenario) =>
          Object.entries(scenario.series).map(([series, values]) => ({
            series: renamed(series, nameOf(scenario)),
            values,
          })),
        ),
        promql_expr_test: batch.flatMap((scenario) => {
          const host = nameOf(scenario);
          return Object.entries(scenario.firing).map(([minute, names]) => ({
            expr: `count by (alertname) (ALERTS{alertstate="firing"${host && `,host="${host}"`}})`,
            eval_time: `${Math.round(Number(minute) * 60)}s`,
            exp_samples: names.map((name) => {
              const [alertname, count = '1'] = name.split(' ');
              return { labels: `{alertname="${alertname}"}`, value: Number(count) };
            }),
          }));
        }),
      },
    ],
  };
}
