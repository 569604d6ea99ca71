/** Where one process's CPU controller is, as /proc/<pid>/cgroup says. */
export interface CgroupPath {
  readonly version: 1 | 2;
  /** `cpu`, `cpu,cpuacct`: the name of the v1 hierarchy's folder; empty for v2. */
  readonly controllers: string;
  /** From the root of the process's cgroup namespace. */
  readonly path: string;
}

/** Version 1 first, where the CPU controller is there; unknown hierarchies are left out. */
// > 1:cpu,cpuacct:/kubepods/pod7
// > 0::/system.slice/numacanary.service
export function parseCgroup(text: string): readonly CgroupPath[] {
  const lines = [...text.matchAll(/^\d+:([^:\n]*):(.+)$/gm)].map(([, controllers = '', path = '/']) => ({
    version: controllers === '' ? (2 as const) : (1 as const),
    controllers,
    path,
  }));
  return lines
    .filter(({ version, controllers }) => version === 2 || controllers.split(',').includes('cpu'))
    .toSorted((a, b) => a.version - b.version);
}
