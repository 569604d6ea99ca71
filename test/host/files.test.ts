import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Absent, Denied } from '../../src/errors.ts';
import { filesUnder, refusal } from '../../src/host/files.ts';
import type { Files } from '../../src/host/host.ts';

let root = '';
let files: Files;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'numacanary-'));
  await mkdir(join(root, 'proc/1'), { recursive: true });
  await mkdir(join(root, 'sys/cpu'), { recursive: true });
  await mkdir(join(root, 'cgroup/pods'), { recursive: true });
  await mkdir(join(root, 'root/etc'), { recursive: true });
  await writeFile(join(root, 'proc/stat'), 'cpu 1');
  await writeFile(join(root, 'cgroup/pods/cpu.stat'), 'usage_usec 1');
  await writeFile(join(root, 'root/etc/os-release'), 'ID=x');
  await symlink('loop', join(root, 'proc/loop'));
  for (const cpu of ['cpu10', 'cpu2', 'cpu1', 'online']) await writeFile(join(root, 'sys/cpu', cpu), cpu);
  const at = (name: string) => join(root, name);
  files = filesUnder({ procfs: at('proc'), sysfs: at('sys'), cgroupfs: at('cgroup'), rootfs: at('root') });
});
afterAll(() => rm(root, { recursive: true }));

describe('filesUnder', () => {
  it('finds each path of the host under its own root', async () => {
    expect(await files.read('/proc/stat')).toBe('cpu 1');
    expect(await files.read('/sys/fs/cgroup/pods/cpu.stat')).toBe('usage_usec 1');
    expect(await files.read('/etc/os-release')).toBe('ID=x');
    expect(await files.read('/sys/cpu/online')).toBe('online');
  });

  it('lists names in the order of their numbers', async () => {
    expect(await files.list('/sys/cpu')).toEqual(['cpu1', 'cpu2', 'cpu10', 'online']);
    expect(await files.list('/sys/fs/cgroup')).toEqual(['pods']);
  });

  it('says that a missing file is absent, by its name', async () => {
    await expect(files.read('/proc/nothing')).rejects.toThrow(Absent);
    await expect(files.read('/proc/nothing')).rejects.toThrow(join(root, 'proc/nothing'));
    await expect(files.read('/proc/stat/deeper')).rejects.toThrow(Absent);
    await expect(files.list('/proc/nothing')).rejects.toThrow(Absent);
  });

  it.each([
    { code: 'ENODEV', is: Absent },
    { code: 'ENOTSUP', is: Absent },
    { code: 'ESRCH', is: Absent },
    { code: 'EACCES', is: Denied },
    { code: 'EPERM', is: Denied },
  ])('calls $code by our name for it', ({ code, is }) => {
    const thrown = Object.assign(new Error('x'), { code });
    expect(refusal('/proc/x', thrown)).toBeInstanceOf(is);
    expect(String(refusal('/proc/x', thrown))).toContain(`/proc/x: ${code}`);
  });

  it('does not hide what it has no word for', async () => {
    await expect(files.read('/proc/loop')).rejects.toThrow(/ELOOP/);
    await expect(files.read('/proc/1')).rejects.toThrow(/EISDIR/);
  });

  it('reads ten thousand files at once without running out of descriptors', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `/proc/many/${index}`);
    await mkdir(join(root, 'proc/many'));
    await Promise.all(names.map((name) => symlink('../stat', join(root, name))));
    const texts = await Promise.all(names.map((name) => files.read(name)));
    expect(new Set(texts)).toEqual(new Set(['cpu 1']));
  });
});
