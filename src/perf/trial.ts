/** Each group is tried at one place before it is opened everywhere: what the kernel refuses there it refuses at all. */
import type { Native } from '../host/host.ts';
import type { Group, Plan } from '../pmu/plan.ts';
import { settle, without } from '../pmu/planning/settle.ts';
import type { Settling } from '../pmu/planning/settle.ts';
import { isWhole, open } from './session.ts';
import type { Slot } from './session.ts';

/** Far above what a group can need: it loses or sheds an event each time. */
const rounds = 32;

export async function tryOut(native: Native, groups: readonly Group[], settling: Settling): Promise<Plan> {
  const stands: Group[] = [];
  const missing: Plan['missing'][number][] = [];
  // By group, the place to try it at: the first CPU may have gone offline since.
  let left = groups.map((group) => ({ group, at: 0 }));
  for (let round = 0; round < rounds && left.length > 0; round += 1) {
    const opened = await open(
      native,
      left.flatMap(({ group, at }) => (group.places[at] ? [{ group, place: group.places[at] }] : [])),
    );
    await opened.perf.close();
    const next: typeof left = [];
    for (const slot of opened.slots) {
      const { group, place } = slot;
      const at = group.places.indexOf(place);
      if (isWhole(slot)) stands.push(group);
      else if (isOffline(slot) && at + 1 < group.places.length) next.push({ group, at: at + 1 });
      else {
        const after = settle(group, slot.errors, settling);
        missing.push(...after.missing);
        next.push(...after.groups.map((one) => ({ group: one, at })));
      }
    }
    left = next;
  }
  // Each box of an uncore PMU has refused it.
  const once = new Map(missing.map((one) => [one.signal, one]));
  return { groups: without(stands, new Set(once.keys())), missing: [...once.values()] };
}

const isOffline = ({ errors }: Slot) => errors.every((error) => error === 'ENODEV' || error === 'ECANCELED');
