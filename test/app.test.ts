import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../src/config.ts';
import { ConfigError, ListenError } from '../src/errors.ts';
import { sections } from '../src/sources.ts';
import { distances } from '../src/topology.ts';
import { fakeNative } from './fakeNative.ts';
import { fakePerf } from './fakePerf.ts';
import { machine } from './machines.ts';
import { started } from './started.ts';

const openmetrics = { headers: { accept: 'application/openmetrics-text;version=1.0.0' } };

/** As fetch cannot: without asking for compression, and with the bytes as they came. */
async function raw(address: string, path: string, headers: Record<string, string>) {
  const [host, port] = address.split(':');
  const asked = request({ host, port, path, headers }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { headers: response.headers, body: Buffer.concat(chunks) };
}

function gated() {
  let open: () => void = Object; // replaced at once: the executor of a promise runs before it returns
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open: () => open(), opened };
}

const latencyOff = () =>
  Promise.resolve(parseConfig({ file: 'c.yml', text: 'probes: {latency: {enabled: false}}' }, sections));

/** Hand-offs of the latency probe, as text. */
const handOffs = (page: string) =>
  /^numacanary_probe_latency_seconds_count\{.*distance="smt"\} (\d+)/m.exec(page)?.[1];

const visits = (page: string) =>
  Number(/^numacanary_probe_visits_total\{outcome="clean",host_load="unknown"\} (\d+)/m.exec(page)?.[1]);

const remoteLoads = (page: string) =>
  Number(/^numacanary_pmu_loads_total\{socket="0".*source="remote_dram".*\} (\S+)/m.exec(page)?.[1]);

