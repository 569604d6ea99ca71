import { Absent, nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { word } from './condition.ts';
import type { Condition } from './condition.ts';

/** Names of cgroups that are containers, or that hold nothing else. */
const container =
  /^(kubepods|kubepods\.slice|docker|(docker|cri-containerd|crio|libpod)-[0-9a-f]{12,64}\.scope|libpod-.+|lxc(\.payload)?\..+)$/;

export const others: readonly Condition[] = [
  {
    name: 'irqbalance',
    group: 'others',
    what: 'Whether irqbalance moves interrupts: its systemd service, without systemd its socket under /run. Started otherwise it is not seen.',
    moves: true,
    changes: true,
    async read({ files }) {
      const names = await systemSlice(files);
      const list = names ?? (await files.list('/run/irqbalance').catch(nullIfAbsent));
      if (list === null)
        throw new Absent('neither /sys/fs/cgroup/system.slice nor /run/irqbalance is there to tell');
      return list.some((name) => /^irqbalance(\.service|\d+\.sock)$/.test(name)) ? 'seen' : 'not_seen';
    },
  },
  {
    name: 'nmi_watchdog',
    group: 'others',
    what: 'Whether the watchdog holds a counter of every CPU, /proc/sys/kernel/nmi_watchdog.',
    moves: false,
    changes: true,
    read: ({ files }) => word(files, '/proc/sys/kernel/nmi_watchdog'),
  },
  {
    name: 'perf_event_paranoid',
    group: 'others',
    what: 'Who may count, /proc/sys/kernel/perf_event_paranoid.',
    moves: false,
    changes: true,
    unpublished: 'it decides what can be counted, and moves no number',
    read: ({ files }) => word(files, '/proc/sys/kernel/perf_event_paranoid'),
  },
  {
    name: 'containers',
    group: 'others',
    what: 'Whether containers run beside: some or none, by names in /sys/fs/cgroup. How many follows the load.',
    moves: false,
    changes: true,
    unpublished: 'workloads come and go, which is no change of the host',
    async read({ files }) {
      const root = await files.list('/sys/fs/cgroup');
      const names = [
        ...root,
        ...((await systemSlice(files)) ?? []),
        ...((await files.list('/sys/fs/cgroup/machine.slice').catch(nullIfAbsent)) ?? []),
      ];
      return names.some((name) => container.test(name)) ? 'some' : 'none';
    },
  },
];

/** Of cgroup v2, or v1 under systemd. */
async function systemSlice(files: Files): Promise<readonly string[] | null> {
  for (const folder of ['/sys/fs/cgroup/system.slice', '/sys/fs/cgroup/systemd/system.slice']) {
    const names = await files.list(folder).catch(nullIfAbsent);
    if (names) return names;
  }
  return null;
}
