import { ParseError } from '../errors.ts';

/** What a kernel was built with: `y`, `m`, `n` or a number; what the file does not name is `n`. */
// > CONFIG_HZ=250
// > # CONFIG_PREEMPT_RT is not set
export function parseKernelConfig<Name extends string>(
  text: string,
  names: readonly Name[],
): Record<Name, string> {
  if (!/^(# )?CONFIG_/m.test(text)) throw new ParseError('kernel config: no line that begins with CONFIG_');
  const set = new Map(
    [...text.matchAll(/^CONFIG_([A-Z0-9_]+)=([a-z0-9]{1,20})$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
  return Object.fromEntries(names.map((name) => [name, set.get(name) ?? 'n'])) as Record<Name, string>;
}
