import type { Host } from './host/host.ts';
import { sameTopology } from './topology.ts';
import type { Topology } from './topology.ts';
import { readTopology, topologyFingerprint } from './topology/read.ts';

/** How often the few lines that change with hotplug and cpusets are looked at, and everything is. */
const peekSeconds = 5;
const wholeSeconds = 60;
/**
 * The kernel lists a CPU as online before it has written down the CPU's caches, and takes the caches away before
 * the CPU: in between, neighbours seem to share none. What changed is believed when it reads the same twice.
 */
const settleSeconds = 0.5;
const settleReadings = 6;

export interface Followed {
  current(): Topology;
  /** Reads everything anew; true where it differs from before. */
  reread(): Promise<boolean>;
  /** Follows until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** The topology as it is now: CPUs go offline and cpusets shrink while we run. */
export async function follow({
  files,
  clock,
  log,
}: Pick<Host, 'files' | 'clock' | 'log'>): Promise<Followed> {
  let topology = await readTopology(files);
  let seen = await topologyFingerprint(files);
  let readAt = clock.now();

  async function settled(signal?: AbortSignal) {
    let mark = await topologyFingerprint(files);
    let fresh = await readTopology(files, topology);
    for (let reading = 1; reading < settleReadings && !sameTopology(fresh, topology); reading += 1) {
      const before = fresh;
      await clock.sleep(settleSeconds, signal);
      if (signal?.aborted) break;
      mark = await topologyFingerprint(files);
      fresh = await readTopology(files, topology);
      if (sameTopology(fresh, before)) break;
    }
    return { mark, fresh };
  }

  async function reread(signal?: AbortSignal) {
    const { mark, fresh } = await settled(signal);
    seen = mark;
    readAt = clock.now();
    const same = sameTopology(fresh, topology);
    // A new object even where nothing changed: whoever gave up a CPU after a refusal may try it again.
    topology = fresh;
    if (same) return false;
    // Once more at the next look: on a machine slower than thought nothing wrong stands for a minute.
    readAt = -Infinity;
    log.info('topology changed', {
      cpus: fresh.cpus.length,
      allowed: fresh.cpus.filter((cpu) => cpu.allowed).length,
      nodes: fresh.numaNodes.length,
      sockets: fresh.sockets.length,
    });
    return true;
  }

  return {
    current: () => topology,
    reread: () => reread(),
    async run(signal) {
      for (;;) {
        await clock.sleep(peekSeconds, signal);
        if (signal.aborted) return;
        const due = clock.now() - readAt >= wholeSeconds;
        if (!due && (await topologyFingerprint(files)) === seen) continue;
        await reread(signal).catch((thrown: unknown) => {
          log.error('topology not read, the last one stays', { error: String(thrown) });
        });
      }
    },
  };
}
