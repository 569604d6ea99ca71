import { heatmap } from './heatmap.ts';
import { measuredOf } from './matrix.ts';
import { markup, type Markup } from './html.ts';
import { cpuLegend, socketPicture } from './machine_picture.ts';
import type { HandOffs, Sweep, View } from './model.ts';
import { distanceWords, section } from './sections.ts';
import { table } from './table.ts';
import { bytes, clockTime, counted, duration } from './text.ts';

export function machineSection({ machine, warnings }: View): Markup {
  if (machine.length === 0)
    return section('machine', 'The machine', markup`<p>Its topology cannot be read here.</p>`);
  return section(
    'machine',
    'The machine',
    markup`<ul class="sockets">${machine.map(
      (socket) => markup`<li><h3>Socket ${socket.id}</h3>${socketPicture(socket)}</li>
`,
    )}</ul>${cpuLegend(machine)}${warnings.map((text) => markup`<p class="look">${text}</p>`)}
<details id="machine-numbers"><summary>The machine as a table</summary>${table({
      id: 'machine-table',
      caption: 'Sockets, nodes and caches',
      head: ['Socket', 'Node', 'Memory', 'Last-level caches', 'Cores', 'CPUs'],
      numbers: [2, 3, 4, 5],
      rows: machine.flatMap(({ id, nodes }) =>
        nodes.map((node) => {
          const cores = node.caches.flatMap((cache) => cache.cores);
          return [
            id,
            node.id,
            node.memoryBytes === null ? 'not told' : bytes(node.memoryBytes),
            cachesOf(node.caches.map(({ sizeBytes }) => sizeBytes)),
            cores.length,
            cores.flat().length,
          ];
        }),
      ),
    })}</details>`,
  );
}

export function handOffSection({ handOffs }: View): Markup {
  const { lanes, sweep } = handOffs;
  return section(
    'hand-offs',
    'Hand-off between cores',
    markup`<div class="beside">${sweep ? sweepPicture(sweep) : socketsPicture(handOffs)}${sweep && allCells(sweep)}<div>${
      sweep ? sweepTable(sweep) : socketsTable(handOffs)
    }<p class="note">${howToSweep(handOffs)}</p></div></div>
${
  lanes.length > 0 &&
  markup`<details id="lanes"><summary>Every distance and pair of sockets</summary>${table({
    id: 'lanes-table',
    caption: 'Hand-offs by distance and sockets, half a round trip',
    head: ['Distance', 'Sockets', 'Stores', 'CAS', 'Floor', 'Max in 5 min', 'Last clean (UTC)'],
    numbers: [2, 3, 4, 5, 6],
    rows: lanes.map((lane) => [
      distanceWords(lane.distance),
      lane.sourceSocket === lane.targetSocket
        ? String(lane.sourceSocket)
        : `${lane.sourceSocket} – ${lane.targetSocket}`,
      orDot(lane.storeSeconds),
      orDot(lane.swapSeconds),
      orDot(lane.floorSeconds),
      orDot(lane.maxSeconds),
      lane.lastCleanAt === null ? '·' : clockTime(lane.lastCleanAt),
    ]),
  })}</details>`
}`,
    sweep ? 'compare-and-swap, half a round trip' : 'plain stores, half a round trip',
  );
}

export function memorySection({ memory, memoryJob }: View): Markup {
  const { from, to, seconds, whole, notes } = memory;
  const measured = measuredOf(seconds).length;
  const known = measured > 0;
  const names = { rows: from.map((id) => `node ${id}`), columns: to.map((id) => `node ${id}`) };
  const missing = measured < from.length * to.length;
  const state =
    memoryJob.state === 'running'
      ? `All nodes are being measured: ${memoryJob.done} of ${memoryJob.total}.`
      : !whole && missing
        ? 'The canary measures what stands for the machine; the job memory_matrix measures every node with every node each night, or when POST /api/v1/jobs/memory_matrix asks for it.'
        : '';
  const body = known
    ? markup`<div class="beside">${
        from.length * to.length === 1
          ? single(seconds[0]?.[0] ?? 0, 'from the one node to its own memory')
          : heatmap({
              id: 'memory-map',
              title: 'DRAM latency from node to node',
              description: extremes(seconds, 'from a CPU of the row’s node to memory of the column’s node'),
              ...names,
              seconds,
            })
      }<div>${table({
        id: 'memory-table',
        caption: 'DRAM latency: from CPUs of the row’s node to memory of the column’s node',
        head: ['From, to', ...names.columns],
        matrix: true,
        numbers: to.map((_, column) => column + 1),
        rows: names.rows.map((name, row) => [name, ...(seconds[row] ?? []).map(orDot)]),
      })}</div></div>`
    : markup`<p>Not measured yet: one pair of nodes is visited every half minute.</p>`;
  return section(
    'memory',
    'Memory, from node to node',
    markup`${body}${state !== '' && markup`<p class="note">${state}</p>`}${notes.map((note) => markup`<p class="note">${note}</p>`)}`,
    known ? 'dependent loads from DRAM' : '',
  );
}

