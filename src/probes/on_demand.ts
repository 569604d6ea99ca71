import { NativeError } from '../errors.ts';
import type { MemoryPlan, MemoryVisit, Visit, VisitPlan } from '../host/host.ts';
import type { Context } from '../source.ts';
import { cpuOf } from '../topology.ts';
import { actOfChase, actOfVisit } from './act.ts';
import type { Steward, Visiting } from './steward.ts';
import { purposeOf } from './taint.ts';

/**
 * Visits and chases that somebody else planned: made as soon as budget, turn and our own cgroup allow. Undefined:
 * not clean, or given up. Throws NativeError where the kernel refuses a CPU or node.
 */
export interface OnDemand {
  visit(context: Context, plan: VisitPlan): Promise<Visit | undefined>;
  chase(context: Context, plan: MemoryPlan): Promise<MemoryVisit | undefined>;
}

// A job asks eight times as often as a probe: it would always be there first, and the probes silent for hours.
const spare = 0.5;
const paceSeconds = 0.25; // between two looks whether the visit may begin

export function createOnDemand(steward: Steward): OnDemand {
  const once = <T>(context: Context, visiting: Visiting<T>) =>
    steward.inTurn(async () => {
      const now = context.host.clock.now();
      if (!steward.affordable(...visiting.sockets, now, spare)) return undefined;
      const load = await steward.load(context);
      return load && steward.measure(context, visiting, load);
    });

  const paced = async <T>(context: Context, visiting: Visiting<T>): Promise<T | undefined> => {
    while (!context.signal.aborted) {
      const measured = await once(context, visiting);
      if (measured && measured !== 'overlap' && measured.outcome !== 'overlap') {
        if (measured.outcome === 'refused') throw new NativeError('visit on demand', 'EINVAL');
        return measured.outcome === 'clean' ? measured.result : undefined;
      }
      await context.host.clock.sleep(paceSeconds, context.signal);
    }
    return undefined;
  };

  return {
    visit(context, plan) {
      const [a = -1, b = -1] = [plan.cpuA, plan.cpuB].map((cpu) => cpuOf(context.topology, cpu)?.socket);
      const act = actOfVisit(context.host.native, plan, purposeOf(plan.steps));
      return paced(context, { ...act, probe: 'on_demand', sockets: [a, b] });
    },
    chase(context, plan) {
      const from = cpuOf(context.topology, plan.cpu)?.socket ?? -1;
      const to = context.topology.numaNodes.find(({ id }) => id === plan.node)?.socket ?? from;
      const act = actOfChase(context.host.native, plan);
      return paced(context, { ...act, probe: 'on_demand', sockets: [from, to] });
    },
  };
}
