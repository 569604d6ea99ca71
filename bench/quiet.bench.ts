import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { createStack, freePort, programWith, startPrometheus, until, writeTree } from '../test/e2e/stack.ts';
import { shipped } from '../src/rules/index.ts';
import { machine } from '../test/machines.ts';

/**
 * The real helper between the two CPUs of this machine, said to be two sockets, for half an hour after a scaled day: what a
 * machine does that nobody touches must raise nothing. A hypervisor does not move virtual CPUs faster because the rules
 * are: where there is one a regression waits its quarter of an hour, as shipped, and the longest that the rest of the rule
 * held is printed beside it. MINUTES and SCALE change how long, and how nervous the rules are.
 */
const minutes = Number(process.env['MINUTES'] ?? 30);
const scale = Number(process.env['SCALE'] ?? 1 / 96);
const daySeconds = 86_400 * scale;
const waitSeconds = shipped.thresholds.hypervisor_wait_seconds;
const thresholds = { ...shipped.thresholds, hypervisor_wait_seconds: waitSeconds / scale };

const stack = createStack();
afterAll(() => stack.end());

it(
  `nothing is raised in ${minutes} minutes`,
  async () => {
    const { folder } = stack;
    writeTree(
      folder,
      machine('two-socket', { coresPerNode: 1, threads: 1, numbering: 'linear', numa: false }),
    );
    const address = `127.0.0.1:${await freePort()}`;
    const library = resolve(import.meta.dirname, '../native/build/libnumacanary.so');
    const main = join(programWith(folder, library), 'dist/main.js');
    stack.start(
      'numacanary',
      process.execPath,
      main,
      `--path.sysfs=${folder}/sys`,
      `--web.listen-address=${address}`,
    );
    const target = { targets: [address], labels: { cluster: 'lab', host: 'a' } };
    const prometheus = await startPrometheus(stack, [target], { scale, thresholds });
    await until('a day of looking at it', daySeconds + 120, async () => {
      const looked = await prometheus.query(`host:numacanary_group:info offset ${Math.ceil(daySeconds)}s`);
      return looked.length > 0 ? true : undefined;
    });
    const end = performance.now() + minutes * 60_000;
    const raised = new Map<string, number>();
    /** Seconds in a row, now and at most, of what is pending or fires. */
    const lasting = new Map<string, { now: number; most: number }>();
    while (performance.now() < end) {
      const held = new Set<string>();
      for (const { metric } of await prometheus.query('ALERTS')) {
        const name = metric['alertname'] ?? '';
        held.add(name);
        if (metric['alertstate'] === 'firing') raised.set(name, (raised.get(name) ?? 0) + 1);
      }
      for (const name of new Set([...held, ...lasting.keys()])) {
        const { now, most } = lasting.get(name) ?? { now: 0, most: 0 };
        const next = held.has(name) ? now + 1 : 0;
        lasting.set(name, { now: next, most: Math.max(most, next) });
      }
      await sleep(1000);
    }
    const spread = await prometheus.query(
      `max(max_over_time(host_pair:numacanary_latency_seconds:max{distance="cross_socket"}[${minutes}m])) / min(min_over_time(host_pair:numacanary_latency_seconds:max{distance="cross_socket"}[${minutes}m]))`,
    );
    const longest = Object.fromEntries([...lasting].map(([name, { most }]) => [name, most]));
    process.stdout.write(
      `a day in ${daySeconds} s, then ${minutes} min: medians from least to most ${spread[0]?.value.toFixed(2)} times; ` +
        `seconds that alerts fired ${JSON.stringify(Object.fromEntries(raised))}; ` +
        `longest that one was pending ${JSON.stringify(longest)}, where ${waitSeconds} are waited for with a hypervisor ` +
        `and a step becomes usual after ${Math.round(daySeconds / 5 + 3600 * scale)}\n`,
    );
    expect(Object.fromEntries(raised)).toEqual({});
  },
  (minutes * 60 + daySeconds + 300) * 1000,
);
