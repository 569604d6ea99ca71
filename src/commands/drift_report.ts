import type { DriftReport, DriftSecond, DriftSetting } from './drift.ts';

/** What stands above the lines: what is done, and how they are to be read. */
export function driftHead(setting: DriftSetting): string {
  const { bufferNode, readerCpu, readerNode, bytes, numaBalancing } = setting;
  const of = readerNode === null ? '' : ` of node ${readerNode}`;
  return [
    `${size(bytes)} on node ${bufferNode}, read over and over from CPU ${readerCpu}${of}; ${balancingText(numaBalancing)}`,
    'Pages by move_pages (unknown: under way, or marked to see who asks for them) and by numa_maps; the counters are of the',
    'whole machine since the start: numa_hint_faults, .._local, numa_pages_migrated, pgmigrate_success and _fail of /proc/vmstat',
    '',
    line(columnsOf(setting).map(({ title, width }) => ({ text: title, width }))),
  ].join('\n');
}

export const driftLine = (second: DriftSecond, setting: DriftSetting): string =>
  line(columnsOf(setting).map(({ of, width }) => ({ text: of(second), width })));

/** What it came to, in words; empty where nothing was seen. */
export function driftVerdict({ setting, seconds, stopped }: DriftReport): string {
  const last = seconds.at(-1);
  if (!last) return '';
  const { bufferNode } = setting;
  const [all, away] = [pagesIn(last), pagesAway(last, bufferNode)];
  const time = `${Math.round(last.elapsedSeconds)} s${stopped ? ', stopped early' : ''}`;
  if (away < all / 100)
    return text([
      `Nothing moved in ${time}: ${away} of ${all} pages are off node ${bufferNode}.`,
      ...whyNot(setting),
    ]);
  const faults = last.kernel.numa_hint_faults;
  return text([
    `${away} of ${all} pages (${percent(away, all)}) left node ${bufferNode} in ${time}: ${timesOf(seconds, bufferNode)}.`,
    'NUMA balancing takes pages from a program for a moment to see who asks for them, and moves those asked for from afar.',
    `What it cost: ${size(away * last.pageBytes)} copied while the program waited for them${faults === null ? '' : `, and ${faults} hint faults (whole machine)`}.`,
    `To forbid it for one program: MPOL_BIND (mbind, set_mempolicy, numactl --membind=${bufferNode}); bound memory is left alone.`,
    'To forbid it for the host: sysctl kernel.numa_balancing=0.',
    'When not to: where one thread fills memory and others use it (loaders, pools, a restart that lands on the other',
    'socket), the move is what makes it local; without it the readers pay for remote memory for good.',
  ]);
}

// --- Internal helpers ---

interface Column {
  readonly title: string;
  readonly width: number;
  readonly of: (second: DriftSecond) => string;
}

function columnsOf(setting: DriftSetting): readonly Column[] {
  const nodes = [...new Set([setting.bufferNode, setting.readerNode ?? setting.bufferNode])];
  const shown = (second: DriftSecond) => nodes.reduce((sum, node) => sum + (second.pages[node] ?? 0), 0);
  return [
    { title: 'time', width: 5, of: ({ elapsedSeconds }) => `${Math.round(elapsedSeconds)} s` },
    ...nodes.map((node): Column => ({
      title: `node ${node}`,
      width: 15,
      of: (second) => `${second.pages[node] ?? 0} ${percent(second.pages[node] ?? 0, pagesIn(second))}`,
    })),
    { title: 'elsewhere', width: 9, of: (second) => String(knownIn(second) - shown(second)) },
    { title: 'unknown', width: 7, of: ({ unknownPages }) => String(unknownPages) },
    ...counters.map(({ name, title }): Column => ({
      title,
      width: 11,
      of: ({ kernel }) => String(kernel[name] ?? '-'),
    })),
    { title: 'numa_maps', width: 0, of: ({ numaMaps }) => mapsText(numaMaps) },
  ];
}

const counters = [
  { name: 'numa_hint_faults', title: 'hint faults' },
  { name: 'numa_hint_faults_local', title: 'local' },
  { name: 'numa_pages_migrated', title: 'balanced' },
  { name: 'pgmigrate_success', title: 'moved' },
  { name: 'pgmigrate_fail', title: 'not moved' },
] as const;

const line = (cells: readonly { readonly text: string; readonly width: number }[]) =>
  `${cells.map(({ text, width }) => text.padStart(width)).join('  ')}\n`;

const text = (lines: readonly string[]) => `\n${lines.join('\n')}\n`;

const knownIn = ({ pages }: DriftSecond) => Object.values(pages).reduce((sum, count) => sum + count, 0);

const pagesIn = (second: DriftSecond) => knownIn(second) + second.unknownPages;

const pagesAway = (second: DriftSecond, node: number) => knownIn(second) - (second.pages[node] ?? 0);

const percent = (part: number, all: number) => `${((100 * part) / Math.max(1, all)).toFixed(1)} %`;

function mapsText(maps: DriftSecond['numaMaps']): string {
  if (!maps) return '-';
  return [maps.policy, ...Object.entries(maps.pages).map(([node, count]) => `N${node}=${count}`)].join(' ');
}

const size = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;

/** Looked at once a second, so no finer than that. */
function timesOf(seconds: readonly DriftSecond[], node: number): string {
  const told = [
    [0.5, 'half'],
    [0.9, '90 %'],
  ] as const;
  return told
    .map(([share, word]) => {
      const at = seconds.find((second) => pagesAway(second, node) >= share * pagesIn(second));
      return at ? `${word} within ${Math.round(at.elapsedSeconds)} s` : `${word} not in this time`;
    })
    .join(', ');
}

function balancingText(mode: number | null): string {
  if (mode === null) return 'this kernel has no NUMA balancing';
  // Bit 0 balances between nodes, bit 1 promotes to faster memory (since Linux 5.18).
  const meaning = ['off', 'on', 'for memory tiers only', 'on, for memory tiers as well'][mode] ?? 'unknown';
  return `kernel.numa_balancing = ${mode}: ${meaning}`;
}

function whyNot({ numaBalancing: mode, readerNode, bufferNode }: DriftSetting): string[] {
  if (readerNode === bufferNode)
    return ['The reader is on the node of the buffer: there is nothing to mend.'];
  if (mode === null || mode === 0)
    return [
      `${mode === null ? 'This kernel has no NUMA balancing' : 'kernel.numa_balancing is 0'}: what was placed stays where it is, and a reader on another node pays`,
      'for remote memory as long as it reads. sysctl kernel.numa_balancing=1 would let the kernel move it.',
    ];
  if (mode === 2)
    return [
      'kernel.numa_balancing is 2: the kernel moves pages from slow memory to fast, not between nodes of one tier.',
    ];
  return [
    'NUMA balancing is on, but looks at a part of a process at a time, at first once a second and less often where that',
    'brings nothing. Try more --seconds, and see whether the reader’s node has memory free.',
  ];
}