// --- Internal helpers ---

function socketsPicture({ sockets }: HandOffs): Markup {
  const names = sockets.sockets.map((id) => `socket ${id}`);
  const [[only = null] = []] = sockets.seconds;
  if (names.length === 1 && only !== null)
    return single(only, 'between the nearest two cores of the one socket');
  if (measuredOf(sockets.seconds).length === 0) return markup`<p>Nothing measured yet.</p>`;
  return heatmap({
    id: 'hand-off-map',
    title: 'Hand-off latency between sockets',
    description: extremes(sockets.seconds, 'between two CPUs of these sockets'),
    rows: names,
    columns: names,
    seconds: sockets.seconds,
  });
}

function socketsTable({ sockets }: HandOffs): Markup {
  const names = sockets.sockets.map((id) => `socket ${id}`);
  return table({
    id: 'hand-off-table',
    caption: 'Median hand-off between two CPUs of these sockets',
    head: ['Socket', ...sockets.sockets.map((id) => `S${id}`)],
    matrix: true,
    numbers: names.map((_, column) => column + 1),
    rows: names.map((name, row) => [name, ...(sockets.seconds[row] ?? []).map(orDot)]),
  });
}

function sweepPicture({ grid, cores, cells }: Sweep): Markup {
  const many = cells !== null;
  return heatmap({
    id: 'hand-off-map',
    title: many ? `Hand-off latency between ${grid.unit}s` : 'Hand-off latency between cores',
    description: extremes(
      grid.seconds,
      many ? `means of ${counted(cores, 'core')} by ${grid.unit}` : `${counted(cores, 'core')}, one row each`,
    ),
    rows: grid.labels,
    columns: grid.labels,
    seconds: grid.seconds,
    groups: grid.sockets.map((socket) => `S${socket}`),
  });
}

/** Without JavaScript the picture by cache is all there is to see, and the numbers are under /api/v1/matrix. */
const allCells = ({ cells, cores }: Sweep): Markup | false =>
  cells !== null &&
  markup`<div class="all-cells" hidden data-cells="status/cells?of=${cells}"><canvas aria-hidden="true"></canvas><p class="note">All ${cores} cores; <output>point at a cell to read it</output></p></div>`;

function sweepTable({ sockets }: Sweep): Markup {
  return table({
    id: 'hand-off-table',
    caption: 'Mean hand-off between the cores of these sockets',
    head: ['Socket', ...sockets.sockets.map((id) => `S${id}`)],
    matrix: true,
    numbers: sockets.labels.map((_, column) => column + 1),
    rows: sockets.labels.map((name, row) => [name, ...(sockets.seconds[row] ?? []).map(orDot)]),
  });
}

function howToSweep({ job, sweep }: HandOffs): Markup {
  const numbers = markup`the numbers are under <a href="api/v1/matrix">/api/v1/matrix</a>`;
  if (job.state === 'running')
    return markup`A sweep over all cores is running: ${job.done} of ${job.total} pairs; ${numbers}.`;
  if (sweep)
    return markup`From a sweep over all cores${job.endedAt !== null && ` that ended at ${clockTime(job.endedAt)} UTC`}; ${numbers}.`;
  if (job.error !== null) return markup`The last sweep over all cores failed: ${job.error}`;
  if (job.state === 'off')
    return markup`The job sweep is switched off; <code>numacanary probe --matrix</code> measures every core with every core by hand.`;
  return markup`Medians of what the canary visits. Every core with every core: <code>POST /api/v1/jobs/sweep</code> (with <code>--web.enable-lifecycle</code>), or by hand <code>numacanary probe --matrix</code>.`;
}

/** A picture of one cell is a number. */
const single = (seconds: number, what: string): Markup =>
  markup`<p><span class="big">${duration(seconds)}</span><br><span class="note">${what}</span></p>`;

function extremes(rows: readonly (readonly (number | null)[])[], what: string): string {
  let [least, most] = [Infinity, 0];
  for (const value of measuredOf(rows)) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return most === 0 ? 'Nothing measured yet.' : `${duration(least)} to ${duration(most)}, ${what}.`;
}

const orDot = (seconds: number | null) => (seconds === null ? '·' : duration(seconds));

function cachesOf(sizes: readonly (number | null)[]): string {
  const [size = null] = sizes;
  if (sizes.length === 0) return 'none';
  return size !== null && sizes.every((one) => one === size)
    ? `${sizes.length} x ${bytes(size)}`
    : String(sizes.length);
}
