import type { Reason } from '../pmu/plan.ts';
import { readingsOf, type Families } from './families.ts';

/** Why a signal is not counted, as the rest of a sentence that begins with what it is. */
const words: Readonly<Record<Reason, string>> = {
  none: 'no reason was given',
  unknown_cpu: 'the catalogue has no model of this CPU; the configuration can be given one',
  no_pmu: 'the kernel shows no such counters: a virtual machine without them, or a module that is not loaded',
  no_event: 'this CPU does not count the event',
  no_offcore: 'the offcore registers cannot be used, as in most virtual machines',
  paranoid: 'perf_event_paranoid forbids it: grant CAP_PERFMON',
  paranoid_admin: 'perf_event_paranoid is above 2 here and wants CAP_SYS_ADMIN',
  lsm: 'a security module (SELinux, AppArmor) refuses it',
  seccomp: 'the seccomp profile of the container refuses it',
  busy: 'somebody else holds the counter for themselves',
  starved: 'others hold the counters that it needs',
  group_refused: 'its group does not fit the counters of this CPU',
  unsupported: 'this CPU cannot count what was asked for',
  fd_limit: 'the limit on open files is too low: raise LimitNOFILE',
  system_fd_limit: 'fs.file-max is too low',
  no_cpu: 'the CPU went away',
  no_tracefs: 'tracefs is not mounted, or may not be read',
  old_kernel: 'this kernel is too old',
  implausible: 'it counted nonsense when it was tried out, and is not believed',
  one_socket: 'there is no other socket to cross to',
  off: 'it is switched off in the configuration',
  other: 'the log says why',
};

/** Why the first of these signals is not counted; null where nobody says that it is missing. */
export function whyMissing(families: Families, signals: readonly string[]): string | null {
  for (const signal of signals) {
    const found = readingsOf(families, 'signalStatus').find(({ labels }) => labels['signal'] === signal);
    const reason = found?.labels['reason'];
    if (reason !== undefined) return isReason(reason) ? words[reason] : reason;
  }
  return null;
}

const isReason = (reason: string): reason is Reason => Object.hasOwn(words, reason);
