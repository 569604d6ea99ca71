import { describe, expect, it } from 'vitest';
import { conditionsKind, conditionsOptions } from '../../src/collectors/conditions.ts';
import { createConditionBooks } from '../../src/conditions/books.ts';
import { run } from '../../src/run.ts';
import { ticks } from '../../src/source.ts';
import { readTopology } from '../../src/topology/read.ts';
import { fakeWorld } from '../fakeWorld.ts';
import { filesOf } from '../fakes.ts';
import { machine } from '../machines.ts';
import { started } from '../started.ts';

const balancing = '/proc/sys/kernel/numa_balancing';

async function watched(options: unknown = {}) {
  const tree: Record<string, string> = machine('two-socket');
  const files = filesOf(tree);
  const world = fakeWorld(files, await readTopology(files));
  const books = createConditionBooks();
  const make = () => conditionsKind(books).make(options);
  let source = make();
  return {
    tree,
    books,
    log: world.log,
    reload: () => void (source = make()),
    pass: async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        await world.clock.advance(1);
        if (ticks(source)) await source.tick({ ...world, signal: new AbortController().signal });
      }
    },
    page: async () => {
      const outcome = await run(source, world, 5);
      if (outcome.status !== 'ok') throw outcome.error;
      return Object.fromEntries(
        outcome.samples.map(({ metric, labels, value }) => [
          `${metric.name.replace('numacanary_', '')} ${Object.values(labels).join(' ')}`,
          value,
        ]),
      );
    },
  };
}

const changes = 'conditions_changes_total numa_balancing';

describe('conditions', () => {
  it('are told at the first scrape, with counts that start at 0', async () => {
    const { page } = await watched({ extra: { image: 'v1.2' } });
    expect(await page()).toMatchObject({
      'condition_info numa_balancing 1': 1,
      'condition_info governor powersave': 1,
      'condition_info image v1.2': 1,
      [changes]: 0,
      'reproducibility_check numa_balancing not_met': 1,
    });
  });

  it('that change are seen within a period, counted once, kept and logged, also over a reload', async () => {
    const { tree, page, pass, reload, log, books } = await watched();
    await pass(1);
    tree[balancing] = '0\n';
    await pass(58);
    expect(await page()).toMatchObject({ [changes]: 0 });
    await pass(2);
    expect(await page()).toMatchObject({ [changes]: 1, 'condition_info numa_balancing 0': 1 });
    reload();
    await pass(120);
    expect(await page()).toMatchObject({ [changes]: 1 });
    const told = log.lines.filter(({ message }) => message === 'condition changed');
    expect(told).toEqual([
      expect.objectContaining({ level: 'info', fields: { condition: 'numa_balancing', from: '1', to: '0' } }),
    ]);
    expect(books.document()?.changes).toEqual([
      expect.objectContaining({ condition: 'numa_balancing', from: '1', to: '0' }),
    ]);
  });

  it('whose file is missing for a moment have not changed', async () => {
    const { tree, page, pass } = await watched({ period_seconds: 1 });
    await pass(2);
    const text = tree[balancing] ?? '';
    delete tree[balancing];
    await pass(2);
    expect(
      Object.keys(await page()).filter((key) => key.startsWith('condition_info numa_balancing')),
    ).toEqual([]);
    tree[balancing] = text;
    await pass(2);
    expect(await page()).toMatchObject({ [changes]: 0 });
  });

  it('keep the last fifty changes', async () => {
    const { tree, pass, books } = await watched({ period_seconds: 1 });
    for (let time = 0; time < 61; time += 1) {
      tree[balancing] = `${time % 2}\n`;
      await pass(1);
    }
    expect(books.document()?.changes).toHaveLength(50);
  });

  it.each([
    { extra: { governor: 'mine' } },
    { extra: { 'no-label': 'x' } },
    { extra: { long: 'x'.repeat(101) } },
    { extra: { line: 'a\nb' } },
    { extra: { empty: '' } },
    { extra: Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`key${index}`, 'x'])) },
    { measured_cgroup: '/abs' },
    { measured_cgroup: '../..' },
  ])('refuse %j', (options) => expect(conditionsOptions.safeParse(options).success).toBe(false));

  it('are a document of the daemon', async () => {
    const { clock, get } = await started({ machine: 'two-socket' });
    await clock.advance(5);
    const answer = await get('/api/v1/conditions');
    expect(await answer.json()).toMatchObject({
      version: 1,
      host: { name: 'synthetic', sockets: 2 },
      conditions: { numa_balancing: { value: '1' } },
      changes: [],
    });
  });

  it('say so where they are switched off', async () => {
    const { get } = await started({ config: 'collectors: {conditions: {enabled: false}}' });
    expect(await (await get('/api/v1/conditions')).json()).toEqual({
      message: expect.stringContaining('switched off'),
    });
  });
});
