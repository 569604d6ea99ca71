import { describe, expect, it } from 'vitest';
import { schedule } from '../src/schedule.ts';
import type { Job, Probe, Ticker } from '../src/source.ts';
import { fakeWorld } from './fakeWorld.ts';

const probe = (name: string, periodSeconds: number, read: Probe['read']): Probe => ({
  name,
  metrics: [],
  periodSeconds: () => periodSeconds,
  read,
});

const job = (run: Job['run']): Job => ({ name: 'sweep', metrics: [], cron: null, run });

function timetable(probes: readonly Probe[], jobs: readonly Job[] = [], tickers: readonly Ticker[] = []) {
  const world = fakeWorld();
  const ran: string[] = [];
  const plan = schedule({
    probes,
    jobs,
    tickers,
    world: () => world,
    ran: ({ name }, { status }) => ran.push(`${name} ${status} ${world.clock.now() - 1000}`),
    random: () => 0.5,
  });
  return { ...world, world: () => world, ran, plan };
}

describe('schedule', () => {
  it('runs each probe at once, in order and one at a time, then on its own grid', async () => {
    let running = 0;
    const busy =
      (seconds: number): Probe['read'] =>
      async ({ host, signal }) => {
        running += 1;
        expect(running).toBe(1);
        await host.clock.sleep(seconds, signal);
        running -= 1;
        return [];
      };
    const { clock, ran, plan } = timetable([probe('a', 4, busy(1)), probe('b', 10, busy(1))]);
    await clock.advance(2);
    await plan.started;
    expect(ran).toEqual(['a ok 1', 'b ok 2']);
    await clock.advance(10);
    // Half a period after the start, as the lot fell, then every period; each takes a second.
    expect(ran.slice(2)).toEqual(['a ok 5', 'b ok 8', 'a ok 9']);
    await plan.stop();
    expect(clock.sleeping).toBe(0);
  });

  it('ticks once a second beside a probe that has its turn, and leaves out the tick that falls into one', async () => {
    const at: number[] = [];
    const ticker = (seconds: number): Ticker => ({
      name: 't',
      tick: async ({ host }) => {
        at.push(host.clock.now() - 1000);
        await host.clock.sleep(seconds);
      },
    });
    const long = probe('a', 4, async ({ host, signal }) => {
      await host.clock.sleep(20, signal);
      return [];
    });
    const quick = timetable([long], [], [ticker(0)]);
    await quick.clock.advance(3.5);
    expect(at.splice(0)).toEqual([1, 2, 3]);
    await quick.plan.stop();

    const slow = timetable([], [], [ticker(1.25)]);
    await slow.clock.advance(6);
    expect(at).toEqual([1, 3, 5]);
    const stopped = slow.plan.stop();
    await slow.clock.advance(2);
    await stopped;
    expect(slow.clock.sleeping).toBe(0);
  });

  it('says once what a tick could not do', async () => {
    const { clock, log, plan } = timetable(
      [],
      [],
      [{ name: 't', tick: () => Promise.reject(new Error('no')) }],
    );
    await clock.advance(5);
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', message: 'tick failed', fields: { of: 't', error: 'Error: no' } },
    ]);
    await plan.stop();
  });

  it('does not make up for beats it missed', async () => {
    let slow = true;
    const { clock, ran, plan } = timetable([
      probe('a', 2, async ({ host }) => {
        if (slow && host.clock.now() > 1001) {
          slow = false;
          await host.clock.sleep(9);
        }
        return [];
      }),
    ]);
    await clock.advance(16);
    expect(ran).toEqual(['a ok 0', 'a ok 1', 'a ok 12', 'a ok 13', 'a ok 15']);
    await plan.stop();
  });

  it('goes on after a failure, and after a probe that never answers', async () => {
    let turn = 0;
    const { clock, ran, plan } = timetable([
      probe('a', 60, () => {
        turn += 1;
        return turn === 1
          ? Promise.reject(new Error('no'))
          : turn === 2
            ? new Promise(() => {})
            : Promise.resolve([]);
      }),
    ]);
    await clock.advance(130);
    expect(ran).toEqual(['a failed 0', 'a failed 60', 'a ok 90']);
    await plan.stop();
  });

  it('stops in the middle of a run and says nothing of it', async () => {
    const { clock, ran, plan } = timetable([probe('a', 4, () => new Promise(() => {}))]);
    await clock.advance(1);
    await plan.stop();
    expect(ran).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });
});

describe('jobs', () => {
  it('run on demand, once at a time, with their progress in sight', async () => {
    const { clock, ran, plan } = timetable(
      [],
      [
        job(async ({ host }, progress) => {
          progress(1, 2, 'half');
          await host.clock.sleep(5);
          return { result: 'whole', samples: [] };
        }),
      ],
    );
    expect(plan.jobs.get('sweep')).toMatchObject({ state: 'never_ran', result: null });
    expect(plan.trigger('nothing')).toBe('unknown');
    expect(plan.trigger('sweep')).toBe('began');
    expect(plan.trigger('sweep')).toBe('running');
    await clock.advance(1);
    expect(plan.jobs.get('sweep')).toMatchObject({
      state: 'running',
      done: 1,
      total: 2,
      result: 'half',
      endedAt: null,
    });
    await clock.advance(5);
    expect(plan.jobs.get('sweep')).toMatchObject({ state: 'done', result: 'whole', endedAt: 1_700_000_005 });
    expect(ran).toEqual(['sweep ok 5']);
    await plan.stop();
  });

  it('hand what stands to the next run when they break off', async () => {
    const before: unknown[] = [];
    const { clock, plan } = timetable(
      [],
      [
        job(async (_, progress, left) => {
          before.push(left);
          progress(1, 2, 'half');
          throw new Error('CPU went away');
        }),
      ],
    );
    plan.trigger('sweep');
    await clock.advance(1);
    expect(plan.jobs.get('sweep')).toMatchObject({ state: 'failed', error: 'CPU went away', result: 'half' });
    plan.trigger('sweep');
    await clock.advance(1);
    expect(before).toEqual([null, 'half']);
    await plan.stop();
  });

  it('say that they were stopped, and leave what stands to the next schedule', async () => {
    const sweep = job((_, progress) => {
      progress(1, 2, 'half');
      return new Promise(() => {});
    });
    const { clock, plan, world, ran } = timetable([], [sweep]);
    plan.trigger('sweep');
    await clock.advance(1);
    await plan.stop();
    const stopped = { state: 'stopped', result: 'half', done: 1, total: 2 };
    expect(plan.jobs.get('sweep')).toMatchObject(stopped);
    expect(ran).toEqual([]);
    const next = schedule({
      probes: [],
      tickers: [],
      jobs: [sweep],
      before: plan.jobs,
      world,
      ran: () => {},
      random: () => 0,
    });
    expect(next.jobs.get('sweep')).toMatchObject(stopped);
    await next.stop();
  });
});
