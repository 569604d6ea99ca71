/** Who a cgroup belongs to, by its path alone: Kubernetes, container runtimes and systemd all write it there. */

export const qosClasses = ['guaranteed', 'burstable', 'besteffort', ''] as const;
export type Qos = (typeof qosClasses)[number];

export const workloadKinds = ['container', 'static_pod', 'pod', 'service', 'cgroup'] as const;
export type WorkloadKind = (typeof workloadKinds)[number];

export const runtimes = ['containerd', 'crio', 'docker', 'podman', 'systemd', 'unknown'] as const;
export type Runtime = (typeof runtimes)[number];

export interface Identity {
  readonly kind: WorkloadKind;
  /** As the API server writes it, with dashes; of a static pod the hash of its file, without any. Else empty. */
  readonly podUid: string;
  readonly containerId: string;
  readonly qos: Qos;
  /** Path below the root of cgroups, of what has no other name. */
  readonly cgroup: string;
  readonly runtime: Runtime;
}

/**
 * Of the last part of a path. The systemd driver writes `_` for the dashes of a uid, and a slice repeats the names of those
 * above it, whatever the hierarchy was renamed to.
 */
// > kubepods-burstable-pod3f2b0c1e_7a55_4c5e_9d3b_0f1c2d3e4a5b.slice
// > pod3f2b0c1e-7a55-4c5e-9d3b-0f1c2d3e4a5b
// > kubepods-podab12…32 hex of a static pod….slice
const pod =
  /^(?:[\w.-]*-)?pod([0-9a-f]{8}([-_])[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;

// > cri-containerd-<64 hex>.scope   crio-<64 hex>.scope   docker-<64 hex>.scope   libpod-<64 hex>.scope
// > <64 hex>                        cgroupfs driver, below a pod or /docker
const container = /^(?:(cri-containerd|nerdctl|crio|docker|libpod)-)?([0-9a-f]{64})(?:\.scope)?$/;

const runtimeOf: Readonly<Record<string, Runtime>> = {
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
  crio: 'crio',
  docker: 'docker',
  libpod: 'podman',
};

/** Null for what only holds others, and for what nobody would call a workload. */
export function identify(path: string): Identity | null {
  const parts = path.split('/').filter((part) => part !== '');
  const last = parts.at(-1) ?? '';
  const uid = parts.map((part) => pod.exec(part)?.[1]).findLast((found) => found !== undefined);
  const podUid = uid?.replaceAll('_', '-') ?? '';
  const qos = podUid === '' ? '' : qosOf(path);
  const [, prefix, containerId] = container.exec(last) ?? [];
  if (containerId !== undefined) {
    const above = parts.at(-2) ?? '';
    const runtime = runtimeOf[prefix ?? above] ?? 'unknown';
    const kind = isStatic(podUid) ? 'static_pod' : 'container';
    return { kind, podUid, containerId, qos, cgroup: '', runtime };
  }
  if (pod.test(last)) return { kind: 'pod', podUid, containerId: '', qos, cgroup: '', runtime: 'unknown' };
  if (last.endsWith('.service')) return named('service', path, 'systemd');
  return null;
}

/** What the operator has named: it goes by its path, whatever that looks like. */
export const configured = (path: string): Identity => named('cgroup', path, 'unknown');

const named = (kind: 'service' | 'cgroup', path: string, runtime: Runtime): Identity => ({
  kind,
  podUid: '',
  containerId: '',
  qos: '',
  cgroup: path.replace(/^\/+/, ''),
  runtime,
});

/** kubelet makes these of files; the API server knows them by another uid. */
const isStatic = (podUid: string) => /^[0-9a-f]{32}$/.test(podUid);

function qosOf(path: string): Qos {
  if (/besteffort/.test(path)) return 'besteffort';
  return /burstable/.test(path) ? 'burstable' : 'guaranteed';
}
