/** Where a cgroup's files lie: in one folder of version 2, in one of each controller's hierarchy of version 1. */
import { nullIfAbsent } from '../errors.ts';
import type { Files } from '../host/host.ts';

const root = '/sys/fs/cgroup';

export type Controller = 'cpuset' | 'memory' | 'cpu';

export interface Hierarchy {
  readonly version: 1 | 2;
  /** Folder of the cgroup of that path. */
  readonly folder: (controller: Controller, path: string) => string;
  /** Names of the files that say the same in both versions. */
  readonly names: {
    readonly ownCpus: string;
    readonly cpus: string;
    readonly mems: string;
    readonly memory: string;
  };
}

const version2: Hierarchy = {
  version: 2,
  folder: (_, path) => `${root}${path}`,
  names: {
    ownCpus: 'cpuset.cpus',
    cpus: 'cpuset.cpus.effective',
    mems: 'cpuset.mems.effective',
    memory: 'memory.current',
  },
};

const version1: Hierarchy = {
  version: 1,
  folder: (controller, path) => `${root}/${controller}${path}`,
  names: {
    ownCpus: 'cpuset.cpus',
    cpus: 'cpuset.effective_cpus',
    mems: 'cpuset.effective_mems',
    memory: 'memory.usage_in_bytes',
  },
};

/**
 * Version 1 where memory is one of its hierarchies: a hybrid host has an empty version 2 beside it. Throws Absent where
 * there are no cgroups.
 */
export async function hierarchyOf(files: Files): Promise<Hierarchy> {
  const controllers = await files.read(`${root}/cgroup.controllers`).catch(nullIfAbsent);
  if (controllers !== null) return version2;
  await files.read(`${root}/memory/${version1.names.memory}`);
  return version1;
}

/** What this cgroup says, or the nearest above it: not every cgroup has every controller. */
export async function inherited(
  files: Files,
  { folder }: Hierarchy,
  controller: Controller,
  path: string,
  name: string,
): Promise<string | null> {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const text = await files.read(`${folder(controller, at)}/${name}`).catch(nullIfAbsent);
    if (text !== null || at === '') return text;
  }
}
