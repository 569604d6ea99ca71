/** From events of the model to groups on the devices of this machine. Pure. */
import { encode } from '../catalogue/attr.ts';
import { worth } from './benches.ts';
import type { Bench } from './benches.ts';
import type { PmuDevice } from '../facts.ts';
import type { Need } from './fit.ts';
import type { Model, ModelEvent } from '../catalogue/model.ts';
import type { Counter, Group, Place } from '../plan.ts';
import { hardwareSignals } from '../signals.ts';
import type { HardwareSignal } from '../signals.ts';
import { unitOf } from '../catalogue/unit.ts';

export interface Wanted {
  readonly signal: HardwareSignal;
  readonly event: ModelEvent;
}

/** One event on the counters of a bench. */
export interface Wish extends Wanted, Need {
  readonly signal: HardwareSignal;
  /** 0: the event itself, then those that are added to it. */
  readonly addend: number;
}

export interface Where {
  readonly bench: Bench;
  /** All of its PMU. */
  readonly benches: readonly Bench[];
  readonly model: Model;
}

/** Each device has a type of its own, and so a group; sockets where a count is worth something else, too. */
export function spread(
  part: readonly Wish[],
  about: Pick<Group, 'name' | 'rank' | 'when'>,
  { bench, benches, model }: Where,
): Group[] {
  return bench.sites.flatMap(({ device, places }) => {
    const groups = new Map<string, { readonly counters: readonly Counter[]; readonly places: Place[] }>();
    for (const [socket, own] of bySocket(places)) {
      const counters = part.flatMap((wish) => counterOf(wish, device, model, worthOf(wish, benches, socket)));
      const key = counters.map(({ scale }) => scale).join(' ');
      const group = groups.get(key);
      if (group) group.places.push(...own);
      else groups.set(key, { counters, places: [...own] });
    }
    return [...groups.values()].map(({ counters, places: some }) => ({
      ...about,
      counters,
      places: some.toSorted((a, b) => a.cpu - b.cpu),
    }));
  });
}

const worthOf = ({ signal, event }: Wish, benches: readonly Bench[], socket: number) =>
  worth(event, benches, socket, signal === 'uncore_clock');

function counterOf(
  { signal, event, addend }: Wish,
  device: PmuDevice,
  model: Model,
  times: number,
): Counter[] {
  const encoded = encode(event, device);
  const attr = 'attrs' in encoded ? encoded.attrs[addend] : undefined;
  const { metric, labels } = hardwareSignals[signal];
  const unit = unitOf(metric, model, event);
  const all = unit === null ? labels : { ...labels, unit };
  return attr ? [{ signal, attr, metric, labels: all, scale: event.scale * times }] : [];
}

function bySocket(places: readonly Place[]): ReadonlyMap<number, readonly Place[]> {
  const sockets = new Map<number, Place[]>();
  for (const place of places) {
    const own = sockets.get(place.socket);
    if (own) own.push(place);
    else sockets.set(place.socket, [place]);
  }
  return sockets;
}
