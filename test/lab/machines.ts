import type { Distance } from '../../src/topology.ts';

/** What `numalab topologies` promises, written down by hand: the suites hold the program against it. */
export interface Machine {
  readonly name: string;
  readonly sockets: readonly (readonly number[])[];
  readonly nodes: readonly {
    readonly cpus: readonly number[];
    readonly memory: boolean;
    readonly socket: number;
  }[];
  readonly cores: readonly (readonly number[])[];
  readonly llcGroups: readonly (readonly number[])[];
  /** SLIT: row and column are node ids. */
  readonly slit: readonly (readonly number[])[];
  readonly distances: readonly Distance[];
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const chunks = (cpus: number, size: number) =>
  Array.from({ length: cpus / size }, (_, i) => range(i * size, i * size + size - 1));

const two: Machine = {
  name: '2s2n',
  sockets: chunks(4, 2),
  nodes: [
    { cpus: [0, 1], memory: true, socket: 0 },
    { cpus: [2, 3], memory: true, socket: 1 },
  ],
  cores: chunks(4, 1),
  llcGroups: chunks(4, 2),
  slit: [
    [10, 21],
    [21, 10],
  ],
  distances: ['llc', 'cross_socket'],
};

export const machines: readonly Machine[] = [
  two,
  {
    ...two,
    name: '2s2n-smt',
    sockets: chunks(8, 4),
    nodes: chunks(8, 4).map((cpus, socket) => ({ cpus, memory: true, socket })),
    cores: chunks(8, 2),
    llcGroups: chunks(8, 4),
    distances: ['smt', 'llc', 'cross_socket'],
  },
  {
    name: '2s4n',
    sockets: chunks(8, 4),
    nodes: chunks(8, 2).map((cpus, node) => ({ cpus, memory: true, socket: node >> 1 })),
    cores: chunks(8, 1),
    // One cache for the whole socket, as the kernel says under SNC.
    llcGroups: chunks(8, 4),
    slit: range(0, 3).map((a) => range(0, 3).map((b) => (a === b ? 10 : a >> 1 === b >> 1 ? 12 : 21))),
    distances: ['llc', 'socket', 'cross_socket'],
  },
  {
    ...two,
    name: '2s2n+cxl',
    nodes: [...two.nodes, { cpus: [], memory: true, socket: 0 }],
    slit: [
      [10, 21, 14],
      [21, 10, 24],
      [14, 24, 10],
    ],
  },
  {
    ...two,
    name: '2s2n+nomem',
    nodes: [
      { cpus: [0, 1], memory: true, socket: 0 },
      { cpus: [2, 3], memory: false, socket: 1 },
    ],
  },
  {
    name: '8s8n',
    sockets: chunks(16, 2),
    nodes: chunks(16, 2).map((cpus, socket) => ({ cpus, memory: true, socket })),
    cores: chunks(16, 1),
    llcGroups: chunks(16, 2),
    // A cube: 21 along its edges, 31 across.
    slit: range(0, 7).map((a) =>
      range(0, 7).map((b) => (a === b ? 10 : [1, 2, 4].includes(a ^ b) ? 21 : 31)),
    ),
    distances: ['llc', 'cross_socket'],
  },
];
