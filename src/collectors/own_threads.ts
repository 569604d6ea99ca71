import { nullIfAbsent } from '../errors.ts';
import { threadCapabilities } from '../parse/capabilities.ts';
import type { Files } from '../host/host.ts';

export interface OwnThreads {
  readonly count: number;
  /** `perfmon`; where threads differ all sets that there are: `all; none`. */
  readonly capabilities: string;
}

/** Those of this process, one by one: Node's have run before any code of ours. */
export async function ownThreads(files: Files): Promise<OwnThreads> {
  const ids = await files.list('/proc/self/task');
  // One that has ended since is none.
  const read = ids.map(async (id) => files.read(`/proc/self/task/${id}/status`).catch(nullIfAbsent));
  const statuses = (await Promise.all(read)).filter((status) => status !== null);
  return { count: statuses.length, capabilities: threadCapabilities(statuses) };
}
