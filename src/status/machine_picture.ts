import { markup, type Markup } from './html.ts';
import {
  cpuStates,
  cpuStateWords,
  type CacheView,
  type CpuState,
  type NodeView,
  type SocketView,
} from './machine.ts';
import { bytes, counted } from './text.ts';

/** In the units of the drawing: a core is a square, its threads are stripes of it. */
const [least, largest] = [8, 22];
const gap = 3;
const between = 6;
const pad = 8;
const head = 18;
const wide = 320;

/** One picture for each socket: they flow side by side as the window allows. */
export function socketPicture(socket: SocketView): Markup {
  const id = `socket-${socket.id}`;
  let top = 0;
  const nodes = socket.nodes.map((node) => {
    const drawn = drawNode(node, top);
    top += drawn.height + pad;
    return drawn.picture;
  });
  const height = Math.max(top - pad, head);
  const caches = socket.nodes.reduce((sum, node) => sum + node.caches.length, 0);
  return markup`<svg class="socket" role="img" aria-labelledby="${id}-t ${id}-d" viewBox="0 0 ${wide} ${height}">
<title id="${id}-t">Socket ${socket.id}</title><desc id="${id}-d">${counted(socket.nodes.length, 'NUMA node')}, ${counted(caches, 'last-level cache')}, ${counted(socket.cores, 'core')}, ${counted(socket.cpus, 'CPU')}.</desc>
${nodes}</svg>`;
}

export const cpuLegend = (sockets: readonly SocketView[]): Markup => {
  const states = new Set(
    sockets.flatMap(({ nodes }) =>
      nodes.flatMap(({ caches }) => caches.flatMap(({ cores }) => cores.flat().map(({ state }) => state))),
    ),
  );
  return markup`<ul class="key">${cpuStates
    .filter((state) => states.has(state))
    .map(
      (state) =>
        markup`<li><svg aria-hidden="true" width="12" height="12" viewBox="0 0 12 12"><path class="cpu ${state}" d="M1 1h10v10H1z"/></svg> ${cpuStateWords[state]}</li>`,
    )}</ul>`;
};

// --- Internal helpers ---

interface Plan {
  readonly core: number;
  readonly columns: number;
  readonly cachesInRow: number;
}

/** Caches in even rows and cores in even rows within each; then as large as fits. */
function planOf({ caches }: NodeView): Plan {
  const cores = Math.max(1, ...caches.map((cache) => cache.cores.length));
  const inner = wide - 2 * pad;
  const most = Math.floor((inner - gap) / (least + gap));
  const columns = even(cores, Math.min(most, Math.max(4, Math.ceil(Math.sqrt(cores * 2.2)))));
  const cacheWide = columns * (least + gap) + gap;
  const cachesInRow = even(caches.length, Math.max(1, Math.floor((inner + between) / (cacheWide + between))));
  const room = (inner + between) / cachesInRow - between - gap;
  return { core: Math.min(largest, Math.floor(room / columns - gap)), columns, cachesInRow };
}

/** How many stand in a row, at most so many, if all rows are to be about as long. */
const even = (count: number, most: number) => Math.max(1, Math.ceil(count / Math.ceil(count / most)));

function drawNode(node: NodeView, top: number): { picture: Markup; height: number } {
  const memory = node.memoryBytes === null ? '' : `, ${bytes(node.memoryBytes)}`;
  const plan = planOf(node);
  const { core, columns } = plan;
  let [y, row] = [top + head, 0];
  const drawn = node.caches.map((cache, index) => {
    const column = index % plan.cachesInRow;
    if (index > 0 && column === 0) [y, row] = [y + row + between, 0];
    const width = Math.min(columns, cache.cores.length) * (core + gap) + gap;
    const height = Math.ceil(cache.cores.length / columns) * (core + gap) + gap;
    row = Math.max(row, height);
    return { cache, width, height, y, x: pad + column * (columns * (core + gap) + gap + between) };
  });
  const height = node.caches.length === 0 ? head + pad : y + row + pad - top;
  const outlines = drawn
    .map((box) => `M${box.x} ${box.y}h${box.width}v${box.height}h${-box.width}z`)
    .join('');
  const paths = new Map<CpuState, string>();
  for (const { cache, x, y: at } of drawn) drawCores(cache, plan, { x, y: at }, paths);
  const what = node.caches.length === 0 ? `memory only${memory}` : memory.slice(2);
  const picture = markup`<rect class="node" x="0.5" y="${top + 0.5}" width="${wide - 1}" height="${height - 1}" rx="4"/><text class="label" x="${pad}" y="${top + 13}">node ${node.id}</text><text class="label" x="${wide - pad}" y="${top + 13}" text-anchor="end">${what}</text>${outlines !== '' && markup`<path class="cache" d="${outlines}"/>`}${[...paths].map(([state, d]) => markup`<path class="cpu ${state}" d="${d}"/>`)}`;
  return { picture, height };
}

/** Adds each thread to the path of its state: paths are few, whatever the cores. */
function drawCores(
  { cores }: CacheView,
  { core, columns }: Plan,
  at: { readonly x: number; readonly y: number },
  paths: Map<CpuState, string>,
): void {
  for (const [index, threads] of cores.entries()) {
    const x = at.x + gap + (index % columns) * (core + gap);
    const y = at.y + gap + Math.floor(index / columns) * (core + gap);
    const wide = Number((core / threads.length).toFixed(2));
    const inset = threads.length > 1 ? 0.5 : 0;
    for (const [thread, { state }] of threads.entries()) {
      const left = x + thread * wide + (thread > 0 ? inset : 0);
      paths.set(state, `${paths.get(state) ?? ''}M${left} ${y}h${wide - inset}v${core}h${inset - wide}z`);
    }
  }
}
