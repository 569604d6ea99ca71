/** What a rendered object is to these tests. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: Metadata;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template?: { readonly metadata: Metadata; readonly spec: PodSpec };
    readonly [key: string]: unknown;
  };
}

interface Metadata {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface SecurityContext {
  readonly privileged?: boolean;
  readonly allowPrivilegeEscalation?: boolean;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly procMount?: string;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  readonly seccompProfile?: { readonly type: string };
  readonly seLinuxOptions?: Readonly<Record<string, string>>;
  readonly sysctls?: readonly unknown[];
}

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly securityContext?: SecurityContext;
  readonly livenessProbe?: unknown;
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly readOnly?: boolean;
    readonly recursiveReadOnly?: string;
  }[];
}

export interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: SecurityContext;
  readonly containers: readonly Container[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly hostPath?: { readonly path: string };
    readonly [kind: string]: unknown;
  }[];
}

export function podSpecOf({ spec }: KubernetesObject): PodSpec {
  if (!spec.template) throw new Error('no pod template');
  return spec.template.spec;
}

export const containersOf = (pod: PodSpec) => pod.containers;

/** Volumes that `restricted` allows. */
const volumes = new Set([
  'configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret',
]); // prettier-ignore

/** What Pod Security Standards' `restricted` (baseline included) forbids in it. */
export function violations(pod: PodSpec): readonly string[] {
  const own = pod.securityContext ?? {};
  const found = pod.containers.flatMap(({ ports = [], securityContext: given = {} }) => {
    const { capabilities: { add = [], drop = [] } = {} } = given;
    const extra = add.filter((one) => one !== 'NET_BIND_SERVICE');
    return [
      given.privileged && 'privileged',
      extra.length > 0 && `capabilities: ${extra.join(', ')}`,
      !drop.includes('ALL') && 'capabilities are not all dropped',
      ports.some(({ hostPort }) => hostPort) && 'hostPort',
      given.allowPrivilegeEscalation !== false && 'allowPrivilegeEscalation',
      given.procMount !== undefined && given.procMount !== 'Default' && 'procMount',
    ];
  });
  const users = pod.containers.flatMap(
    ({ securityContext: { runAsUser, runAsNonRoot, seccompProfile } = {} }) => [
      (runAsUser ?? own.runAsUser) === 0 && 'runAsUser: 0',
      (runAsNonRoot ?? own.runAsNonRoot) !== true && 'runAsNonRoot',
      !['RuntimeDefault', 'Localhost'].includes((seccompProfile ?? own.seccompProfile)?.type ?? '') &&
        'seccomp',
    ],
  );
  const host = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((key) => pod[key]);
  const mounted = (pod.volumes ?? []).flatMap(({ hostPath, ...kind }) =>
    hostPath
      ? [`hostPath: ${hostPath.path}`]
      : Object.keys(kind).flatMap((one) => (one === 'name' || volumes.has(one) ? [] : [`volume: ${one}`])),
  );
  return [
    ...host,
    ...found,
    own.seLinuxOptions?.['user'] !== undefined && 'seLinuxOptions.user',
    (own.sysctls ?? []).length > 0 && 'sysctls',
    ...mounted,
    ...users,
  ].filter((one) => typeof one === 'string');
}