describe('the daemon', () => {
  it('shows every distance of the machine within five seconds of its start', async () => {
    const { clock, text } = await started({ machine: 'two-socket' });
    await clock.advance(5);
    const page = await text('/metrics');
    const classes = [
      ...page.matchAll(/^numacanary_probe_latency_seconds_count\{.*distance="(\w+)"\} (\d+)$/gm),
    ];
    expect(new Set(classes.map(([, distance]) => distance))).toEqual(new Set(['smt', 'llc', 'cross_socket']));
    for (const [, , count] of classes) expect(Number(count)).toBeGreaterThan(0);
    expect(distances).toContain('cross_socket');
  });

  it('serves text, OpenMetrics and the same text again', async () => {
    const { clock, text } = await started();
    await clock.advance(5);
    const first = await text('/metrics');
    const second = await text('/metrics', openmetrics);
    expect(await text('/metrics')).toBe(first);
    expect(first).toContain('numacanary_probe_visits_total{');
    expect(second).not.toContain('_total_total');
    expect(second.endsWith('# EOF\n')).toBe(true);
  });

  it('says of itself what it serves, and compresses only when asked', async () => {
    const { clock, address, get } = await started();
    await clock.advance(5);
    const plain = await raw(address, '/metrics', {});
    expect(plain.headers).toMatchObject({
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      vary: 'Accept, Accept-Encoding',
    });
    expect(plain.headers['content-encoding']).toBeUndefined();
    const packed = await raw(address, '/metrics', { 'accept-encoding': 'gzip' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.body.length).toBeLessThan(plain.body.length / 4);
    expect(gunzipSync(packed.body).toString()).toBe(plain.body.toString());
    const head = await get('/metrics', { method: 'HEAD', ...openmetrics });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-type')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    expect(await head.text()).toBe('');
  });

  it('reads the collectors once for scrapes within a second, and again after it', async () => {
    const { clock, text } = await started();
    await clock.advance(5);
    const count = async () =>
      /^numacanary_scrape_collections_total (\d+)$/m.exec(await text('/metrics'))?.[1];
    const pages = await Promise.all([count(), count(), count()]);
    expect(new Set(pages).size).toBe(1);
    const [first] = pages;
    await clock.advance(0.9);
    expect(await count()).toBe(first);
    await clock.advance(0.2);
    expect(Number(await count())).toBe(Number(first) + 1);
  });

  it('is ready when every probe has run once, and healthy before', async () => {
    const gate = gated();
    const { clock, get } = await started({
      native: { ...fakeNative(), visit: () => gate.opened.then(() => Promise.reject(new Error('enough'))) },
    });
    await clock.advance(1);
    expect((await get('/-/ready')).status).toBe(503);
    expect((await get('/-/healthy')).status).toBe(200);
    gate.open();
    await clock.advance(5);
    await get('/metrics');
    expect((await get('/-/ready')).status).toBe(200);
  });

  it('answers 503 above web.max_requests', async () => {
    const files = machine('two-socket');
    const reading = gated();
    const gate = gated();
    Object.defineProperty(files, '/proc/sys/kernel/osrelease', {
      get: () => (reading.open(), gate.opened.then(() => '6.12.0')),
    });
    const { get } = await started({ files, config: 'web: {max_requests: 1}' });
    const first = get('/metrics');
    await reading.opened;
    const second = await get('/metrics');
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await second.text()).toContain('web.max_requests');
    gate.open();
    expect((await first).status).toBe(200);
  });

  it('gives up a collector before the scraper gives up us, and serves the rest', async () => {
    const files = machine('two-socket');
    Object.defineProperty(files, '/proc/sys/kernel/osrelease', { get: () => new Promise(() => {}) });
    const { clock, get } = await started({ files });
    await clock.advance(30);
    const scrape = get('/metrics', { headers: { 'x-prometheus-scrape-timeout-seconds': '5' } });
    const waiting = { over: false };
    void scrape.finally(() => (waiting.over = true));
    while (!waiting.over) await clock.advance(0.5);
    const page = await (await scrape).text();
    expect(page).toContain('numacanary_source_status{source="host_info",status="failed",reason="timeout"} 1');
    expect(page).toContain('process_cpu_seconds_total 1.5');
  });

  it('drops whole families above metrics.max_series, and counts them', async () => {
    const { clock, text } = await started({ config: 'metrics: {max_series: 200}' });
    await clock.advance(5);
    const page = await text('/metrics');
    const series = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(series.length).toBeLessThanOrEqual(200);
    expect(series.length).toBeGreaterThan(150);
    expect(page).toMatch(
      /^numacanary_series_dropped_total\{family="numacanary_probe_latency_seconds"\} \d+$/m,
    );
    expect(page).not.toContain('numacanary_probe_latency_seconds_bucket');
    expect(page).toContain('numacanary_source_status');
  });

  it('prints the pages that lead elsewhere', async () => {
    const { clock, get, text } = await started();
    await clock.advance(5);
    const page = await get('/');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href);
    expect(links).toEqual(expect.arrayContaining(['metrics', 'api/v1/spikes']));
    for (const link of links) expect((await get(`/${link.replace(/^\//, '')}`)).status).toBe(200);
    expect(JSON.parse(await text('/api/v1/topology'))).toMatchObject({ sockets: [{ id: 0 }, { id: 1 }] });
    expect(JSON.parse(await text('/api/v1/status'))).toMatchObject({ version: '1.2.3', configGood: true });
    expect(JSON.parse(await text('/api/v1/matrix'))).toHaveProperty('jobs');
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/api/v1/jobs/%zz')).status).toBe(400);
  });

  it('runs on a machine that shows nothing, and says so', async () => {
    const { clock, text } = await started({ machine: 'bare' });
    await clock.advance(5);
    const page = await text('/metrics');
    expect(page).toContain(
      'numacanary_source_status{source="latency",status="absent",reason="not_present"} 1',
    );
    expect(page).not.toContain('status="failed"');
    expect(page).not.toContain('numacanary_probe_latency');
  });

  it('says in one line why it cannot listen', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const busy = started({ listen: `127.0.0.1:${port}` });
    await expect(busy).rejects.toThrow(ListenError);
    await expect(busy).rejects.toThrow(/EADDRINUSE: another program listens there/);
    other.close();
  });
});

