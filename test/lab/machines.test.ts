import { beforeAll, describe, expect, test } from 'vitest';
import type { MemoryVisit, Visit } from '../../src/host/host.ts';
import type { Topology } from '../../src/topology.ts';
import { family, parsePage, valueOf } from './counts.ts';
import { noLab, observe, say } from './lab.ts';
import { machines, type Machine } from './machines.ts';
import { distancesIn, sum, tally } from './page.ts';

interface Pair {
  readonly cpuA: number;
  readonly cpuB: number;
  readonly nodeA: number;
  readonly nodeB: number;
}

interface Seen {
  readonly topology: Topology;
  readonly visits: readonly { readonly plan: Pair; readonly attempt: number; readonly result: Visit }[];
  readonly memories: readonly {
    readonly plan: { readonly cpu: number; readonly node: number };
    readonly attempt: number;
    readonly result: MemoryVisit;
  }[];
  readonly page: string;
  readonly stopped: {
    readonly code: number | null;
    readonly signal: string | null;
    readonly seconds: number;
  };
  readonly log: string;
}

describe.skipIf(noLab()).each(machines)('$name', (machine) => {
  let seen: Seen;
  beforeAll(async () => {
    const asked = {
      distances: machine.distances,
      visits: pairs(machine),
      memories: loads(machine),
      seconds: 240,
    };
    seen = await observe<Seen>({
      topology: machine.name,
      command: ['node', 'test/lab/guest/observe.mjs', JSON.stringify(asked)],
      timeoutSeconds: 800,
    });
    say(`${machine.name}: latency visits ${tally(seen.page)}`);
  });

  test('the topology is the machine that was asked for', () => {
    const { sockets, numaNodes, cores, llcGroups, distances, cpus, warnings } = seen.topology;
    expect(sockets.map((socket) => socket.cpus)).toEqual(machine.sockets);
    expect(
      numaNodes.map((node) => ({ cpus: node.cpus, memory: node.memoryBytes !== 0, socket: node.socket })),
    ).toEqual(machine.nodes);
    expect(cores.map((core) => core.cpus)).toEqual(machine.cores);
    expect(llcGroups.map((group) => group.cpus)).toEqual(machine.llcGroups);
    expect(Object.values(distances).map((row) => Object.values(row))).toEqual(machine.slit);
    expect(cpus.map((cpu) => cpu.allowed)).not.toContain(false);
    expect(warnings).toEqual([]);
  });

  test('both threads of a visit ran where they were sent', () => {
    for (const { plan, result } of seen.visits) {
      expect(result, `${plan.cpuA} and ${plan.cpuB}`).toMatchObject({
        outcome: 'done',
        a: { cpuBefore: plan.cpuA, cpuAfter: plan.cpuA, maskCpus: 1 },
        b: { cpuBefore: plan.cpuB, cpuAfter: plan.cpuB, maskCpus: 1 },
      });
    }
  });

  test('the lines of a visit lay on the nodes that were asked for', () => {
    for (const { plan, result } of seen.visits) {
      expect([result.pageNodeA, result.pageNodeB], `${plan.cpuA} and ${plan.cpuB}`).toEqual([
        plan.nodeA,
        plan.nodeB,
      ]);
    }
  });

  test('memory is chased on the node it was asked for, from the CPU it was asked for', () => {
    for (const { plan, result } of seen.memories) {
      expect(result.pagesChecked, `CPU ${plan.cpu}, node ${plan.node}`).toBeGreaterThan(0);
      expect(result, `CPU ${plan.cpu}, node ${plan.node}`).toMatchObject({
        outcome: 'done',
        pagesOnNode: result.pagesChecked,
        thread: { cpuBefore: plan.cpu, cpuAfter: plan.cpu, maskCpus: 1 },
      });
    }
  });

  test.each(machine.distances)('the daemon has clean samples at distance %s', (distance) => {
    const family = 'numacanary_probe_latency_seconds_count';
    expect(sum(seen.page, family, `distance="${distance}"`), seen.log).toBeGreaterThan(0);
  });

  test('the daemon names no distance that the machine does not have', () => {
    expect(distancesIn(seen.page)).toEqual(new Set(machine.distances));
  });

  test('promotions and demotions are told where a node is a tier of its own, and nowhere else', () => {
    const tiered = machine.nodes.some(({ cpus }) => cpus.length === 0);
    const told = Object.keys(family(parsePage(seen.page), 'numacanary_tiering_pages_total'));
    const promoted = told.filter((labels) => labels.includes('promoted'));
    expect(promoted).toHaveLength(tiered ? machine.nodes.length : 0);
    // This kernel counts demotions for all nodes together.
    expect(told.length - promoted.length).toBe(tiered ? 1 : 0);
  });

  test('every node says what it allocated and what memory it has, one without CPUs too', () => {
    const page = parsePage(seen.page);
    for (const [id, { memory }] of machine.nodes.entries()) {
      const node = { numa_node: String(id) };
      expect(valueOf(page, 'numacanary_numastat_pages_total', { ...node, event: 'numa_hit' })).toBeDefined();
      expect((valueOf(page, 'numacanary_numa_node_memory_bytes', node) ?? 0) > 0, `node ${id}`).toBe(memory);
    }
  });

  test('SIGTERM ends the daemon with exit code 0', () => {
    expect(seen.stopped).toMatchObject({ code: 0, signal: null });
  });
});

/** One pair of CPUs for every pair of nodes, lines at each of the two homes; within a node, its first two CPUs. */
function pairs({ nodes }: Machine): Pair[] {
  const places = nodes.flatMap(({ cpus }, node) =>
    cpus.length > 0 ? [{ cpus, home: homeOf(nodes, node) }] : [],
  );
  return places.flatMap(({ cpus, home }, index) => {
    const [cpuA = 0, neighbour = 0] = cpus;
    const near = { cpuA, cpuB: neighbour, nodeA: home, nodeB: home };
    const far = places.slice(index + 1).flatMap((other) => {
      const cpuB = other.cpus.at(-1) ?? 0;
      return [
        { cpuA, cpuB, nodeA: home, nodeB: other.home },
        { cpuA, cpuB, nodeA: other.home, nodeB: home },
      ];
    });
    return [near, ...far];
  });
}

/** From each node with CPUs to each with memory, CXL included. */
function loads({ nodes }: Machine) {
  return nodes.flatMap(({ cpus: [cpu] }) =>
    cpu === undefined ? [] : nodes.flatMap(({ memory }, node) => (memory ? [{ cpu, node }] : [])),
  );
}

/** In our machines the only node without memory has a neighbour 0 that has some. */
function homeOf(nodes: Machine['nodes'], node: number): number {
  return nodes[node]?.memory ? node : 0;
}
