import { markup, type Markup } from './html.ts';
import { keptPoints } from './history.ts';

export interface Sparkline {
  readonly id: string;
  readonly title: string;
  /** The last, the least and the most in words. */
  readonly description: string;
  /** Oldest first; null leaves a gap. */
  readonly values: readonly (number | null)[];
}

const [width, height, edge] = [240, 48, 3];

/**
 * From zero to the most there was, so that a flat line is flat and noise is not blown up to mountains; the newest value
 * at the right edge, whether the ring is full or not.
 */
export function sparkline({ id, title, description, values }: Sparkline): Markup {
  const known = values.filter((value) => value !== null);
  const most = Math.max(...known, 0) * 1.1 || 1;
  const x = (index: number) =>
    round(width - edge - ((values.length - 1 - index) * (width - 2 * edge)) / (keptPoints - 1));
  const y = (value: number) => round(height - edge - (value / most) * (height - 2 * edge));
  const runs: string[][] = [[]];
  for (const [index, value] of values.entries()) {
    if (value === null) runs.push([]);
    else runs.at(-1)?.push(`${x(index)},${y(value)}`);
  }
  const last = values.findLastIndex((value) => value !== null);
  return markup`<svg class="spark" role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none">
<title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>
<path class="base" d="M0 ${height - edge}H${width}"/>${runs.filter((run) => run.length > 1).map((run) => markup`<polyline points="${run.join(' ')}"/>`)}${last >= 0 && markup`<path class="dot" d="M${x(last)} ${y(values[last] ?? 0)}h0"/>`}</svg>`;
}

const round = (value: number) => Number(value.toFixed(1));
