import { parseCapabilities } from './status.ts';

/** By bit, include/uapi/linux/capability.h: 41 since Linux 5.9, without their `CAP_`. */
const names = `
  chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
  net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot
  sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease
  audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read
  perfmon bpf checkpoint_restore
`
  .trim()
  .split(/\s+/);

/** The whole set of a kernel that ends at CAP_AUDIT_READ (3.16) or later. */
const fewest = 38;

/** `none`, `all` that the kernel has, `all but sys_resource`, or names in the order of their bits: `sys_admin,perfmon`. */
export function capabilityWords(bits: bigint): string {
  if (bits === 0n) return 'none';
  const length = bits.toString(2).length;
  const missing = wordsOf(~bits & ((1n << BigInt(length)) - 1n));
  if (length < fewest || missing.length > 8) return wordsOf(bits).join(',');
  return missing.length === 0 ? 'all' : `all but ${missing.join(',')}`;
}

const wordsOf = (bits: bigint): string[] =>
  bits
    .toString(2)
    .split('')
    .toReversed()
    .flatMap((bit, index) => (bit === '1' ? [names[index] ?? `cap_${index}`] : []));

/**
 * What the threads of a process may do, from the status of each: a thread keeps its own set, so that one that was taken
 * from the thread that asks may be left to all others. Where they differ the sets stand beside each other.
 */
// > CapEff:	0000004000000000
export function threadCapabilities(statuses: readonly string[]): string {
  const sets = new Set(statuses.map((status) => capabilityWords(parseCapabilities(status))));
  return [...sets].toSorted().join('; ');
}
