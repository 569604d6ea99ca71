/** The q-quantile by linear interpolation between order statistics; undefined for no values. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  return below === undefined || above === undefined ? undefined : below + (above - below) * (at % 1);
}

export function median(values: readonly number[]): number | undefined {
  return quantile(values, 0.5);
}
