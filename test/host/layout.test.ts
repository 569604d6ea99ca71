import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { abi, layouts } from '../../src/host/layout.ts';

const header = readFileSync(new URL('../../native/numacanary.h', import.meta.url), 'utf8');
const code = header.replaceAll(/\/\*.*?\*\//gs, '');

/** > #define NC_MAX_GROUPS 64 */
const define = (name: string) => Number(new RegExp(`^#define ${name} (\\d+)`, 'm').exec(code)?.[1] ?? name);

/** > struct nc_clock { uint32_t source; uint32_t reserved; double hertz; };  as source: 'uint32', … */
function fieldsOf(struct: string): readonly (readonly [name: string, type: string])[] {
  const body = new RegExp(`^struct ${struct} \\{(.*?)^\\};`, 'ms').exec(code)?.[1] ?? '';
  return body.split(';').flatMap((line) => {
    const [, type, names] = /^\s*(?:struct )?(\w+?)(?:_t)?\s+(.*)$/s.exec(line) ?? [];
    return (names?.split(',') ?? []).map((text) => {
      const [, name = '', size] = /(\w+)(?:\[(\w+)\])?/.exec(text) ?? [];
      return [name, `${type}${size === undefined ? '' : `[${define(size)}]`}`] as const;
    });
  });
}

// The library tells only how long its structs are.
describe('numacanary.h', () => {
  it.each(Object.entries(layouts))('lays %s out in the same order, of the same types', (struct, fields) => {
    expect(Object.entries(fields)).toEqual(fieldsOf(struct));
  });

  it('has no struct that we do not know', () => {
    const structs = [...code.matchAll(/^struct (\w+) \{/gm)].map(([, name]) => name);
    expect(new Set(structs)).toEqual(new Set(Object.keys(layouts)));
  });

  it('is of the same version', () => {
    expect(define('NC_ABI')).toBe(abi);
  });
});
