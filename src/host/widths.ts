/** Where the fields of a struct stand, from its layout: the header's structs have no padding; native.ts holds the sizes against the library's. */

const bytes = { int32: 4, uint32: 4, uint64: 8 } as const;
type Scalar = keyof typeof bytes;
export type Width = Scalar | `${Scalar}[${number}]`;

export function sizeOf(layout: Readonly<Record<string, Width>>): number {
  return Object.values(layout).reduce((sum, width) => sum + widthOf(width), 0);
}

export function offsets<Field extends string>(
  layout: Readonly<Record<Field, Width>>,
): Readonly<Record<Field, number>> {
  let offset = 0;
  const made: Partial<Record<Field, number>> = {};
  for (const field in layout) {
    made[field] = offset;
    offset += widthOf(layout[field]);
  }
  // Every field of the layout was just filled in.
  return made as Record<Field, number>;
}

// > uint64
// > uint32[64]
function widthOf(width: Width): number {
  const [scalar = '', count = '1'] = width.split(/[[\]]/);
  return bytes[scalar as Scalar] * Number(count);
}
