import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacks } from '../require.ts';
import { syscallsOfDaemon } from './syscalls.ts';

const profile = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../helm/seccomp/numacanary.json'), 'utf8'),
) as {
  defaultAction: string;
  syscalls: readonly {
    names: readonly string[];
    action: string;
    errnoRet?: number;
    args?: readonly { index: number; value: number; valueTwo?: number; op: string }[];
  }[];
};
const entriesOf = (name: string) => profile.syscalls.filter(({ names }) => names.includes(name));
const allowed = new Set(
  profile.syscalls.flatMap(({ names, action }) => (action === 'SCMP_ACT_ALLOW' ? names : [])),
);
/** glibc asks clone3 first, and clone where it is told that there is none (ENOSYS): only of clone flags can be judged. */
const answered = new Set([...allowed, 'clone3']);

describe('the seccomp profile', () => {
  it.skipIf(lacks('strace', 'nobody sees the system calls'))(
    'allows every system call that a working daemon makes',
    async () => {
      const used = await syscallsOfDaemon();
      expect(used.size).toBeGreaterThan(30);
      expect([...used].filter((name) => !answered.has(name))).toEqual([]);
    },
    120_000,
  );

  it('refuses all others, and names none that change the machine', () => {
    expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
    for (const name of [
      'mount',
      'ptrace',
      'bpf',
      'kexec_load',
      'init_module',
      'reboot',
      'setns',
      'unshare',
      'userfaultfd',
    ])
      expect(allowed).not.toContain(name);
  });

  it('makes threads and no namespace, and opens sockets of the network and of the host alone', () => {
    const namespaces = 0x7e02_0000; // CLONE_NEW* of linux/sched.h, CLONE_NEWTIME apart, which only clone3 takes
    expect(entriesOf('clone')).toEqual([
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: namespaces, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ]);
    expect(entriesOf('clone3')).toEqual([{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }]);
    expect(entriesOf('socket').map(({ args }) => args?.[0]?.value)).toEqual([1, 2, 10]); // AF_UNIX, AF_INET, AF_INET6
  });
});
