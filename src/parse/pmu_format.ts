import { ParseError } from '../errors.ts';

/** Where a field of an event goes: the PMU driver says it, and it changes from kernel to kernel and CPU to CPU. */
export interface FormatField {
  readonly word: 'config' | 'config1' | 'config2' | 'config3';
  /** Bit ranges, inclusive, in the order in which the value's low bits fill them. */
  readonly bits: readonly (readonly [from: number, to: number])[];
}

const words = ['config', 'config1', 'config2', 'config3'] as const;

/** A file of /sys/bus/event_source/devices/<pmu>/format. */
// > config:8-15,32-55
// > config1:1,6-10,44
export function parsePmuFormat(text: string): FormatField {
  const [, name, list = ''] = /^(config[123]?):([\d,-]+)$/.exec(text.trim()) ?? [];
  const word = words.find((one) => one === name);
  const bits = list.split(',').map((range): readonly [number, number] => {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    return [Number(from), Number(to)];
  });
  if (!word || bits.some(([from, to]) => !(from <= to && to < 64)))
    throw new ParseError(`PMU format: ${JSON.stringify(text.slice(0, 100))}`);
  return { word, bits };
}
