import { tscCycles } from '../pmu/kernel_signals.ts';
import {
  allLoads,
  cycles,
  dramBytes,
  instructions,
  interconnectBytes,
  loads,
  loadsDetail,
  offcoreReads,
  readLatencyCycles,
  readLatencyRequests,
  refCycles,
  stalledCycles,
  uncoreClock,
} from '../pmu/signals.ts';
import { over, rate } from './view.ts';
import type { View } from './view.ts';

/** Loads from DRAM a second and socket below which a share of them is noise: an idle socket's are the kernel's. */
const dramFloor = 100_000;

const remoteReads = 'remote_dram|remote_hitm|remote_fwd|remote_cache';
const pastL3 = `local_dram|${remoteReads}|cxl`;

/** What counters of the hardware come to. */
export const pmuViews: readonly View[] = [
  {
    name: 'remote_dram_share',
    formula: [
      rate(loads, 'socket, unit', 'source="remote_dram"'),
      `(${rate(loads, 'socket, unit', 'source=~"local_dram|remote_dram"')} > ${dramFloor})`,
    ].join(' / '),
    tells: 'Of what a socket loads from DRAM, the part from another socket: the one to have a threshold on.',
    units: ['retired_loads', 'l1d_fills'],
    caveat: `No value below ${dramFloor} loads from DRAM a second. With NPS above 1 remote is another NUMA node.`,
  },
  {
    name: 'remote_load_fraction',
    formula: over(
      rate(loads, 'socket, unit', 'source=~"remote_dram|remote"'),
      rate(allLoads, 'socket, unit'),
    ),
    tells: 'Of all loads, the part that another socket’s memory answered.',
    units: ['retired_loads', 'l1d_fills', 'accesses'],
    caveat:
      'Most loads hit L1, so that a few per cent are already a lot; no threshold holds for two programs. On Arm remote caches are in it; on AMD the whole is counted in turn, so that short windows wobble.',
  },
  {
    name: 'loads_by_source',
    formula: over(
      rate(loads, 'socket, source, unit'),
      rate(loads, 'socket, unit'),
      'host, socket, unit',
      'group_left',
    ),
    tells: 'Where the data of loads came from, as shares of the whole: perf stat --per-socket by level.',
    units: ['retired_loads', 'l1d_fills'],
    caveat:
      'Sources that are not in the group always counted are scaled up from one second in ten: a burst may be in one and not in another.',
  },
  {
    name: 'hitm_per_thousand_loads',
    formula: `1000 * ${over(rate(loads, 'socket', 'source="remote_hitm"'), rate(allLoads, 'socket'))}`,
    tells: 'Lines that a core of another socket had just written: sockets that fight over shared data.',
    units: ['retired_loads'],
    caveat: 'AMD and Arm do not count it.',
  },
  {
    name: 'l3_miss_ratio',
    formula: over(
      rate(loads, 'socket, unit', `source=~"${pastL3}"`),
      rate(loads, 'socket, unit', `source=~"l3|local_cache|${pastL3}"`),
    ),
    tells: 'Of the loads that got past L2, the part that no cache of the node could answer.',
    units: ['retired_loads', 'l1d_fills'],
    caveat:
      'Loads that joined a miss under way (fill_buffer) are in neither. On AMD another L3 of the node is an answer, too.',
  },
  {
    name: 'llc_miss_ratio_of_arm',
    formula: over(
      rate(loadsDetail, 'socket', 'source="llc_miss"'),
      rate(loadsDetail, 'socket', 'source="llc"'),
    ),
    tells: 'The same on Arm: reads of the last cache that it could not answer.',
    units: ['accesses'],
  },
  {
    name: 'instructions_per_cycle',
    formula: over(rate(instructions, 'socket'), rate(cycles, 'socket')),
    tells:
      'Work done for each cycle, socket by socket: the same program on all, and one lower, has it farther to its data.',
    caveat: 'A spinning thread has a fine ratio.',
  },
  {
    name: 'stall_share',
    formula: over(rate(stalledCycles, 'socket, cause'), rate(cycles, 'socket'), 'host, socket', 'group_left'),
    tells: 'Part of the cycles in which nothing moved on while the cause held: what memory costs.',
    caveat: 'The causes overlap and are each vendor’s own: do not add them, nor compare vendors.',
  },
  {
    name: 'core_clock_ratio',
    formula: over(rate(cycles, 'socket'), rate(refCycles, 'socket')),
    tells: 'The core clock as a multiple of the nominal one: below 1 a socket is throttled or saves power.',
    caveat: 'No ref cycles before Zen 4.',
  },
  {
    name: 'core_clock_hertz',
    formula: `${over(rate(cycles, 'socket'), rate(refCycles, 'socket'))} * ${rate(tscCycles, 'socket')}`,
    tells:
      'The clock of the cores that worked, in hertz: ref cycles tick with the TSC while a core is not halted.',
    caveat: 'On x86 only: Arm has no time stamp counter that perf reads.',
  },
  {
    name: 'read_latency_seconds',
    formula: `${over(
      rate(readLatencyCycles, 'socket, source', 'unit="uncore_cycles"'),
      rate(readLatencyRequests, 'socket, source'),
    )} / on (host, socket) group_left () ${rate(uncoreClock, 'socket')}`,
    tells:
      'What a read that missed the last cache really took, local and remote, by the hardware’s own count.',
    caveat: 'Intel. Local and remote are counted by different boxes, or in turn: an average of many reads.',
  },
  {
    name: 'read_latency_cycles',
    formula: over(
      rate(readLatencyCycles, 'socket, source, unit'),
      rate(readLatencyRequests, 'socket, source'),
      'host, socket, source',
      'group_left',
    ),
    tells: 'The same in the unit that it was counted in, where no clock turns it into seconds: AMD.',
    caveat:
      'Compare a host with itself; unit unconfirmed is core clocks or nanoseconds, the tables disagree.',
  },
  {
    name: 'offcore_remote_share',
    formula: over(
      rate(offcoreReads, 'socket, unit', 'source=~"remote_.*"'),
      rate(offcoreReads, 'socket, unit'),
    ),
    tells: 'Of the reads that left the cores, prefetches included, the part that another socket answered.',
    caveat:
      'High beside a low remote_load_fraction: prefetchers hide a remote stream, and the links pay for it.',
  },
  {
    name: 'interconnect_bytes_per_second',
    formula: rate(interconnectBytes, 'socket', 'direction="tx"'),
    tells: 'What a socket sends to the others; the sum over sockets is all that crosses.',
    caveat: 'Do not add rx: it is the same bytes at the other end.',
  },
  {
    name: 'dram_bytes_per_second',
    formula: rate(dramBytes, 'socket, op'),
    tells: 'How busy the memory of a socket is, whoever asks.',
  },
];
