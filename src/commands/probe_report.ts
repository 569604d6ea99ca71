import type { Answer } from '../probes/experiments.ts';
import type { Matrix, MemoryMatrix } from '../probes/sweep.ts';
import { formatRate, formatSeconds, formatTable } from './format.ts';
import type { Conditions, LaneReport, ProbeReport } from './probe.ts';

/** The report as a person reads it: conditions, what was measured, what it costs, what to do. */
export function printReport(report: ProbeReport): string {
  const { conditions, lanes, memory, matrix, penalties, answers, answeredOn } = report;
  const on = answeredOn && `${answeredOn.distance}, CPU ${answeredOn.cpuA} and ${answeredOn.cpuB}`;
  return [
    section('Conditions', printConditions(conditions)),
    section('Hand-off between two CPUs (half a round trip)', printLanes(lanes)),
    memory && section('DRAM latency, CPU node (row) to memory node (column)', printMemory(memory)),
    matrix && section('Every core with every core, compare-and-swap, ns', printMatrix(matrix)),
    penalties.length > 0 &&
      section('What distance costs here', penalties.map((line) => `  ${line}`).join('\n')),
    answers.length > 0 && section(`Questions answered on this machine (${on})`, printAnswers(answers)),
  ]
    .filter((part) => typeof part === 'string')
    .join('\n\n')
    .concat('\n');
}

function section(title: string, body: string): string {
  return `${title}\n${body}`;
}

function printConditions(conditions: Conditions): string {
  const { hypervisor, smt, warnings } = conditions;
  const rows = [
    ['CPU', conditions.cpu],
    [
      'topology',
      `${count(conditions.sockets, 'socket')}, ${count(conditions.numaNodes, 'NUMA node')}, ${count(conditions.cpus, 'CPU')}`,
    ],
    ['threads', smt ? 'SMT on' : 'one for each core'],
    ['kernel', conditions.kernel],
    ['load', conditions.loadAverage],
    ['governor', conditions.governor],
    ['NUMA balancing', conditions.numaBalancing],
    ['huge pages', conditions.transparentHugePages],
    ['clock', `${conditions.clock}, step ${formatSeconds(conditions.clockStepSeconds)}`],
    ['spin', conditions.spin],
    // What a guest calls a socket is what its host chose to show it; the hand-offs below are what is there.
    ['hypervisor', hypervisor ? 'yes: sockets and caches are what the host says they are' : 'none seen'],
    ...warnings.map((warning) => ['warning', warning]),
  ];
  return rows.flatMap(([name, value]) => (value ? [`  ${name?.padEnd(16)}${value}`] : [])).join('\n');
}

function printLanes(lanes: readonly LaneReport[]): string {
  if (lanes.length === 0)
    return '  no pair of CPUs to be had: a hand-off needs two that this process may use';
  const head = [
    'distance',
    'sockets',
    'median',
    'p90',
    'floor',
    'CAS',
    'queue',
    'p99',
    '1 item',
    '512 items',
    'lines',
    'sound',
  ];
  const rows = lanes.map((lane) => [
    lane.distance,
    lane.socketA === lane.socketB ? String(lane.socketA) : `${lane.socketA}-${lane.socketB}`,
    formatSeconds(lane.medianSeconds),
    formatSeconds(lane.p90Seconds),
    formatSeconds(lane.floorSeconds),
    formatSeconds(lane.cas1MedianSeconds),
    formatSeconds(lane.ring1MedianSeconds),
    formatSeconds(lane.p99Seconds),
    formatRate(lane.itemsPerSecond['1']),
    formatRate(lane.itemsPerSecond['512']),
    formatRate(lane.itemsPerSecond.line),
    `${lane.soundVisits}/${lane.visits}`,
  ]);
  const notes = [
    'median, p90, floor: two lines, plain stores, means of 16 hand-offs. CAS: one line, as other tools measure.',
    'queue: one item through a ring. p99: single hand-offs on a schedule, stalls kept; from 10,000 on.',
    '1 item, 512 items, lines: items of 8 bytes through a ring, by batch of 1, of 512, and by whole lines.',
    'sound: visits that no evidence speaks against, of all that were made.',
  ];
  return indent([formatTable([head, ...rows]), ...notes].join('\n'));
}

function printMemory({ cpuNodes, memoryNodes, loadNs, pageBytes, notes }: MemoryMatrix): string {
  const head = ['', ...memoryNodes.map(String)];
  const rows = cpuNodes.map((node, at) => [
    String(node),
    ...(loadNs[at] ?? []).map((ns) => formatSeconds(ns === null ? null : ns / 1e9)),
  ]);
  const pages = pageBytes
    ? [`pages of ${pageBytes / 1024} KiB`]
    : ['pages of more than one size, or unknown'];
  return indent([formatTable([head, ...rows]), ...pages, ...notes].join('\n'));
}

function printMatrix({ cpus, handOffNs }: Matrix): string {
  const head = ['', ...cpus.map(String)];
  const rows = cpus.map((cpu, at) => [
    String(cpu),
    ...(handOffNs[at] ?? []).map((ns) => (ns === null ? '.' : ns.toFixed(0))),
  ]);
  return indent(formatTable([head, ...rows]));
}

function printAnswers(answers: readonly Answer[]): string {
  return answers.map((one) => `  ${one.question}\n${compare(one)}    ${one.advice}`).join('\n');
}

function compare({ a, b, ratio, measures, pairs }: Answer): string {
  if (a.median === null || b.median === null) return '';
  const format = measures === 'items_per_second' ? formatRate : formatSeconds;
  const factor = ratio === null ? '' : `, ${ratio.toFixed(2)}x`;
  return `    ${a.label} ${format(a.median)}, ${b.label} ${format(b.median)}${factor} (median of ${pairs})\n`;
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;

const indent = (text: string): string => text.replace(/^/gm, '  ');
