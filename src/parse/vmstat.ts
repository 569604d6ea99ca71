import { ParseError } from '../errors.ts';

/**
 * Counters and gauges by the kernel's names, of /proc/vmstat or of one node (nodeN/vmstat, nodeN/numastat): which names
 * there are depends on version and configuration of the kernel. A last line that was cut short is refused.
 */
// > numa_hint_faults 193460
// > pgmigrate_success 8626
export function parseVmstat(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, name = '', digits = ''] = /^([a-z][a-z0-9_]*) (\d{1,20})$/.exec(line) ?? [];
    if (name === '') throw new ParseError(`vmstat: ${JSON.stringify(line.slice(0, 100))}`);
    values.set(name, Number(digits));
  }
  if (values.size === 0) throw new ParseError('vmstat: no line');
  return values;
}

/** One of them, for who looks every second; undefined where this kernel has none of that name. A line cut short is refused. */
export function vmstatCounter(text: string, name: string): number | undefined {
  const digits = new RegExp(`^${name} (.*\\n?)`, 'm').exec(text)?.[1];
  if (digits === undefined) return undefined;
  if (!/^\d{1,20}\n$/.test(digits))
    throw new ParseError(`vmstat: ${name} ${JSON.stringify(digits.slice(0, 100))}`);
  return Number(digits);
}
