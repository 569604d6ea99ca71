import type { MemoryPlan, MemoryVisit } from '../host/host.ts';
import type { Context } from '../source.ts';
import type { Cpu } from '../topology.ts';
import { actOfChase } from './act.ts';
import type { HostLoad, Load } from './load.ts';
import type { Steward } from './steward.ts';

export interface CleanChase {
  readonly hostLoad: HostLoad;
  readonly visit: MemoryVisit;
}

const shorter = 3; // under pressure a chase has a third of the loads
const groupLoads = 64;

/** One chase from an idle CPU of `cpuNode`. Undefined: not clean, or not made. */
export async function chase(
  steward: Steward,
  context: Context,
  cpuNode: number,
  wanted: Omit<MemoryPlan, 'cpu'>,
): Promise<CleanChase | undefined> {
  const { topology, host } = context;
  const { books } = steward;
  const chased = await steward.inTurn(async (): Promise<CleanChase | undefined> => {
    const load = await steward.load(context);
    if (!load) {
      books.skipped('throttled');
      return undefined;
    }
    const cpu = restedCpu(steward, steward.view(topology).eligible, cpuNode, load);
    const target = topology.numaNodes.find(({ id }) => id === wanted.node);
    if (!cpu || !target) {
      books.skipped('no_eligible_pair');
      return undefined;
    }
    const sockets = [cpu.socket, target.socket] as const;
    if (!steward.affordable(...sockets, host.clock.now())) {
      books.skipped('budget');
      return undefined;
    }
    books.shortened(load.pressures);
    const short = Math.ceil(wanted.loads / shorter / groupLoads) * groupLoads;
    const plan = { ...wanted, cpu: cpu.id, loads: load.pressures.length > 0 ? short : wanted.loads };
    const visiting = { ...actOfChase(host.native, plan), probe: 'memory', sockets } as const;
    const measured = await steward.measure(context, visiting, load);
    return measured.outcome === 'clean' ? { hostLoad: load.host, visit: measured.result } : undefined;
  });
  if (chased === 'overlap') books.skipped('overlap');
  return chased === 'overlap' ? undefined : chased;
}

function restedCpu(steward: Steward, eligible: readonly Cpu[], node: number, load: Load): Cpu | undefined {
  const rank = ({ id }: Cpu) => [Math.floor((load.busy.get(id) ?? 0) * 10), steward.lastUsed(id)] as const;
  return eligible
    .filter(({ numaNode }) => numaNode === node)
    .reduce<Cpu | undefined>((best, cpu) => {
      if (!best) return cpu;
      const [busy, last] = rank(cpu);
      const [leastBusy, longestAgo] = rank(best);
      return busy < leastBusy || (busy === leastBusy && last < longestAgo) ? cpu : best;
    }, undefined);
}