describe('a job', () => {
  const post = { method: 'POST' };

  it('is run over HTTP only where that is enabled, and says why not', async () => {
    const { get } = await started();
    const answer = await get('/api/v1/jobs/sweep', post);
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('--web.enable-lifecycle');
  });

  it('begins when it is asked for, once at a time, and its result is under /api/v1/matrix', async () => {
    const { clock, get, text } = await started({
      config: 'web: {enable_lifecycle: true}\njobs: {experiments: {enabled: false}}',
    });
    await clock.advance(5);
    const state = async () => {
      const { jobs } = JSON.parse(await text('/api/v1/matrix')) as { jobs: Record<string, unknown> };
      return jobs['sweep'];
    };
    expect(await state()).toMatchObject({ state: 'never_ran' });
    const began = await get('/api/v1/jobs/sweep', post);
    expect(began.status).toBe(202);
    expect(began.headers.get('location')).toBe('/api/v1/matrix');
    expect((await get('/api/v1/jobs/sweep', post)).status).toBe(409);
    await clock.advance(600);
    expect(await state()).toMatchObject({ state: 'done', result: { cpus: expect.any(Array) } });
    expect((await get('/api/v1/jobs/sweep', post)).status).toBe(202);
    for (const name of ['nothing', 'experiments', 'toString'])
      expect((await get(`/api/v1/jobs/${name}`, post)).status).toBe(404);
    const looked = await get('/api/v1/jobs/sweep');
    expect([looked.status, looked.headers.get('allow')]).toEqual([405, 'POST, PUT']);
  });
});

