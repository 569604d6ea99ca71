import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Clock } from '../../src/host/host.ts';
import { filesUnder } from '../../src/host/files.ts';
import { delayHandoffs, loadNative } from '../../src/host/native.ts';
import { createLatest } from '../../src/latest.ts';
import { courtesyOptions } from '../../src/probes/courtesy.ts';
import { latency, latencyOptions } from '../../src/probes/latency.ts';
import { createVisitor } from '../../src/probes/visit.ts';
import { run } from '../../src/run.ts';
import { readTopology } from '../../src/topology/read.ts';
import { silentLog } from '../fakes.ts';
import { skips } from '../require.ts';

const library = fileURLToPath(new URL('../../native/build/libnumacanary-delay.so', import.meta.url));
const lacking =
  skips(!existsSync(library), `${library}: make -C native delay`) ||
  skips(availableParallelism() < 2, 'a hand-off needs two CPUs');

/** Real threads and real hand-offs; only the time between the visits is not waited for. */
function skippingClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    wall: () => 1.7e9 + now,
    // A sleep that nobody aborts ends at once; those that bound a run are aborted when it ends.
    sleep: async (seconds, signal) => {
      if (signal === undefined || seconds < 1) now += seconds;
      else
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        );
    },
  };
}

it.skipIf(lacking)(
  'a link that got slower and stays slower reaches the published median in full within a minute',
  async () => {
    const files = filesUnder({ procfs: '/proc', sysfs: '/sys', rootfs: '/', cgroupfs: '/sys/fs/cgroup' });
    const topology = await readTopology(files);
    const clock = skippingClock();
    const host = { files, clock, log: silentLog(), native: loadNative(library) };
    const probe = latency(latencyOptions.parse({}), createVisitor(courtesyOptions.parse({})));
    const latest = createLatest(clock);
    const minute = async () => {
      for (let passed = 0; passed < 60; passed += probe.periodSeconds(topology)) {
        latest.add(probe, await run(probe, { host, topology }, 30));
        await clock.sleep(probe.periodSeconds(topology));
      }
      const family = latest.families().find(({ metric }) => metric.name.endsWith('latency_median_seconds'));
      const own = family?.values.find(({ labels }) => labels['pattern'] === 'store2');
      return Number(own?.value);
    };

    delayHandoffs(library, 0);
    const before = await minute();
    // Far above what the placement of this machine can do by itself, so that nothing else explains the step.
    const addedSeconds = Math.max(20 * before, 4e-6);
    delayHandoffs(library, Math.round(addedSeconds * 1e9));
    const after = await minute();
    delayHandoffs(library, 0);

    expect(before).toBeGreaterThan(0);
    expect(after).toBeGreaterThan(0.99 * addedSeconds);
  },
);
