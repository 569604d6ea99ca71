import { describe, expect, it } from 'vitest';
import { workloads } from '../../src/collectors/workloads.ts';
import type { Files } from '../../src/host/host.ts';
import { run } from '../../src/run.ts';
import { ticks } from '../../src/source.ts';
import { readTopology } from '../../src/topology/read.ts';
import { createWorkloadBooks } from '../../src/workloads/books.ts';
import { fakeWorld } from '../fakeWorld.ts';
import { filesOf } from '../fakes.ts';
import { machine } from '../machines.ts';
import type { MachineName } from '../machines.ts';
import { id, podA } from '../trees/cgroups.ts';

type Tree = Record<string, string | Error>;

/** Folders come and go with what is in them. */
const living = (tree: Tree): Files => ({
  read: (path) => filesOf(tree).read(path),
  list: (path) => filesOf(tree).list(path),
  folders: (path) => filesOf(tree).folders(path),
});

async function on(name: MachineName, options: Record<string, unknown> = {}, change: (tree: Tree) => void = () => {}) {
  const tree: Tree = { ...machine(name) };
  change(tree);
  const topology = await readTopology(filesOf(tree));
  const world = fakeWorld(living(tree), topology);
  const books = createWorkloadBooks();
  const source = workloads(books).make(options);
  if (!ticks(source)) throw new Error('it looks beside the scrapes');
  const read = async () => {
    const outcome = await run(source, world, 5);
    if (outcome.status !== 'ok') return [`${outcome.status}: ${outcome.error.message}`];
    return outcome.samples.map(
      ({ metric, labels, value }) =>
        `${metric.name.replace('numacanary_workload_', '')} ${Object.values(labels).map(short).join(' ')} ${JSON.stringify(value)}`,
    );
  };
  const seconds = async (count: number) => {
    await world.clock.advance(count);
    await source.tick({ ...world, signal: new AbortController().signal });
  };
  return { tree, books, read, seconds };
} // prettier-ignore

const short = (label: string) => (label.length > 30 ? `${label.slice(0, 1)}…` : label === '' ? '-' : label);

/** Lines about one container, or of one family. */
const about = (lines: readonly string[], what: string) => lines.filter((line) => line.includes(what));

const sliceA = `/sys/fs/cgroup/kubepods.slice/kubepods-pod${podA.replaceAll('-', '_')}.slice`;
const scopeA = `${sliceA}/cri-containerd-${id('a')}.scope`;
const remove = (tree: Tree, folder: string) => {
  for (const path of Object.keys(tree)) if (path.startsWith(`${folder}/`)) delete tree[path];
};

