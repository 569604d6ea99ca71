import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shipped } from '../../src/rules/index.ts';
import { createStack, freePort, startAlertmanager, startPrometheus, until } from '../e2e/stack.ts';
import { lacks } from '../require.ts';
import { noLab, observe, say } from './lab.ts';
import { eventsOf, intel, machineNamed, sapphireRapids } from './pmu.ts';

interface Seen {
  readonly stopped: { readonly code: number | null };
  readonly log: string;
}

const lacking =
  noLab('amd64') ||
  lacks('prometheus', 'no alert is raised by counters') ||
  lacks('prometheus-alertmanager', 'no alert is raised by counters');

/** A day of the rules in two minutes. The emulated machine takes a second or two for a page. */
const scale = 1 / 720;
const scrapeSeconds = 5;
const day = 86_400 * scale;

describe.skipIf(lacking)('a socket that begins to load from the other one, on 2s2n', () => {
  const stack = createStack();
  const began = performance.now();
  let guest: Promise<Seen>;
  let alertmanager: Awaited<ReturnType<typeof startAlertmanager>>;
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
  afterAll(() => stack.end());

  beforeAll(async () => {
    const port = await freePort();
    const machine = machineNamed('2s2n');
    const core = intel.map(({ signal }, index) => ({ signal, event: eventsOf(intel)[index] }));
    const asked = { core, cpus: machine.sockets[1], healthySeconds: day + 45, sickSeconds: 100 };
    guest = observe<Seen>({
      topology: '2s2n',
      cpu: sapphireRapids,
      fakepmu: true,
      port,
      command: ['node', 'test/lab/guest/alerts.mjs', JSON.stringify(asked)],
      timeoutSeconds: 700,
    });
    alertmanager = await startAlertmanager(stack);
    const target = { targets: [`127.0.0.1:${port}`], labels: { cluster: 'lab', host: 'guest' } };
    // Emulated memory moves a thousand times slower than a real one's.
    const thresholds = { ...shipped.thresholds, pages_migrated_per_second: 300 };
    const options = { scale, scrapeSeconds, thresholds };
    prometheus = await startPrometheus(stack, [target], options, alertmanager.address);
    await until('the first page of the guest', 300, async () =>
      (await prometheus.query('host_socket:numacanary_cycles:rate5m')).length === 2 ? true : undefined,
    );
  });

  test('raises nothing while the machine is well', async () => {
    const looked = `host_socket:numacanary_remote_dram:baseline1d and on (host) host:numacanary_group:info offset ${Math.ceil(day)}s`;
    await until('a day of looking at it', day + 60, async () => {
      expect(
        (await alertmanager.active()).filter(
          (name) => name !== 'NumacanaryAllAbsent' && name !== 'NumacanaryDown',
        ),
      ).toEqual([]);
      return (await prometheus.query(looked)).length === 2 ? true : undefined;
    });
    say(`well for a day of ${day} s, ${Math.round((performance.now() - began) / 1000)} s after the start`);
  });

  test('raises what its counters and its pages say, and reaches Alertmanager', async () => {
    const wanted = ['Burst', 'HitmStorm', 'IpcDivergence', 'MigrationThrash', 'RemoteDramShare'];
    const seen = new Set<string>();
    await until('all alerts', 200, async () => {
      for (const name of await alertmanager.active()) seen.add(name.replace('Numacanary', ''));
      return wanted.every((name) => seen.has(name)) ? true : undefined;
    }).catch(() => {});
    expect([...seen].toSorted()).toEqual(expect.arrayContaining(wanted));
    const sockets = await prometheus.query(
      'last_over_time(ALERTS{alertname=~"Numacanary(RemoteDramShare|HitmStorm)",alertstate="firing"}[5m])',
    );
    expect(new Set(sockets.map(({ metric }) => metric['socket']))).toEqual(new Set(['1']));
  });

  test('and the daemon ends with exit code 0', async () => {
    expect((await guest).stopped.code).toBe(0);
  });
});
