/** What a refused event means on this host, and what its operator can do about it. Pure. */
import { isCore } from './devices.ts';
import type { Facts } from './facts.ts';
import type { Attr, Missing } from './plan.ts';

export type Explanation = Omit<Missing, 'signal'>;

/** The kinds for which one errno means different things. */
export type EventKind = 'core' | 'offcore' | 'uncore' | 'tracepoint' | 'software';

// perf_event_attr.type, linux/perf_event.h
export const eventType = { hardware: 0, software: 1, tracepoint: 2, raw: 4 } as const;

export function kindOf({ type, config1 }: Attr, { pmus }: Facts): EventKind {
  if (type === eventType.software) return 'software';
  if (type === eventType.tracepoint) return 'tracepoint';
  const core =
    type === eventType.hardware ||
    type === eventType.raw ||
    pmus.some((device) => device.type === type && isCore(device));
  if (!core) return 'uncore';
  return config1 === 0n ? 'core' : 'offcore';
}

const grantPerfmon =
  'grant CAP_PERFMON: docker run --cap-add PERFMON, Kubernetes capabilities.add: [PERFMON], systemd AmbientCapabilities=CAP_PERFMON';
const grantAdmin =
  'grant CAP_SYS_ADMIN: docker run --cap-add SYS_ADMIN, Kubernetes capabilities.add: [SYS_ADMIN], systemd AmbientCapabilities=CAP_SYS_ADMIN';

/** errno by its name, as a failed open gave it. */
export function explain(errno: string, kind: EventKind, facts: Facts): Explanation {
  switch (errno) {
    case 'EACCES':
      return refused(facts);
    case 'EPERM':
      return facts.seccomp ? seccomp : byModule;
    case 'ENOENT':
      return kind === 'uncore' ? gone : unknown(kind);
    case 'ENXIO':
      return kind === 'offcore' ? noOffcore : unknown(kind);
    case 'EINVAL':
      return invalid(kind);
    case 'EBUSY':
      return busy;
    case 'EMFILE':
      return fdLimit;
    case 'ENFILE':
      return systemFdLimit;
    case 'EOPNOTSUPP':
    case 'ENOTSUP':
      return unsupported;
    case 'ENOSYS':
    case 'E2BIG':
      return oldKernel;
    case 'ENODEV':
      return noCpu;
    default:
      return failed(
        'other',
        `the kernel refused it with ${errno}: please report this with the output of numacanary doctor --json`,
      );
  }
}

/** perf itself says EACCES only; who else does is known by what perf would have allowed. */
function refused({ paranoid, capabilities: { perfmon, sysAdmin } }: Facts): Explanation {
  const level = paranoid ?? 2;
  // A patch that Debian and others carry: above 2 everything needs CAP_SYS_ADMIN.
  if (level >= 3 && !sysAdmin)
    return denied(
      'paranoid_admin',
      `kernel.perf_event_paranoid is ${level}, and above 2 CAP_PERFMON is not enough here: ${grantAdmin}; or set the sysctl to 2 and grant CAP_PERFMON`,
    );
  if (level > 0 && !perfmon && !sysAdmin)
    return denied(
      'paranoid',
      `kernel.perf_event_paranoid is ${level}: ${grantPerfmon}; or set the sysctl to 0`,
    );
  return denied(
    'lsm',
    'perf_event_open is refused although this process may count: look for perf_event denials of SELinux or AppArmor in the audit log; in a rootless container capabilities do not count, run it in a rootful one',
  );
}

const seccomp = denied(
  'seccomp',
  `the seccomp profile of the container forbids perf_event_open: the usual profiles allow it once you ${grantPerfmon}; an old or own profile needs a rule for perf_event_open`,
);

const byModule = denied(
  'lsm',
  'perf_event_open is refused by something else than perf, which never says EPERM: look for denials of SELinux, AppArmor or kernel lockdown in the audit log and in dmesg',
);

const gone = absent(
  'no_pmu',
  'the PMU went away after it was listed: load its kernel module again, it is picked up by itself',
);

const noOffcore = absent(
  'no_offcore',
  'the offcore response registers cannot be used, as in most virtual machines: count on the host, or have the hypervisor pass MSR 0x1a6 and 0x1a7 through',
);

function unknown(kind: EventKind): Explanation {
  if (kind === 'tracepoint')
    return absent(
      'no_event',
      'this kernel has no such tracepoint: it is built without the feature behind it',
    );
  if (kind === 'software')
    return absent('no_event', 'this kernel does not count this software event: run a newer one');
  return absent(
    'no_event',
    'this PMU does not know the event: a virtual machine often passes only a few through, bare metal and a newer kernel know more',
  );
}

function invalid(kind: EventKind): Explanation {
  if (kind === 'tracepoint')
    return absent('unsupported', 'this kernel refuses the filter of the tracepoint: run a newer one');
  if (kind === 'uncore')
    return absent(
      'no_event',
      'this PMU refuses the encoding of the event: compare its format folder in /sys/bus/event_source/devices with the catalogue, and override the event under collectors.pmu.models in the configuration',
    );
  return absent(
    'group_refused',
    'no counter of this PMU can hold the event, not even alone: the hypervisor shows fewer counters than the CPU has, or the encoding is not for this CPU; override it under collectors.pmu.models in the configuration',
  );
}

const busy = failed(
  'busy',
  'another program holds the PMU exclusively: find it with fuser on the PMU or by stopping perf, profilers and guests with PMU passthrough one by one; it is tried again by itself',
);

const fdLimit = failed(
  'fd_limit',
  'this process may not open more files: raise ulimit -n, LimitNOFILE in systemd or docker run --ulimit nofile',
);

const systemFdLimit = failed(
  'system_fd_limit',
  'the whole machine may not open more files: raise sysctl fs.file-max',
);

const unsupported = absent(
  'unsupported',
  'the PMU cannot count this event as it is asked for: a newer kernel or bare metal may',
);

const oldKernel = absent(
  'old_kernel',
  'this kernel is too old or built without CONFIG_PERF_EVENTS: run one of 5.8 or later that has it',
);

const noCpu = absent('no_cpu', 'the CPU went offline: it is counted again when it is back');

function denied(reason: Missing['reason'], advice: string): Explanation {
  return { status: 'denied', reason, advice };
}
function absent(reason: Missing['reason'], advice: string): Explanation {
  return { status: 'absent', reason, advice };
}
function failed(reason: Missing['reason'], advice: string): Explanation {
  return { status: 'failed', reason, advice };
}
