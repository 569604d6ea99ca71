/** Ids that @grafana/data 13.2.2 knows (getValueFormats, standardTransformers), of those that the boards use. */
export const units: ReadonlySet<string> = new Set([
  'short',
  'none',
  's',
  'percentunit',
  'ops',
  'bytes',
  'Bps',
  'hertz',
]);
export const transformations: ReadonlySet<string> = new Set(['sortBy', 'groupingToMatrix', 'organize']);
