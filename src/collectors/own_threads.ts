import { nullIfAbsent } from '../errors.ts';
import { threadCapabilities } from '../parse/capabilities.ts';
import type { Files } from '../host/host.ts';

export interface OwnThreads {
  readonly count: number;
  /** `perfmon`; where threads differ all sets that there are: `all; none`. */
  readonly capabilities: string;
}

/**
 * Those of this process, one by one: Node's have run before any code of ours. `known` remembers their files from one
 * reading to the next: nobody but a thread itself changes what it may do, and ours do not.
 */
export async function ownThreads(files: Files, known = new Map<string, string>()): Promise<OwnThreads> {
  const ids = await files.list('/proc/self/task');
  const read = ids.map(async (id) => {
    // One that has ended since is none.
    const status = known.get(id) ?? (await files.read(`/proc/self/task/${id}/status`).catch(nullIfAbsent));
    return status === null ? [] : [[id, status] as const];
  });
  const statuses = (await Promise.all(read)).flat();
  known.clear();
  for (const [id, status] of statuses) known.set(id, status);
  return { count: statuses.length, capabilities: threadCapabilities(statuses.map(([, status]) => status)) };
}
