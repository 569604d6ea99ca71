import { formatCpulist } from '../../src/parse/cpulist.ts';
import type { MachineSpec, Place, Put } from '../machines.ts';

const MiB = 1024 ** 2;

/** A cgroup in a few numbers. */
export interface CgroupSpec {
  readonly path: string;
  /** Written into cpuset.cpus; left out: as those above. */
  readonly given?: readonly number[];
  /** In force; left out: all. */
  readonly cpus?: readonly number[];
  /** Anonymous memory by node, MiB; a quarter as much page cache on the first. */
  readonly anonMiB: readonly number[];
}

export const podA = '3f2b0c1e-7a55-4c5e-9d3b-0f1c2d3e4a5b';
export const podB = '11111111-2222-3333-4444-555555555555';
export const staticPod = 'ab12cd34ef56ab12cd34ef56ab12cd34';
export const id = (digit: string) => digit.repeat(64);

const slice = (uid: string, qos: string) =>
  `/kubepods.slice/${qos === '' ? '' : `kubepods-${qos}.slice/`}kubepods-${qos === '' ? '' : `${qos}-`}pod${uid.replaceAll('-', '_')}.slice`;

/** Two pods of a kind each and a static one, as the runtime and driver of that host write them. */
const podsOf: Readonly<
  Record<NonNullable<MachineSpec['cgroups']>, (online: readonly number[]) => CgroupSpec[]>
> = {
  services: () => [
    { path: '/system.slice/postgresql.service', anonMiB: [900, 100] },
    { path: '/system.slice/sshd.service', anonMiB: [5, 0] },
  ],
  'containerd-systemd': (online) => {
    const [own, pool] = [online.slice(2, 4), online.filter((_, index) => index < 2 || index > 3)];
    return [
      {
        path: `${slice(podA, '')}/cri-containerd-${id('a')}.scope`,
        given: own,
        cpus: own,
        anonMiB: [512, 512],
      },
      {
        path: `${slice(podB, 'burstable')}/cri-containerd-${id('b')}.scope`,
        given: pool,
        cpus: pool,
        anonMiB: [256, 0],
      },
      { path: `${slice(podB, 'burstable')}/cri-containerd-${id('c')}.scope`, anonMiB: [1, 0] },
      {
        path: `${slice(staticPod, 'besteffort')}/cri-containerd-${id('d')}.scope`,
        given: pool,
        cpus: pool,
        anonMiB: [64, 64],
      },
      { path: '/system.slice/kubelet.service', anonMiB: [80, 0] },
    ];
  },
  'crio-cgroupfs': () => [
    { path: `/kubepods/pod${podA}/crio-${id('a')}`, anonMiB: [512, 512] },
    { path: `/kubepods/pod${podA}/crio-conmon-${id('a')}`, anonMiB: [1, 0] },
    { path: `/kubepods/burstable/pod${podB}/crio-${id('b')}`, anonMiB: [256, 0] },
    { path: `/kubepods/burstable/pod${podB}/crio-${id('b')}/system.slice/cron.service`, anonMiB: [1, 0] },
  ],
  v1: (online) => [
    // As kubelet leaves it under policy none: version 1 wants CPUs in every cpuset.
    { path: `/kubepods/burstable/pod${podB}/${id('b')}`, given: online, cpus: online, anonMiB: [256, 128] },
    { path: `/docker/${id('e')}`, given: online.slice(0, 2), cpus: online.slice(0, 2), anonMiB: [32, 0] },
    { path: '/system.slice/nginx.service', anonMiB: [10, 0] },
  ],
};

/** What /sys/fs/cgroup says of workloads. */
export function putCgroups(spec: MachineSpec, put: Put, online: readonly Place[]): void {
  const cpus = online.map(({ cpu }) => cpu);
  const nodes = spec.sockets * spec.nodesPerSocket + (spec.memoryOnly?.length ?? 0);
  const mems = formatCpulist(Array.from({ length: nodes }, (_, node) => spec.nodeIds?.[node] ?? node));
  const write = spec.cgroups === 'v1' ? putVersion1 : putVersion2;
  write(put, '', { cpus: formatCpulist(cpus), mems, given: '', anon: [], root: true });
  for (const { path, given, cpus: own, anonMiB } of podsOf[spec.cgroups ?? 'services'](cpus))
    write(put, path, {
      cpus: own ? formatCpulist(own) : null,
      mems,
      given: given ? formatCpulist(given) : '',
      anon: anonMiB.map((mebibytes) => mebibytes * MiB),
      root: false,
    });
}

interface Cgroup {
  readonly cpus: string | null;
  readonly mems: string;
  readonly given: string;
  readonly anon: readonly number[];
  readonly root: boolean;
}

const perNode = (bytes: readonly number[]) => bytes.map((value, node) => `N${node}=${value}`).join(' ');
const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);

function putVersion2(put: Put, path: string, { cpus, mems, given, anon, root }: Cgroup): void {
  const folder = `/sys/fs/cgroup${path}`;
  put(folder, { 'cgroup.controllers': 'cpuset cpu io memory pids' });
  if (cpus !== null) put(folder, { 'cpuset.cpus.effective': cpus, 'cpuset.mems.effective': mems });
  if (root) return;
  if (given !== '') put(folder, { 'cpuset.cpus': given });
  const file = anon.map((bytes, node) => (node === 0 ? bytes / 4 : 0));
  put(folder, {
    'memory.current': sum(anon) + sum(file),
    'memory.numa_stat': `anon ${perNode(anon)}\nfile ${perNode(file)}\nkernel_stack ${perNode(file)}\nanon_thp ${perNode(anon)}`,
    'memory.stat': `anon ${sum(anon)}\nfile ${sum(file)}\nnuma_pages_migrated 17\nnuma_pte_updates 99\nnuma_hint_faults 42`,
    'cpu.pressure':
      'some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=500000',
  });
}

/** In pages of 4 KiB. */
function putVersion1(put: Put, path: string, { cpus, mems, given, anon, root }: Cgroup): void {
  if (cpus !== null)
    put(`/sys/fs/cgroup/cpuset${path}`, {
      'cpuset.cpus': given || cpus,
      'cpuset.effective_cpus': cpus,
      'cpuset.effective_mems': mems,
    });
  const pages = anon.map((bytes) => bytes / 4096);
  const row = (name: string, values: readonly number[]) => `${name}=${sum(values)} ${perNode(values)}`;
  const rows = ['total', 'file', 'anon', 'unevictable'].map((name) =>
    row(name, name === 'anon' ? pages : pages.map(() => 0)),
  );
  put(`/sys/fs/cgroup/memory${path}`, { 'memory.usage_in_bytes': sum(anon) });
  if (root) return;
  put(`/sys/fs/cgroup/memory${path}`, {
    'memory.numa_stat': [...rows, ...rows.map((line) => `hierarchical_${line}`)].join('\n'),
    'memory.stat': `cache 0\nrss ${sum(anon)}`,
  });
}
