import { bucketOf, inkOn, viridis } from './colours.ts';
import { markup, type Markup } from './html.ts';
import { measuredOf, scaleOf } from './matrix.ts';
import { duration } from './text.ts';

export interface Heatmap {
  /** Unique on the page: titles are referred to by it. */
  readonly id: string;
  readonly title: string;
  /** The picture in words. */
  readonly description: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly seconds: readonly (readonly (number | null)[])[];
  /** For each row, and column, of a large picture what it belongs to: lines are drawn where that changes. */
  readonly groups?: readonly string[];
}

/** Up to so many rows and columns the numbers stand in the cells. */
const mostNumbers = 8;

export function heatmap(map: Heatmap): Markup {
  const { least, most, capped } = scaleOf(measuredOf(map.seconds));
  const small = map.rows.length <= mostNumbers && map.columns.length <= mostNumbers;
  return markup`<figure class="heatmap">${small ? smallPicture(map, least, most) : largePicture(map, least, most)}${legend(least, most, capped)}</figure>`;
}

// --- Internal helpers ---

/** One path for each colour, however many cells: a rect for each would be ten times the bytes. */
function paths(map: Heatmap, least: number, most: number, width: number, height: number): Markup[] {
  const cells: string[] = viridis.map(() => '');
  let empty = '';
  for (const [y, row] of map.seconds.entries()) {
    // Cells of one colour side by side are one rectangle.
    for (let x = 0; x < row.length;) {
      const bucket = bucketAt(row[x] ?? null, least, most);
      let end = x + 1;
      while (end < row.length && bucketAt(row[end] ?? null, least, most) === bucket) end += 1;
      const cell = `M${x * width} ${y * height}h${(end - x) * width}v${height}H${x * width}z`;
      if (bucket < 0) empty += cell;
      else cells[bucket] += cell;
      x = end;
    }
  }
  return [
    ...(empty === '' ? [] : [markup`<path class="empty" d="${empty}"/>`]),
    ...cells.flatMap((d, bucket) => (d === '' ? [] : [markup`<path fill="${viridis[bucket]}" d="${d}"/>`])),
  ];
}

const bucketAt = (value: number | null, least: number, most: number) =>
  value === null ? -1 : bucketOf(value, least, most);

function smallPicture(map: Heatmap, least: number, most: number): Markup {
  const [width, height, left, top] = [76, 48, 64, 30];
  const wide = left + map.columns.length * width;
  const high = top + map.rows.length * height;
  return markup`<svg class="small" role="img" aria-labelledby="${map.id}-t ${map.id}-d" width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}">
<title id="${map.id}-t">${map.title}</title><desc id="${map.id}-d">${map.description}</desc>
<g class="axis">${map.columns.map((name, x) => markup`<text x="${left + middle(x, width)}" y="${top - 10}" text-anchor="middle">${name}</text>`)}${map.rows.map((name, y) => markup`<text x="${left - 10}" y="${top + middle(y, height) + 5}" text-anchor="end">${name}</text>`)}</g>
<g transform="translate(${left} ${top})" shape-rendering="crispEdges">${paths(map, least, most, width, height)}</g>
<g transform="translate(${left} ${top})" class="numbers">${map.seconds.flatMap((row, y) =>
    row.map((value, x) => {
      const bucket = bucketAt(value, least, most);
      const ink = bucket < 0 ? 'currentColor' : inkOn(bucket);
      return markup`<text x="${middle(x, width)}" y="${middle(y, height) + 5}" text-anchor="middle" fill="${ink}">${value === null ? '·' : duration(value)}</text>`;
    }),
  )}</g></svg>`;
}

const middle = (index: number, size: number) => index * size + size / 2;

/** So wide is the square of all cells, whatever their number; beside and above it are the sockets. */
const side = 560;
const margin = { left: 34, top: 24 } as const;

function largePicture(map: Heatmap, least: number, most: number): Markup {
  const size = Math.max(map.rows.length, map.columns.length);
  const scale = side / size;
  const runs = runsOf(map.groups ?? []);
  const lines = runs.slice(1).map(({ from }) => `M${at(from)} 0V${side}M0 ${at(from)}H${side}`);
  const centre = ({ from, to }: Run) => at((from + to) / 2);
  function at(cells: number) {
    return Number((cells * scale).toFixed(1));
  }
  return markup`<svg class="large" role="img" aria-labelledby="${map.id}-t ${map.id}-d" viewBox="0 0 ${side + margin.left} ${side + margin.top}">
<title id="${map.id}-t">${map.title}</title><desc id="${map.id}-d">${map.description}</desc>
<g class="axis">${runs.map((run) => markup`<text x="${margin.left + centre(run)}" y="${margin.top - 9}" text-anchor="middle">${run.group}</text><text x="${margin.left - 10}" y="${margin.top + centre(run) + 5}" text-anchor="end">${run.group}</text>`)}</g>
<g transform="translate(${margin.left} ${margin.top})"><g transform="scale(${scale})" shape-rendering="crispEdges">${paths(map, least, most, 1, 1)}</g>
${lines.length > 0 && markup`<path class="breaks" d="${lines.join('')}"/>`}<path class="frame" d="M0 0h${side}v${side}H0z"/></g></svg>`;
}

interface Run {
  readonly group: string;
  readonly from: number;
  readonly to: number;
}

function runsOf(groups: readonly string[]): readonly Run[] {
  const starts = groups.flatMap((group, at) => (at === 0 || groups[at - 1] !== group ? [at] : []));
  return starts.map((from, index) => ({
    group: groups[from] ?? '',
    from,
    to: starts[index + 1] ?? groups.length,
  }));
}

function legend(least: number, most: number, capped: boolean): Markup | false {
  // Of one colour there is nothing to tell apart.
  if (most <= least) return false;
  return markup`<figcaption class="legend"><span>${duration(least)}</span><svg aria-hidden="true" width="160" height="10" viewBox="0 0 16 1" preserveAspectRatio="none">${viridis.map((colour, x) => markup`<path fill="${colour}" d="M${x} 0h1v1H${x}z"/>`)}</svg><span>${duration(most)}${capped && ' and more'}</span></figcaption>`;
}
