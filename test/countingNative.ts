import type { Clock, PerfEvent } from '../src/host/host.ts';
import { cleanMemory, cleanVisit, fakeNative } from './fakeNative.ts';
import { fakePerf } from './fakePerf.ts';

const local = [0x1d3n, 0x843n];
const remote = [0x2d3n, 0x4043n];
const passed = [0x4d3n, 0x1043n];

/** Counts a second, as plausible as they need be: one load in eight that misses L3 goes to the other socket. */
function rate({ type, config }: PerfEvent): number {
  if (type === 0) return [2.4e9, 3e9][Number(config)] ?? 2e9;
  if (type === 1 || type === 2) return 20;
  if (local.includes(config)) return 7e6;
  if (remote.includes(config)) return 1e6;
  return passed.includes(config) ? 2e5 : 5e7;
}

/** A helper that visits cleanly, and counts by the clock and by what it was made to do. */
export function countingNative(clock: Pick<Clock, 'now'>) {
  const perf = fakePerf({ clock, rate });
  return fakeNative({
    perf,
    memory: (plan) => {
      const at = (configs: readonly bigint[]) => (event: PerfEvent) =>
        event.cpu === plan.cpu && configs.includes(event.config);
      perf.count(at(local), plan.loads);
      perf.count(at(remote), plan.loads);
      return cleanMemory(plan);
    },
    visit: (plan) => {
      perf.count((event) => event.cpu === plan.cpuA && passed.includes(event.config), 400);
      return cleanVisit(plan);
    },
  });
}
