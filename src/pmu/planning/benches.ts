/** The counters that a model's PMU has on this machine, before anything is counted on them. Pure. */
import type { Cpu, Topology } from '../../topology.ts';
import { devicesOf, numberOf } from '../devices.ts';
import type { Facts, PmuDevice } from '../facts.ts';
import { roomOfBox, roomOfCore } from './fit.ts';
import type { Room } from './fit.ts';
import type { Model, ModelEvent } from '../catalogue/model.ts';
import { placesOfBoxes, placesOfCores } from './places.ts';
import type { Place } from '../plan.ts';

export interface Site {
  readonly device: PmuDevice;
  readonly places: readonly Place[];
}

/** Devices on which the same is counted. What fits one of them fits each. */
export interface Bench {
  /** Which boxes of the PMU they are. */
  readonly half: 'all' | 'even' | 'odd';
  readonly sites: readonly Site[];
  /** Boxes on each socket. */
  readonly boxes: ReadonlyMap<number, number>;
  readonly room: Room;
}

export interface Machine {
  readonly model: Model;
  readonly facts: Facts;
  readonly topology: Topology;
  /** That may be counted. */
  readonly cpus: readonly Cpu[];
  readonly leaveCounters: number;
}

/** A hybrid has one for each kind of core. */
export function benchesOf(pmu: string, machine: Machine): readonly Bench[] {
  const { model, facts, topology, cpus } = machine;
  const devices = devicesOf(facts, pmu);
  if (pmu === 'cpu')
    return devices.map((device) =>
      benchOf(
        'all',
        [{ device, places: placesOfCores(cpus, topology, device) }],
        roomOfCore(model, facts, machine.leaveCounters),
      ),
    );
  const sites = devices.map((device) => ({ device, places: placesOfBoxes(cpus, topology, device) }));
  const room = roomOfBox(model, pmu);
  const [even, odd] = [0, 1].map((rest) => sites.filter(({ device }) => numberOf(device) % 2 === rest));
  // Where there is only one half of them, it counts for both.
  if (!even?.length || !odd?.length) return [benchOf('all', sites, room)];
  return [benchOf('even', even, room), benchOf('odd', odd, room)];
}

function benchOf(half: Bench['half'], sites: readonly Site[], room: Room): Bench {
  const boxes = new Map<number, number>();
  for (const { places } of sites)
    for (const { socket } of places) boxes.set(socket, (boxes.get(socket) ?? 0) + 1);
  return { half, sites, boxes, room };
}

export const counts = ({ half }: Bench, { boxes }: ModelEvent) =>
  half === 'all' || boxes === 'all' || boxes === half;

/** What a count on one of the boxes is worth, when some of them stand for all of a socket, or each for their mean. */
export function worth(event: ModelEvent, benches: readonly Bench[], socket: number, mean: boolean): number {
  if (event.pmu === 'cpu') return 1;
  const boxesOf = (some: readonly Bench[]) =>
    some.reduce((sum, { boxes }) => sum + (boxes.get(socket) ?? 0), 0);
  const counting = boxesOf(benches.filter((bench) => counts(bench, event)));
  return (mean ? 1 : boxesOf(benches)) / counting;
}
