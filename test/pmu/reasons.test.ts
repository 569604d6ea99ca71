import { describe, expect, it } from 'vitest';
import { pmuReasons } from '../../src/pmu/plan.ts';
import { explain, kindOf } from '../../src/pmu/reasons.ts';
import type { EventKind } from '../../src/pmu/reasons.ts';
import { deviceOf, factsOf } from './models.ts';

const none = { perfmon: false, sysAdmin: false };
const perfmon = { perfmon: true, sysAdmin: false };
const admin = { perfmon: false, sysAdmin: true };

describe('a refusal is explained', () => {
  it.each([
    ['EPERM', 'core', { seccomp: true, capabilities: none }, 'denied', 'seccomp', '--cap-add PERFMON'],
    ['EPERM', 'core', { seccomp: false }, 'denied', 'lsm', 'SELinux'],
    [
      'EACCES',
      'core',
      { paranoid: 2, capabilities: none },
      'denied',
      'paranoid',
      'grant CAP_PERFMON: docker run --cap-add PERFMON, Kubernetes capabilities.add: [PERFMON]',
    ],
    [
      'EACCES',
      'uncore',
      { paranoid: 1, capabilities: none },
      'denied',
      'paranoid',
      'perf_event_paranoid is 1',
    ],
    ['EACCES', 'core', { paranoid: null, capabilities: none }, 'denied', 'paranoid', 'CAP_PERFMON'],
    [
      'EACCES',
      'core',
      { paranoid: 3, capabilities: perfmon },
      'denied',
      'paranoid_admin',
      '--cap-add SYS_ADMIN',
    ],
    [
      'EACCES',
      'tracepoint',
      { paranoid: 4, capabilities: none },
      'denied',
      'paranoid_admin',
      'perf_event_paranoid is 4',
    ],
    ['EACCES', 'core', { paranoid: 4, capabilities: admin }, 'denied', 'lsm', 'audit log'],
    ['EACCES', 'core', { paranoid: 2, capabilities: perfmon }, 'denied', 'lsm', 'rootless'],
    ['EACCES', 'core', { paranoid: 0, capabilities: none }, 'denied', 'lsm', 'audit log'],
    ['ENOENT', 'core', {}, 'absent', 'no_event', 'virtual machine'],
    ['ENOENT', 'offcore', {}, 'absent', 'no_event', 'virtual machine'],
    ['ENOENT', 'uncore', {}, 'absent', 'no_pmu', 'module'],
    ['ENOENT', 'tracepoint', {}, 'absent', 'no_event', 'tracepoint'],
    ['ENOENT', 'software', {}, 'absent', 'no_event', 'kernel'],
    ['ENXIO', 'offcore', {}, 'absent', 'no_offcore', '0x1a6'],
    ['ENXIO', 'core', {}, 'absent', 'no_event', 'event'],
    ['EINVAL', 'core', {}, 'absent', 'group_refused', 'not even alone'],
    ['EINVAL', 'offcore', {}, 'absent', 'group_refused', 'not even alone'],
    ['EINVAL', 'uncore', {}, 'absent', 'no_event', 'format'],
    ['EINVAL', 'tracepoint', {}, 'absent', 'unsupported', 'filter'],
    ['EBUSY', 'core', {}, 'failed', 'busy', 'exclusively'],
    ['EMFILE', 'core', {}, 'failed', 'fd_limit', 'LimitNOFILE'],
    ['ENFILE', 'core', {}, 'failed', 'system_fd_limit', 'fs.file-max'],
    ['EOPNOTSUPP', 'core', {}, 'absent', 'unsupported', 'PMU'],
    ['ENOTSUP', 'uncore', {}, 'absent', 'unsupported', 'PMU'],
    ['ENOSYS', 'core', {}, 'absent', 'old_kernel', 'CONFIG_PERF_EVENTS'],
    ['E2BIG', 'core', {}, 'absent', 'old_kernel', '5.8'],
    ['ENODEV', 'core', {}, 'absent', 'no_cpu', 'offline'],
    ['ENOMEM', 'core', {}, 'failed', 'other', 'ENOMEM'],
  ] as const)(
    '%s of a %s event where %o: %s, %s',
    (errno, kind: EventKind, changes, status, reason, says) => {
      const explanation = explain(errno, kind, factsOf(changes));
      expect(explanation).toMatchObject({ status, reason });
      expect(explanation.advice).toContain(says);
      expect(pmuReasons).toContain(explanation.reason);
      // One sentence: it stands in a table and after a colon.
      expect(explanation.advice).not.toMatch(/["|]|\.$|^[A-Z][a-z]/);
    },
  );

  it.each([
    [{ type: 0, config1: 0n }, 'core'],
    [{ type: 4, config1: 0n }, 'core'],
    [{ type: 4, config1: 1n }, 'offcore'],
    [{ type: 10, config1: 0n }, 'core'],
    [{ type: 20, config1: 1n }, 'uncore'],
    [{ type: 1, config1: 0n }, 'software'],
    [{ type: 2, config1: 0n }, 'tracepoint'],
  ])('as one of its kind: %o is %s', (attr, kind) => {
    const facts = factsOf({ pmus: [deviceOf('armv8_pmuv3_0', 10), deviceOf('uncore_cha_0', 20)] });
    expect(kindOf({ config: 0n, config2: 0n, ...attr }, facts)).toBe(kind);
  });
});
