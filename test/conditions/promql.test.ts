import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { conditions } from '../../src/conditions/all.ts';
import { lacks } from '../require.ts';

const page = readFileSync('docs/conditions.md', 'utf8');
const [drift, change] = [...page.matchAll(/```promql\n([^`]+)```/g)].map(([, expr = '']) => expr.trim());

const info = (host: string, condition: string, value: string) =>
  `numacanary_condition_info{host="${host}",condition="${condition}",value="${value}"}`;
const hostInfo = (host: string, model: string) =>
  `numacanary_host_info{host="${host}",cpu_model="${model}",sockets="2",nodes_per_socket="1",hypervisor="false",kernel="6.12"}`;

const always = (series: string) => ({ series, values: '1x120' });

describe('docs/conditions.md', () => {
  it('has every condition', () => {
    const listed = [...page.matchAll(/^\| `(\w+)` *\|/gm)].map(([, name]) => name);
    expect(listed).toEqual(expect.arrayContaining(conditions.map(({ name }) => name)));
  });

  it.skipIf(lacks('promtool', 'evaluates the PromQL of docs/conditions.md'))(
    'has PromQL that finds drift and change',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'conditions-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const tests = {
        rule_files: [],
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            input_series: [
              ...['a', 'b'].map((host) => always(hostInfo(host, 'X'))),
              always(hostInfo('c', 'Y')),
              always(info('a', 'numa_balancing', '0')),
              always(info('b', 'numa_balancing', '1')),
              // Of another CPU: no peer.
              always(info('c', 'numa_balancing', '2')),
              // Another kernel after a reboot of ten minutes; the hosts agree by then.
              { series: info('a', 'kernel', '6.11'), values: '1x50 stale' },
              { series: info('a', 'kernel', '6.12'), values: '_x60 1x60' },
              always(info('b', 'kernel', '6.12')),
            ],
            promql_expr_test: [
              {
                expr: drift,
                eval_time: '100m',
                exp_samples: [
                  {
                    labels:
                      '{condition="numa_balancing", cpu_model="X", sockets="2", nodes_per_socket="1", hypervisor="false"}',
                    value: 2,
                  },
                ],
              },
              {
                expr: change,
                eval_time: '100m',
                exp_samples: [{ labels: '{host="a", condition="kernel"}', value: 2 }],
              },
            ],
          },
        ],
      };
      writeFileSync(join(folder, 'test.json'), JSON.stringify(tests));
      const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'test.json'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
    },
  );
});
