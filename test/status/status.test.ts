import { describe, expect, it } from 'vitest';
import { createSpikes } from '../../src/status/spikes.ts';
import { createStatus } from '../../src/status/status.ts';
import type { StatusPlan } from '../../src/status/status.ts';
import { fakeClock, silentLog } from '../fakes.ts';
import { started } from '../started.ts';
import { job, sweepOf, topologyOf } from './synthetic.ts';

/** A status page of a host that nobody scrapes, unless the test says otherwise. */
function watched(given: Partial<StatusPlan> = {}) {
  const clock = fakeClock();
  const log = silentLog();
  const topology = topologyOf({ sockets: 2, coresPerSocket: 128 });
  let collected: ReturnType<StatusPlan['collected']>;
  const readAt: number[] = [];
  const collect = async () => {
    readAt.push(clock.now() - 1000);
    collected = { at: clock.now(), families: [] };
  };
  const status = createStatus({
    version: '1',
    clock,
    log,
    latest: { families: () => [] },
    spikes: createSpikes(),
    topology: () => topology,
    rows: () => [],
    jobs: () => new Map([['sweep', job(sweepOf(topology))]]),
    conditions: () => null,
    unready: () => null,
    collected: () => collected,
    collect,
    ...given,
  });
  const stopping = new AbortController();
  return { clock, log, status, readAt, run: () => status.run(stopping.signal), stop: () => stopping.abort() };
}

describe('the counters for the status page', () => {
  it('are not read while nobody looks', async () => {
    const { clock, readAt, run, stop } = watched();
    const running = run();
    await clock.advance(600);
    expect(readAt).toEqual([]);
    stop();
    await running;
    expect(clock.sleeping).toBe(0);
  });

  it('are read for who looks, at a beat, however often they ask, and until they have gone', async () => {
    const { clock, status, readAt, run, stop } = watched();
    const running = run();
    for (let at = 0; at < 60; at += 1) {
      await Promise.all([status.page([]), status.page([])]);
      await clock.advance(1);
    }
    expect(readAt).toEqual([0, 15, 30, 45, 60]);
    await clock.advance(3600);
    expect(readAt.length).toBeLessThan(14);
    stop();
    await running;
  });

  it('may be late or broken: the page shows what there is', async () => {
    const hanging = watched({ collect: () => new Promise(() => {}) });
    const page = hanging.status.page([]);
    await hanging.clock.advance(1);
    expect(await page).toContain('</html>');
    const broken = watched({ collect: () => Promise.reject(new Error('no more')) });
    expect(await broken.status.page([])).toContain('</html>');
    expect(broken.log.lines).toMatchObject([{ level: 'error', fields: { error: 'Error: no more' } }]);
  });
});

describe('the cells for the canvas', () => {
  it('are made once for each sweep', () => {
    const jobs = new Map([['sweep', job(sweepOf(topologyOf({ sockets: 2, coresPerSocket: 128 })))]]);
    const { status } = watched({ jobs: () => jobs });
    expect(status.cells()?.cpus).toHaveLength(256);
    expect(status.cells()).toBe(status.cells());
  });

  it('are none where a picture shows every core', () => {
    const topology = topologyOf({ sockets: 2, coresPerSocket: 8 });
    expect(watched({ jobs: () => new Map([['sweep', job(sweepOf(topology))]]) }).status.cells()).toBeNull();
    expect(watched({ jobs: () => new Map() }).status.cells()).toBeNull();
  });
});

describe('the status page of a daemon', () => {
  it('says what it measured, and has rates and a history after half a minute', async () => {
    const { clock, text } = await started({ machine: 'two-socket' });
    await clock.advance(5);
    expect(await text('/')).toContain('Rates need two readings');
    for (let at = 0; at < 4; at += 1) {
      await clock.advance(15);
      await text('/');
    }
    const page = await text('/');
    expect(page).toContain('Cross-socket hand\u2011offs take');
    expect(page).toContain('<dt>Instructions a cycle</dt><dd>1.25</dd>');
    expect(page).toMatch(/Remote DRAM reads<\/dt><dd>1\d %/);
    expect(page).toMatch(/<polyline points="[\d., ]+"/);
    expect(page).toMatch(/\d conditions? off/);
    expect(JSON.parse(await text('/api/v1/spikes'))).toMatchObject({ kept: 50, spikes: [] });
    expect(JSON.parse(await text('/status/cells'))).toBeNull();
  });

  it.each(['bare', 'no-numa', 'one-socket', 'memory-only-node', 'snc4', 'eight-socket-snc4'] as const)(
    'is whole on %s',
    async (machine) => {
      const { clock, text, log } = await started({ machine });
      await clock.advance(5);
      const page = await text('/');
      expect(page).toContain('</html>');
      expect(page).not.toMatch(/NaN|Infinity|undefined/);
      expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );
});
