import { readingsOf, totalOf, type Families } from './families.ts';

/** What hardware and kernel have counted of one socket. Undefined: not counted here. */
export interface SocketTotals {
  readonly cycles: number | undefined;
  readonly instructions: number | undefined;
  readonly localDram: number | undefined;
  readonly remoteDram: number | undefined;
  readonly hitm: number | undefined;
  readonly allLoads: number | undefined;
  readonly stalled: number | undefined;
}

export interface Totals {
  readonly sockets: ReadonlyMap<number, SocketTotals>;
  readonly pagesMoved: number | undefined;
  readonly tasksCrossed: number | undefined;
}

/** Between two collections, of one socket. Null: not counted, or too little to make a share of. */
export interface SocketRates {
  readonly instructionsPerCycle: number | null;
  readonly remoteShare: number | null;
  readonly dramReadsPerSecond: number | null;
  readonly hitmPerThousandLoads: number | null;
  readonly stalledShare: number | null;
}

export interface Rates {
  readonly seconds: number;
  readonly sockets: ReadonlyMap<number, SocketRates>;
  readonly pagesPerSecond: number | null;
  readonly tasksPerSecond: number | null;
}

/** The same floor as the view remote_dram_share of docs/metrics.md: what an idle socket loads is the kernel's. */
export const dramFloorPerSecond = 100_000;

/** Which stall stands for "waits for memory", the most telling that the CPU counts first. */
const stallCauses = ['l3_miss', 'backend_memory', 'load_not_complete', 'l2_miss', 'backend'];

export function totalsOf(families: Families): Totals {
  const sockets = new Set(readingsOf(families, 'cycles').map(({ labels }) => labels['socket'] ?? ''));
  const cause = stallCauseOf(families);
  return {
    sockets: new Map(
      [...sockets].map((socket) => {
        const of = (source: string) => totalOf(families, 'loads', { socket, source });
        return [
          Number(socket),
          {
            cycles: totalOf(families, 'cycles', { socket }),
            instructions: totalOf(families, 'instructions', { socket }),
            localDram: of('local_dram'),
            remoteDram: of('remote_dram'),
            hitm: of('remote_hitm'),
            allLoads: totalOf(families, 'allLoads', { socket }),
            stalled: cause === undefined ? undefined : totalOf(families, 'stalledCycles', { socket, cause }),
          },
        ];
      }),
    ),
    pagesMoved: totalOf(families, 'pageMigrations', { outcome: 'success' }),
    tasksCrossed: totalOf(families, 'taskMigrations'),
  };
}

export const stallCauseOf = (families: Families): string | undefined =>
  stallCauses.find((cause) =>
    readingsOf(families, 'stalledCycles').some(({ labels }) => labels['cause'] === cause),
  );

export function ratesOf(before: Totals, after: Totals, seconds: number): Rates {
  const sockets = [...after.sockets].map(([socket, now]) => {
    const then = before.sockets.get(socket);
    return [socket, socketRates((key) => grown(then?.[key], now[key]), seconds)] as const;
  });
  return {
    seconds,
    sockets: new Map(sockets),
    pagesPerSecond: over(grown(before.pagesMoved, after.pagesMoved), seconds),
    tasksPerSecond: over(grown(before.tasksCrossed, after.tasksCrossed), seconds),
  };
}

function socketRates(by: (key: keyof SocketTotals) => number | null, seconds: number): SocketRates {
  const [local, remote] = [by('localDram'), by('remoteDram')];
  const reads = local === null || remote === null ? null : local + remote;
  const dramReadsPerSecond = over(reads, seconds);
  const enough = dramReadsPerSecond !== null && dramReadsPerSecond >= dramFloorPerSecond;
  const hitmShare = over(by('hitm'), by('allLoads'));
  return {
    instructionsPerCycle: over(by('instructions'), by('cycles')),
    remoteShare: enough ? over(remote, reads) : null,
    dramReadsPerSecond,
    hitmPerThousandLoads: hitmShare === null ? null : hitmShare * 1000,
    stalledShare: over(by('stalled'), by('cycles')),
  };
}

/** Null where one is missing, and where the counter began anew. */
const grown = (before: number | undefined, after: number | undefined): number | null =>
  before === undefined || after === undefined || after < before ? null : after - before;

const over = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null || whole <= 0 ? null : part / whole;