describe('workloads', () => {
  it('tells of a container where it runs, where its memory is and what it waited for', async () => {
    const { read } = await on('containerd-systemd');
    expect(about(await read(), ' 3… a… ')).toEqual([
      'info 3… a… guaranteed - container containerd 1',
      'cpus 3… a… guaranteed - 2',
      'sockets_spanned 3… a… guaranteed - 1',
      'numa_nodes_spanned 3… a… guaranteed - 1',
      'memory_bytes 3… a… guaranteed - 0 anon 536870912',
      'memory_bytes 3… a… guaranteed - 1 anon 536870912',
      'outside_memory_bytes 3… a… guaranteed - anon 536870912',
      'memory_bytes 3… a… guaranteed - 0 file 134217728',
      'memory_bytes 3… a… guaranteed - 1 file 0',
      'outside_memory_bytes 3… a… guaranteed - file 0',
      'cpuset_changes_total 3… a… guaranteed - cpus 0',
      'cpuset_changes_total 3… a… guaranteed - mems 0',
      'autonuma_pages_migrated_total 3… a… guaranteed - 17',
      'autonuma_hint_faults_total 3… a… guaranteed - 42',
      'cpu_pressure_seconds_total 3… a… guaranteed - some 2.5',
      'cpu_pressure_seconds_total 3… a… guaranteed - full 0.5',
    ]);
  });

  it('names who is there: pods by their containers, and beside them no service', async () => {
    const { read } = await on('containerd-systemd');
    expect(about(await read(), 'info').map((line) => line.split(' ').slice(1, 7).join(' '))).toEqual([
      '3… a… guaranteed - container containerd',
      '1… b… burstable - container containerd',
      '1… c… burstable - container containerd',
      'a… d… besteffort - static_pod containerd',
      'static cpusets 1', // cpu_manager_info
    ]);
  });

  it('does not take conmon for a container, nor what an init in one starts for services', async () => {
    const { read } = await on('crio-cgroupfs');
    expect(about(await read(), 'info')).toEqual([
      'info 3… a… guaranteed - container crio 1',
      'info 1… b… burstable - container crio 1',
    ]);
  });

  it('multiplies out the pages of version 1, and goes by the cpuset above where there is none', async () => {
    const { read } = await on('cgroup-v1');
    const lines = await read();
    expect(about(lines, 'info')).toEqual([
      'info - e… - - container docker 1',
      'info 1… b… burstable - container unknown 1',
    ]);
    expect(about(lines, ' b… ')).toContain('memory_bytes 1… b… burstable - 0 anon 268435456');
    expect(about(lines, ' b… ')).toContain('cpus 1… b… burstable - 16');
    const { read: without } = await on('cgroup-v1', {}, (tree) => {
      for (const path of Object.keys(tree))
        if (path.startsWith('/sys/fs/cgroup/cpuset/kubepods')) delete tree[path];
    });
    expect(about(await without(), ' b… ')).toContain('cpus 1… b… burstable - 16');
    expect(about(lines, ' e… ')).toContain('cpus - e… - - 2');
    expect(about(lines, 'pressure')).toEqual([]);
    // Of the others each has the whole machine written into its cpuset: none was given CPUs.
    expect(about(lines, 'own_cpuset')).toEqual([
      'own_cpuset_containers one 1',
      'own_cpuset_containers several 0',
    ]);
    expect(about(lines, 'manager')).toEqual([]);
  });

  it('tells of services where there are no pods, and by name wherever', async () => {
    const { read } = await on('two-socket', { cgroups: ['system.slice/sshd.service'], services: 'never' });
    expect(about(await read(), 'info')).toEqual(['info - - - system.slice/sshd.service cgroup unknown 1']);
    const auto = await on('two-socket');
    expect(about(await auto.read(), 'info')).toHaveLength(2);
  });

  it('sees at the next scrape what was written into a cpuset, and counts it once', async () => {
    const { tree, read, seconds } = await on('containerd-systemd');
    const spanned = async () =>
      about(await read(), 'a… guaranteed')
        .filter((line) => /sockets_spanned|changes/.test(line))
        .map((line) => line.replace(' 3… a… guaranteed -', ''));
    expect(await spanned()).toEqual(['sockets_spanned 1', 'cpuset_changes_total cpus 0', 'cpuset_changes_total mems 0']); // prettier-ignore
    tree[`${scopeA}/cpuset.cpus.effective`] = '2-5\n';
    expect(await spanned()).toEqual(['sockets_spanned 2', 'cpuset_changes_total cpus 1', 'cpuset_changes_total mems 0']); // prettier-ignore
    tree[`${scopeA}/cpuset.mems.effective`] = '1\n';
    await seconds(31);
    expect(await spanned()).toEqual(['sockets_spanned 2', 'cpuset_changes_total cpus 1', 'cpuset_changes_total mems 1']); // prettier-ignore
  });

  it('tells no more of a container that has gone, and keeps nothing of it', async () => {
    const { tree, books, read, seconds } = await on('containerd-systemd');
    await read();
    const before = books.size();
    remove(tree, scopeA);
    expect(about(await read(), ' 3… a… ')).toEqual([]);
    await seconds(31);
    expect(books.size()).toBe(before - 1);
    // The pod is left without a container that we know: it is empty, and says nothing of memory.
    expect(about(await read(), 'containers')).toContain('containers shown 3');
  });

  it('finds who came, at the next walk', async () => {
    const { tree, read, seconds } = await on('crio-cgroupfs');
    await read();
    const folder = `/sys/fs/cgroup/kubepods/besteffort/pod${podA}/crio-${id('9')}`;
    tree[`${folder}/memory.current`] = '4096\n';
    tree[`${folder}/memory.numa_stat`] = 'anon N0=4096 N1=0\nfile N0=0 N1=0\n';
    expect(about(await read(), ' 9… ')).toEqual([]);
    await seconds(29);
    expect(about(await read(), ' 9… ')).toEqual([]);
    await seconds(1);
    expect(about(await read(), ' 9… ')).not.toEqual([]);
  });

  it('has series for so many, and counts the rest', async () => {
    const { read } = await on('containerd-systemd', { max_shown: 2 });
    const lines = await read();
    // The one with CPUs of its own, and the largest of the others.
    expect(about(lines, 'info').slice(0, 2).map((line) => line.split(' ')[2])).toEqual(['a…', 'b…']); // prettier-ignore
    expect(about(lines, 'containers ')).toEqual([
      'containers shown 2',
      'containers hidden 2',
      'own_cpuset_containers one 1',
      'own_cpuset_containers several 0',
    ]);
  });

  it('derives what the CPU manager gave away, and counts when the pool changes', async () => {
    const { tree, read, seconds } = await on('containerd-systemd');
    const manager = async () =>
      about(await read(), 'exclusive').concat(about(await read(), 'pool'), about(await read(), 'manager'));
    expect(await manager()).toEqual([
      'exclusive_cpus 0 2',
      'exclusive_cpus 1 0',
      'shared_pool_cpus 0 6',
      'shared_pool_cpus 1 8',
      'shared_pool_changes_total  0',
      'cpu_manager_info static cpusets 1',
    ]);
    for (const path of Object.keys(tree)) {
      if (path.endsWith('/cpuset.cpus') && !path.startsWith(scopeA)) tree[path] = '0-1,4-14\n';
    }
    await seconds(30);
    expect(await manager()).toContain('shared_pool_changes_total  1');
  });

  it('believes kubelet’s own file where it is given, and the cpusets where that is torn', async () => {
    const file = '/var/lib/kubelet/cpu_manager_state';
    const { tree, read, seconds } = await on('containerd-systemd', { cpu_manager_state: file }, (files) => {
      files[file] =
        '{"policyName":"static","defaultCpuSet":"0-1","entries":{"u":{"app":"4-7"}},"checksum":1}';
    });
    expect(about(await read(), 'exclusive')).toEqual(['exclusive_cpus 0 0', 'exclusive_cpus 1 4']);
    expect(about(await read(), 'manager')).toEqual(['cpu_manager_info static kubelet 1']);
    tree[file] = '{"policyName":"static","defaultCpu';
    await seconds(30);
    expect(about(await read(), 'manager')).toEqual(['cpu_manager_info static cpusets 1']);
    expect(about(await read(), 'exclusive')).toEqual(['exclusive_cpus 0 2', 'exclusive_cpus 1 0']);
  });

  it('has no such view where nobody was given CPUs', async () => {
    const { read } = await on('crio-cgroupfs');
    expect(about(await read(), 'exclusive').concat(about(await read(), 'manager'))).toEqual([]);
  });

  it('is absent on a machine without cgroups', async () => {
    const { read } = await on('bare');
    expect(await read()).toEqual([expect.stringMatching(/^absent: \/sys\/fs\/cgroup\//)]);
  });
});
