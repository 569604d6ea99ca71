/** An event of a model as the kernel takes it: its fields put where this kernel's PMU says they go. Pure. */
import { ParseError } from '../../errors.ts';
import { parsePmuEvent } from '../../parse/pmu_event.ts';
import type { PmuDevice } from '../facts.ts';
import type { ModelEvent } from './model.ts';
import type { Attr, Reason } from '../plan.ts';

/** `why` is a sentence for whoever runs the host. */
export type Encoded =
  | { readonly attrs: readonly Attr[] }
  | { readonly reason: Extract<Reason, 'no_event' | 'no_offcore'>; readonly why: string };

type Fields = Readonly<Record<string, bigint>>;

const hardware = 0;
const zero = { config: 0n, config1: 0n, config2: 0n, config3: 0n };

/** The event itself, then those that are added to it. */
export const encode = (event: ModelEvent, device: PmuDevice): Encoded =>
  known(() => [event, ...event.and].map((one) => attrOf(one, event, device)));

/** One that the PMU itself names, in sysfs events/. */
export const encodeAlias = (alias: string, device: PmuDevice): Encoded =>
  known(() => [build(named(alias, device), alias, device)]);

function known(attrs: () => readonly Attr[]): Encoded {
  try {
    return { attrs: attrs() };
  } catch (thrown) {
    if (!(thrown instanceof Unknown)) throw thrown;
    return { reason: thrown.field === 'offcore_rsp' ? 'no_offcore' : 'no_event', why: thrown.message };
  }
}

class Unknown extends Error {
  constructor(
    message: string,
    readonly field = '',
  ) {
    super(message);
  }
}

type One = Pick<ModelEvent, 'event' | 'fields' | 'config'> & Partial<Pick<ModelEvent, 'config1'>>;

function attrOf(one: One, { generic, alias }: ModelEvent, device: PmuDevice): Attr {
  if (generic) {
    // A hybrid CPU has a PMU for each kind of core, and a generic event says which one it means.
    const which = device.name.startsWith('cpu_') ? BigInt(device.type) << 32n : 0n;
    return { type: hardware, config: one.config | which, config1: 0n, config2: 0n };
  }
  if (alias !== undefined) return build(named(alias, device), alias, device);
  if (isHidden(one.config, device))
    throw new Unknown(`${device.name} does not have ${one.event}: the kernel leaves it out of its events/`);
  // What has no format is told by the number alone: the core PMU of some hypervisors and old kernels.
  const bare = Object.keys(device.format).length === 0 || Object.keys(one.fields).length === 0;
  if (bare) return { type: device.type, config: one.config, config1: one.config1 ?? 0n, config2: 0n };
  return build(one.fields, one.event, device);
}

/** The architecture's own events; the PMU says in a register which of them it has. */
const armCommonEvents = 0x40n;

/**
 * Of the common events arm64 shows in events/ those that the PMU has (PMCEID). Any other opens all the same, and its
 * count stays 0: drivers/perf/arm_pmuv3.c.
 */
function isHidden(config: bigint, { name, events }: PmuDevice): boolean {
  const shown = Object.values(events);
  if (!name.startsWith('arm') || config >= armCommonEvents || shown.length === 0) return false;
  return !shown.some((text) => Number(/^event=(0x[0-9a-f]+)$/.exec(text)?.[1]) === Number(config));
}

function named(alias: string, { name, events }: PmuDevice): Fields {
  const text = events[alias];
  if (text === undefined) throw new Unknown(`${name} has no event ${alias}`);
  try {
    return parsePmuEvent(text);
  } catch (thrown) {
    if (thrown instanceof ParseError) throw new Unknown(`${name}/${alias}: ${thrown.message}`);
    throw thrown;
  }
}

function build(fields: Fields, event: string, { name, type, format }: PmuDevice): Attr {
  const words = { ...zero };
  const put = (field: string, value: bigint): void => {
    const place = format[field];
    if (!place) {
      if (value === 0n) return;
      throw new Unknown(`${name} has no field ${field}, which ${event} needs`, field);
    }
    let rest = value;
    for (const [from, to] of place.bits) {
      const width = BigInt(to - from + 1);
      words[place.word] |= (rest & ((1n << width) - 1n)) << BigInt(from);
      rest >>= width;
    }
    // Some kernels show the upper part of a long umask as a field of its own.
    if (rest !== 0n && format[`${field}_ext`]) return put(`${field}_ext`, rest);
    if (rest === 0n) return;
    throw new Unknown(`${name} has too few bits for ${field}=0x${value.toString(16)} of ${event}`, field);
  };
  for (const [field, value] of Object.entries(fields)) put(field, value);
  if (words.config3 !== 0n) throw new Unknown(`${event} needs config3, which we do not know`);
  const { config, config1, config2 } = words;
  return { type, config, config1, config2 };
}
