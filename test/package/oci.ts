import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Of a container as Kubernetes has it what kubelet and containerd make of it, as far as this program can tell. */
export interface Container {
  readonly args?: readonly string[];
  readonly securityContext?: {
    readonly runAsUser?: number;
    readonly runAsGroup?: number;
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly add?: readonly string[] };
  };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Volume {
  readonly name: string;
  readonly hostPath?: { readonly path: string };
  readonly configMap?: unknown;
}

export interface Limits {
  readonly cpuset?: string;
  /** Microseconds of each 100 ms. */
  readonly quota?: number;
}

export const entrypoint = ['/usr/local/bin/node', '/opt/numacanary/dist/main.js'];
const shippedProfile = resolve(import.meta.dirname, '../../helm/seccomp/numacanary.json');

/** As containerd's default does for a container that is not privileged. */
const masked = [
  '/proc/acpi', '/proc/asound', '/proc/interrupts', '/proc/kcore', '/proc/keys', '/proc/latency_stats',
  '/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware', '/sys/devices/virtual/powercap',
]; // prettier-ignore
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** config.json of the OCI runtime specification; what configMap volumes hold stands in `configs` by the name of the volume. */
export function ociSpec(
  { args = [], securityContext: given = {}, volumeMounts = [] }: Container,
  volumes: readonly Volume[],
  {
    root,
    configs,
    limits = {},
    name,
  }: {
    readonly root: string;
    readonly configs: Readonly<Record<string, string>>;
    readonly limits?: Limits;
    readonly name: string;
  },
): object {
  const capabilities = (given.capabilities?.add ?? []).map((one) => `CAP_${one}`);
  const mounts = volumeMounts.map(({ name: of, mountPath }) => {
    const volume = volumes.find((one) => one.name === of);
    return {
      destination: mountPath,
      type: 'bind',
      source: volume?.hostPath?.path ?? configs[of],
      // rro: what is mounted below it too, as with recursiveReadOnly.
      options: ['rbind', 'ro', 'rro', 'nosuid', 'noexec', 'nodev', 'rprivate'],
    };
  });
  return {
    ociVersion: '1.0.2',
    process: {
      // Whom the image says, where nobody else does.
      user: { uid: given.runAsUser ?? 65_534, gid: given.runAsGroup ?? 65_534 },
      args: [...entrypoint, ...args],
      env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'HOME=/'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 65_536, hard: 65_536 }],
      noNewPrivileges: given.allowPrivilegeEscalation === false,
    },
    root: { path: root, readonly: given.readOnlyRootFilesystem === true },
    hostname: 'node',
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=64k'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      {
        destination: '/sys/fs/cgroup',
        type: 'cgroup',
        source: 'cgroup',
        options: ['nosuid', 'noexec', 'nodev', 'ro'],
      },
      ...mounts,
    ],
    linux: {
      // Its network is the node's here: the test asks it from outside.
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
      cgroupsPath: `/kubepods/burstable/pod-${name}/${name}`,
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        cpu: {
          ...(limits.cpuset !== undefined && { cpus: limits.cpuset }),
          ...(limits.quota !== undefined && { quota: limits.quota, period: 100_000 }),
        },
      },
      seccomp: JSON.parse(readFileSync(shippedProfile, 'utf8')) as object,
      maskedPaths: masked,
      readonlyPaths,
    },
  };
}
