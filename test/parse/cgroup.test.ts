import { expect, it } from 'vitest';
import { parseCgroup } from '../../src/parse/cgroup.ts';

it.each([
  ['0::/system.slice/x.service\n', [{ version: 2, controllers: '', path: '/system.slice/x.service' }]],
  [
    '4:memory:/m\n3:cpuset:/\n1:cpu,cpuacct:/pods/7\n0::/\n',
    [
      { version: 1, controllers: 'cpu,cpuacct', path: '/pods/7' },
      { version: 2, controllers: '', path: '/' },
    ],
  ],
  ['2:cpuacct:/a\n', []],
  ['', []],
])('finds where the CPU controller may be in %j', (text, paths) => {
  expect(parseCgroup(text)).toEqual(paths);
});
