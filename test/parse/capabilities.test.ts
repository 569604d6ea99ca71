import { describe, expect, it } from 'vitest';
import { ParseError } from '../../src/errors.ts';
import { capabilityWords, threadCapabilities } from '../../src/parse/capabilities.ts';

const status = (bits: string) => `Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t${bits}\nSeccomp:\t2\n`;

describe('capabilities', () => {
  it.each([
    [0n, 'none'],
    [1n << 38n, 'perfmon'],
    [(1n << 38n) | (1n << 21n), 'sys_admin,perfmon'],
    [(1n << 21n) | (1n << 19n) | (1n << 38n), 'sys_ptrace,sys_admin,perfmon'],
    [
      0xa80425fbn,
      'chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap',
    ],
    [0x3fffffffffn, 'all'],
    [0x1ffffffffffn, 'all'],
    [0x1fffeffffffn, 'all but sys_resource'],
    // Of a kernel that is to come.
    [1n << 41n, 'cap_41'],
    [1n, 'chown'],
    [0xffn, 'chown,dac_override,dac_read_search,fowner,fsetid,kill,setgid,setuid'],
  ])('%i are %s', (bits, words) => expect(capabilityWords(bits)).toBe(words));

  it('of threads that have the same are said once', () => {
    expect(threadCapabilities([status('0000004000000000'), status('0000004000000000')])).toBe('perfmon');
  });

  it('of threads that differ stand beside each other, whichever comes first', () => {
    const [some, no] = [status('000001ffffffffff'), status('0000000000000000')];
    expect(threadCapabilities([some, no, some])).toBe('all; none');
    expect(threadCapabilities([no, some])).toBe('all; none');
  });

  it('are not made up of a file without them', () => {
    expect(() => threadCapabilities(['Name:\tnode\n'])).toThrow(ParseError);
  });
});
