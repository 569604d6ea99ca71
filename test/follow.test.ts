import { describe, expect, it } from 'vitest';
import { follow } from '../src/follow.ts';
import { Absent } from '../src/errors.ts';
import { distanceOf } from '../src/topology.ts';
import { readTopology } from '../src/topology/read.ts';
import { fakeWorld } from './fakeWorld.ts';
import { filesOf } from './fakes.ts';
import { machine } from './machines.ts';

describe('follow', () => {
  it('sees a cpuset shrink within seconds, and says so once', async () => {
    const tree = machine('one-socket');
    const { host, clock, log } = fakeWorld(filesOf(tree));
    const followed = await follow(host);
    const stop = new AbortController();
    const running = followed.run(stop.signal);
    expect(followed.current().cpus.every((cpu) => cpu.allowed)).toBe(true);

    tree['/proc/self/status'] = 'Cpus_allowed_list:\t0-1\nMems_allowed_list:\t0\n';
    await clock.advance(5);
    await clock.advance(1);
    expect(followed.current().cpus.filter((cpu) => cpu.allowed)).toHaveLength(2);
    await clock.advance(120);
    expect(log.lines.filter(({ message }) => message === 'topology changed')).toHaveLength(1);

    stop.abort();
    await running;
    expect(clock.sleeping).toBe(0);
  });

  it('reads everything once a minute, for what the few lines do not show', async () => {
    const tree = machine('two-socket');
    const { host, clock } = fakeWorld(filesOf(tree));
    const followed = await follow(host);
    const stop = new AbortController();
    const running = followed.run(stop.signal);
    tree['/sys/devices/system/node/node0/meminfo'] = 'Node 0 MemTotal:       1024 kB\n';
    await clock.advance(50);
    expect(followed.current().numaNodes[0]?.memoryBytes).not.toBe(2 ** 20);
    await clock.advance(15);
    expect(followed.current().numaNodes[0]?.memoryBytes).toBe(2 ** 20);
    stop.abort();
    await running;
  });

  it('waits until the caches of a CPU that comes back are there: no distance in between is ever seen', async () => {
    const whole = machine('one-socket');
    const part = Object.fromEntries(
      Object.entries(whole).filter(([path]) => !/cpu3\/(cache|topology)/.test(path)),
    );
    const lists = Object.entries(part).map(([path, text]) => [
      path,
      path.endsWith('cache/index3/shared_cpu_list') ? '0-2,4-7\n' : text,
    ]);
    const half: typeof whole = Object.fromEntries(lists);
    const gone = {
      ...half,
      '/sys/devices/system/cpu/online': '0-2,4-7\n',
      '/sys/devices/system/cpu/cpu3/online': '0\n',
    };
    let files = filesOf(whole);
    const { host, clock, log } = fakeWorld({
      read: (path) => files.read(path),
      list: (path) => files.list(path),
      folders: (path) => files.folders(path),
    });
    const followed = await follow(host);
    const stop = new AbortController();
    const running = followed.run(stop.signal);
    const before = followed.current();
    expect(distanceOf(before, 2, 3)).toBe('llc');

    files = filesOf(gone);
    await clock.advance(6);
    expect(distanceOf(followed.current(), 2, 3)).toBeUndefined();
    files = filesOf(half);
    await clock.advance(4.6);
    expect(distanceOf(await readTopology(host.files), 2, 3)).toBe('node');
    expect(distanceOf(followed.current(), 2, 3)).toBeUndefined();
    files = filesOf(whole);
    await clock.advance(2);
    expect(followed.current()).toEqual(before);
    expect(log.lines.filter(({ message }) => message === 'topology changed')).toHaveLength(2);
    stop.abort();
    await running;
    expect(clock.sleeping).toBe(0);
  });

  it('takes what it reads last where a machine does not come to rest, and stops at once when told', async () => {
    const tree = machine('one-socket');
    const memory = '/sys/devices/system/node/node0/meminfo';
    let reads = 0;
    const files = filesOf(tree);
    const { host, clock } = fakeWorld({
      list: (path) => files.list(path),
      folders: (path) => files.folders(path),
      read: (path) =>
        path === memory ? Promise.resolve(`Node 0 MemTotal: ${(reads += 1)} kB\n`) : files.read(path),
    });
    const followed = await follow(host);
    const stop = new AbortController();
    const running = followed.run(stop.signal);
    const done = followed.reread();
    await clock.advance(4);
    expect(await done).toBe(true);
    expect(followed.current().numaNodes[0]?.memoryBytes).toBe(reads * 1024);

    await clock.advance(60.1);
    expect(clock.sleeping).toBe(1);
    stop.abort();
    await running;
    expect(clock.sleeping).toBe(0);
  });

  it('gives a new object for each reading, so that a CPU given up may be tried again', async () => {
    const { host } = fakeWorld(filesOf(machine('one-socket')));
    const followed = await follow(host);
    const before = followed.current();
    expect(await followed.reread()).toBe(false);
    expect(followed.current()).not.toBe(before);
    expect(followed.current()).toEqual(before);
  });

  it('keeps to itself what a machine without files says', async () => {
    const { host } = fakeWorld(filesOf({}));
    await expect(host.files.read('/sys/devices/system/cpu/online')).rejects.toBeInstanceOf(Absent);
    expect((await follow(host)).current().cpus).toEqual([]);
  });
});