describe('reload', () => {
  it('is refused over HTTP unless it is enabled, with the reason', async () => {
    const { get } = await started();
    const answer = await get('/-/reload', { method: 'POST' });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('--web.enable-lifecycle');
  });

  it('takes POST and PUT, and no other', async () => {
    const { get } = await started({ config: 'web: {enable_lifecycle: true}' });
    expect((await get('/-/reload', { method: 'POST' })).status).toBe(200);
    const answer = await get('/-/reload');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST, PUT');
  });

  it('puts the new configuration in force and keeps what was counted', async () => {
    const daemon = await started({ readConfig: latencyOff });
    const { clock, text } = daemon;
    await clock.advance(5);
    const before = handOffs(await text('/metrics'));
    expect(Number(before)).toBeGreaterThan(0);
    await daemon.reload();
    await clock.advance(30);
    const page = await text('/metrics');
    expect(handOffs(page)).toBe(before);
    expect(page).not.toContain('source="latency"');
    expect(page).not.toContain('numacanary_probe_latency_median_seconds{');
    expect(page).toContain('numacanary_probe_latency_seconds_count{');
    expect(page).toContain('numacanary_config_last_reload_successful 1');
    expect(daemon.log.lines).toContainEqual({
      level: 'warn',
      message: 'takes effect after a restart',
      fields: { key: 'web.listen_address' },
    });
  });

  it('lets no counter fall when courtesy changes and with it who makes the visits', async () => {
    const daemon = await started({
      readConfig: async () => parseConfig({ file: 'c.yml', text: 'courtesy: {exclude_cpus: "0"}' }, sections),
    });
    const { clock, text } = daemon;
    await clock.advance(30);
    const before = visits(await text('/metrics'));
    expect(before).toBeGreaterThan(5);
    await daemon.reload();
    await clock.advance(5);
    expect(visits(await text('/metrics'))).toBeGreaterThanOrEqual(before);
  });

  it('lets no counter of the CPUs fall when counters are opened anew by another configuration', async () => {
    const configs = [
      'collectors: {pmu: {leave_counters: 0}, kernel_events: {signals: [page_faults]}}',
      'collectors: {pmu: {enabled: false}}',
      '',
    ];
    const daemon = await started({
      readConfig: async () => parseConfig({ file: 'c.yml', text: configs.shift() ?? '' }, sections),
    });
    const { clock, text } = daemon;
    const now = async () => {
      const page = await text('/metrics');
      const of = (name: string) =>
        Number(new RegExp(`^${name}\\{.*socket="1".*\\} (\\S+)`, 'm').exec(page)?.[1]);
      return { cycles: of('numacanary_pmu_cycles_total'), faults: of('numacanary_page_faults_total') };
    };
    /** Counters are open before the time that they are to count passes. */
    const later = async () => {
      await text('/metrics');
      await clock.advance(20);
    };
    await clock.advance(5);
    await later();
    const first = await now();
    expect(first.cycles).toBeGreaterThan(0);
    await daemon.reload();
    await later();
    const second = await now();
    expect(second.cycles).toBeGreaterThan(first.cycles);
    expect(second.faults).toBeGreaterThan(first.faults);
    await daemon.reload();
    await later();
    const third = await now();
    expect(third.cycles).toBeNaN();
    expect(third.faults).toBeGreaterThan(second.faults);
    expect(await text('/metrics')).not.toContain('source="pmu"');
    await daemon.reload();
    await later();
    expect((await now()).cycles).toBeGreaterThan(second.cycles);
    expect(daemon.log.lines.filter(({ message }) => message === 'tick failed')).toEqual([]);
  });

  it('begins nothing anew when it is told to stop in the middle', async () => {
    const native = fakeNative({ perf: fakePerf({ clock: { now: () => 0 } }) });
    const gate = new EventEmitter();
    let slow = false;
    const daemon = await started({
      native: {
        ...native,
        perfOpen: async (events) => {
          const perf = await native.perfOpen(events);
          const close = async () => {
            const opened = slow ? once(gate, 'open') : undefined;
            gate.emit('reached');
            await opened;
            await perf.close();
          };
          return { ...perf, close };
        },
      },
      readConfig: async () =>
        parseConfig({ file: 'c.yml', text: 'collectors: {pmu: {leave_counters: 0}}' }, sections),
    });
    await daemon.clock.advance(5);
    await daemon.text('/metrics');
    slow = true;
    const reached = once(gate, 'reached');
    const reloaded = daemon.reload();
    await reached;
    const stopped = daemon.stop();
    await daemon.clock.advance(1);
    slow = false;
    gate.emit('open');
    await reloaded;
    await stopped;
    await daemon.clock.advance(30); // what a last page waited for
    expect(daemon.clock.sleeping).toBe(0);
  });

  it('does not call the burst sampler absent while counters are being opened', async () => {
    const daemon = await started({
      readConfig: async () =>
        parseConfig({ file: 'c.yml', text: 'collectors: {pmu: {leave_counters: 0}}' }, sections),
    });
    await daemon.clock.advance(5);
    await daemon.text('/metrics');
    await daemon.reload();
    await daemon.clock.advance(1);
    expect(await daemon.text('/metrics')).toContain('source="pmu_burst",status="ok"');
    const absent = daemon.log.lines.filter(({ message }) => message === 'source absent');
    expect(absent.map(({ fields }) => fields?.['source'])).not.toContain('pmu_burst');
  });

  it('takes a CPU model that the configuration changes', async () => {
    const signals =
      'signals: {load_remote_dram: {event: MINE, fields: {event: 0xd3, umask: 0x02}, config: 0x2d3, scale: 2}}';
    const config = `collectors: {pmu: {models: [{id: intel-sapphire-rapids, ${signals}}]}}`;
    const [plain, changed] = [await started(), await started({ config })];
    for (const { clock, text } of [plain, changed]) {
      await clock.advance(5);
      await text('/metrics');
      await clock.advance(20);
    }
    const [ours, theirs] = await Promise.all(
      [plain, changed].map(async ({ text }) => remoteLoads(await text('/metrics'))),
    );
    expect((theirs ?? 0) / (ours ?? 1)).toBeCloseTo(2, 1);
  });

  it('keeps the old configuration when the new one is wrong, and says so everywhere', async () => {
    const { clock, text, get, log } = await started({
      config: 'web: {enable_lifecycle: true}',
      readConfig: () => Promise.reject(new ConfigError(['c.yml:1:1: wbe: unknown key', 'c.yml:2:1: x: no'])),
    });
    await clock.advance(5);
    const answer = await get('/-/reload', { method: 'PUT' });
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('c.yml:1:1: wbe: unknown key');
    await clock.advance(5);
    const page = await text('/metrics');
    expect(page).toContain('numacanary_config_last_reload_successful 0');
    expect(page).toContain('numacanary_config_last_reload_success_timestamp_seconds 1700000000');
    expect(page).toContain('source="latency",status="ok"');
    expect(log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields?.['error'])).toEqual(
      ['c.yml:1:1: wbe: unknown key', 'c.yml:2:1: x: no'],
    );
  });
});
