import { distances, type Cpu, type Distance, type Topology } from '../topology.ts';

/** What is measured as one thing: an unordered pair of sockets at one distance. */
export interface Lane {
  readonly distance: Distance;
  /** `socketA` <= `socketB`; the same unless the distance is cross_socket. */
  readonly socketA: number;
  readonly socketB: number;
  /** Where in the machine a pair of this lane can be taken; visits turn through them. */
  readonly places: readonly Place[];
}

/** Two pools of cores, any two different cores of which make a pair; one pool of SMT cores for smt. */
export interface Place {
  readonly key: string;
  readonly a: readonly Seat[];
  readonly b: readonly Seat[];
}

/** The eligible CPUs of one core. */
export interface Seat {
  readonly core: number;
  readonly llcGroup: number;
  readonly cpus: readonly number[];
  /** All CPUs of the core, those too on which we may not run: a busy sibling slows us and we slow it. */
  readonly siblings: readonly number[];
}

export interface Courtesy {
  /** Take isolated and nohz_full CPUs too. */
  readonly includeIsolated: boolean;
  readonly excluded: ReadonlySet<number>;
}

export function eligibleCpus(topology: Topology, courtesy: Courtesy): readonly Cpu[] {
  return topology.cpus.filter(
    ({ id, allowed, isolated, nohzFull }) =>
      allowed && !courtesy.excluded.has(id) && (courtesy.includeIsolated || (!isolated && !nohzFull)),
  );
}

export const laneKey = (lane: Pick<Lane, 'distance' | 'socketA' | 'socketB'>) =>
  `${lane.distance}/${lane.socketA}/${lane.socketB}`;

/** Label values of a lane; the ring alone turns it round. */
export const laneLabels = ({ socketA, socketB, distance }: Lane) => ({
  src_socket: String(socketA),
  dst_socket: String(socketB),
  distance,
});

/** Every lane in which an eligible pair exists, nearest first. Work grows with cores and node pairs, never with CPU pairs. */
export function lanesOf(topology: Topology, eligible: readonly Cpu[]): readonly Lane[] {
  const lanes = new Map<string, { distance: Distance; socketA: number; socketB: number; places: Place[] }>();
  const add = (distance: Distance, sockets: readonly [number, number], place: Place) => {
    const [socketA, socketB] = sockets[0] <= sockets[1] ? sockets : [sockets[1], sockets[0]];
    const key = laneKey({ distance, socketA, socketB });
    const lane = lanes.get(key);
    if (lane) lane.places.push(place);
    else lanes.set(key, { distance, socketA, socketB, places: [place] });
  };
  // Firmware that lays one node over several sockets is not rare: a place is a node's share of one socket.
  const shares = [...groupBy(seatsOf(topology, eligible), ({ socket, node }) => `${socket}/${node}`).values()]
    .map((seats) => ({ socket: seats[0]?.socket ?? 0, node: seats[0]?.node ?? 0, seats }))
    .toSorted((a, b) => a.socket - b.socket || a.node - b.node);
  for (const [index, { socket, node, seats }] of shares.entries()) {
    const groups = [...groupBy(seats, ({ llcGroup }) => llcGroup)];
    for (const [llc, cores] of groups) {
      const threaded = cores.filter(({ cpus }) => cpus.length > 1);
      const key = `llc${llc}/node${node}`;
      if (threaded.length > 0) add('smt', [socket, socket], { key, a: threaded, b: threaded });
      if (cores.length > 1) add('llc', [socket, socket], { key, a: cores, b: cores });
    }
    if (groups.length > 1) add('node', [socket, socket], { key: `node${node}`, a: seats, b: seats });
    for (const other of shares.slice(index + 1)) {
      const distance = socket === other.socket ? 'socket' : 'cross_socket';
      const key = `node${node}/node${other.node}`;
      add(distance, [socket, other.socket], { key, a: seats, b: other.seats });
    }
  }
  return [...lanes.values()].toSorted(
    (a, b) =>
      distances.indexOf(a.distance) - distances.indexOf(b.distance) ||
      a.socketA - b.socketA ||
      a.socketB - b.socketB,
  );
}

function seatsOf(topology: Topology, eligible: readonly Cpu[]) {
  const byCore = groupBy(eligible, ({ core }) => core);
  return topology.cores.flatMap(({ id, cpus }) => {
    const own = byCore.get(id) ?? [];
    const [first] = own;
    if (!first) return [];
    const seat = { core: id, llcGroup: first.llcGroup, cpus: own.map((cpu) => cpu.id), siblings: cpus };
    return [{ ...seat, socket: first.socket, node: first.numaNode }];
  });
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
