import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machine } from '../machines.ts';
import { lacks, skips } from '../require.ts';
import {
  createStack,
  freePort,
  programWith,
  startAlertmanager,
  startPrometheus,
  until,
  writeTree,
} from './stack.ts';

const library = resolve(import.meta.dirname, '../../native/build/libnumacanary-delay.so');
const lacking =
  lacks('prometheus', 'no alert is raised end to end') ||
  lacks('prometheus-alertmanager', 'no alert is raised end to end') ||
  skips(!existsSync(library), `${library}: make -C native delay`) ||
  skips(availableParallelism() < 2, 'a hand-off needs two CPUs');

/** All times of the shipped rules by this: a day in two minutes, ten minutes in one second. */
const scale = 1 / 720;
const daySeconds = 86_400 * scale;

describe.skipIf(lacking)('a link that gets slower, from the daemon to Alertmanager', () => {
  const stack = createStack();
  afterAll(() => stack.end());

  let daemon: ReturnType<typeof stack.start>;
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
  let alertmanager: Awaited<ReturnType<typeof startAlertmanager>>;

  beforeAll(async () => {
    const { folder } = stack;
    const tree = machine('two-socket', { coresPerNode: 1, threads: 1, numbering: 'linear', numa: false });
    // Two CPUs that are this machine's own, said to be two sockets.
    writeTree(folder, tree);
    writeFileSync(join(folder, 'config.yml'), 'probes: { latency: { period_seconds: 1 } }\n');
    const address = `127.0.0.1:${await freePort()}`;
    daemon = stack.start(
      'numacanary',
      process.execPath,
      join(import.meta.dirname, 'slow_link.mjs'),
      programWith(folder, library),
      '2000',
      '4000',
      '--config.file=config.yml',
      `--path.sysfs=${folder}/sys`,
      `--web.listen-address=${address}`,
    );
    alertmanager = await startAlertmanager(stack);
    prometheus = await startPrometheus(
      stack,
      [{ targets: [address], labels: { cluster: 'lab', host: 'a' } }],
      { scale },
      alertmanager.address,
    );
  });

  /** Where somebody else works on the two CPUs, most visits are thrown away, and the alert that says so is right. */
  const busy = 'NumacanaryMostlyTainted';
  const active = async () => (await alertmanager.active()).filter((name) => name !== busy);

  it('is measured between the two sockets of the declared topology', async () => {
    const found = await until('latency across sockets', 30, async () => {
      const series = await prometheus.query(
        'host_pair:numacanary_latency_seconds:max{distance="cross_socket"}',
      );
      return series.length > 0 ? series : undefined;
    });
    expect(found[0]?.metric).toMatchObject({ cluster: 'lab', host: 'a', src_socket: '0', dst_socket: '1' });
  });

  it('raises nothing in the day before', async () => {
    await until('a day of looking at it', daySeconds + 30, async () => {
      expect(await active()).toEqual([]);
      const looked = `host:numacanary_group:info offset ${Math.ceil(daySeconds)}s`;
      return (await prometheus.query(looked)).length > 0 ? true : undefined;
    });
  });

  it('reaches Alertmanager within 90 s', async () => {
    daemon.kill('SIGUSR2');
    const began = performance.now();
    const raised = await until('the alert', 90, async () => {
      const alerts = await active();
      return alerts.length > 0 ? alerts : undefined;
    });
    expect(new Set(raised)).toEqual(new Set(['NumacanaryCrossSocketLatencyRegression']));
    process.stderr.write(
      `e2e: raised ${((performance.now() - began) / 1000).toFixed(1)} s after the link got slow\n`,
    );
  });

  it('is resolved when the link is as it was', async () => {
    daemon.kill('SIGUSR2');
    await until('the end of the alert', 90, async () =>
      (await prometheus.query(`ALERTS{alertstate="firing",alertname!="${busy}"}`)).length === 0 &&
      (await active()).length === 0
        ? true
        : undefined,
    );
  });
});
