import { ParseError } from '../errors.ts';

export interface Cpuinfo {
  /** Null where the architecture says nothing of the kind. */
  readonly vendor: string | null;
  readonly family: number | null;
  readonly model: number | null;
  readonly stepping: number | null;
  readonly name: string | null;
  /** Null on anything but x86, which alone has a flag for it. */
  readonly hypervisor: boolean | null;
  /** The CPUs listed: online ones. */
  readonly processors: readonly number[];
}

// > vendor_id       : AuthenticAMD
// > CPU implementer : 0x48
export function parseCpuinfo(text: string): Cpuinfo {
  const processors: number[] = [];
  // The first CPU speaks for all: identity differs between cores on Arm big.LITTLE only.
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const [key, value] = [line.slice(0, colon).trimEnd(), line.slice(colon + 1)];
    if (key === 'processor') processors.push(integer(key, value));
    else if (!fields.has(key)) fields.set(key, value.trim());
  }
  const number = (key: string) => {
    const value = fields.get(key);
    return value === undefined ? null : integer(key, value);
  };
  const implementer = fields.get('CPU implementer');
  if (implementer !== undefined) {
    const variant = number('CPU variant');
    const revision = number('CPU revision');
    return {
      vendor: implementer,
      family: number('CPU architecture'),
      model: number('CPU part'),
      // r1p2 of Arm's manuals as the id register holds it: 0x12.
      stepping: variant === null || revision === null ? null : variant * 16 + revision,
      name: fields.get('model name') ?? null,
      hypervisor: null,
      processors,
    };
  }
  const x86 = fields.has('cpu family');
  return {
    vendor: fields.get('vendor_id') ?? null,
    family: x86 ? number('cpu family') : null,
    model: x86 ? number('model') : null,
    stepping: x86 && fields.get('stepping') !== 'unknown' ? number('stepping') : null,
    name: fields.get('model name') ?? fields.get('cpu') ?? fields.get('uarch') ?? null,
    hypervisor: x86 ? /(^| )hypervisor( |$)/.test(fields.get('flags') ?? '') : null,
    processors,
  };
}

function integer(key: string, value: string): number {
  if (!/^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(value.trim()))
    throw new ParseError(`cpuinfo: ${key}: ${JSON.stringify(value)}`);
  return Number(value);
}
