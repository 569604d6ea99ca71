import type { Topology } from '../topology.ts';
import type { Known } from './known.ts';
import { localLane, medianOf, slowest, type LaneRow } from './lanes.ts';
import { whyMissing } from './reasons.ts';
import { stepIn } from './step.ts';
import { clockTime, counted, duration, listed, percent, sentence, times } from './text.ts';

/** The page in words, made of what is known and of nothing else. */
export interface Verdict {
  readonly headline: string;
  readonly findings: readonly Finding[];
  /** What cannot be known here, and why. */
  readonly unknown: readonly string[];
}

export interface Finding {
  readonly text: string;
  /** Worth a look: said in words too, never by colour alone. */
  readonly look: boolean;
}

/** Of what a socket reads from DRAM: from here on it is called remote, below it is said to be little. */
const remoteLine = 0.1;
const slowerLine = 1.25;
const silentSeconds = 300;

export function verdictOf(known: Known, lanes: readonly LaneRow[]): Verdict {
  return {
    headline: headlineOf(known, lanes),
    findings: [
      ...slowerFinding(known, lanes),
      ...pairFinding(lanes),
      ...silence(known, lanes),
      ...remoteFindings(known),
      ...spikeFinding(known),
      ...mismatch(known.topology, lanes),
      ...changeFinding(known),
      ...conditionFinding(known),
      ...sourceFinding(known),
    ],
    unknown: unknownOf(known),
  };
}

function headlineOf({ topology, rows, unready }: Known, lanes: readonly LaneRow[]): string {
  const cross = medianOf(lanes, 'cross_socket');
  const local = localLane(lanes);
  if (cross !== null && local) {
    const both = `${duration(cross)} against ${duration(local.seconds)}`;
    return `Cross-socket hand-offs take ${times(cross / local.seconds)} local ones: ${both}.`;
  }
  if (cross !== null) return `Cross-socket hand-offs take ${duration(cross)}.`;
  if (local && topology.sockets.length < 2) {
    const far = medianOf(lanes, 'socket');
    if (far !== null && local.distance !== 'socket')
      return `One socket: hand-offs between its NUMA nodes take ${times(far / local.seconds)} those within one, ${duration(far)} against ${duration(local.seconds)}.`;
    return `One socket: a hand-off takes ${duration(local.seconds)}, and there is no other socket to cross to.`;
  }
  if (local) {
    const when =
      lastCleanOf(across(lanes)) === null ? 'none has been measured yet' : 'none has been clean of late';
    return `Local hand-offs take ${duration(local.seconds)}; between sockets ${when}.`;
  }
  const latency = rows.find(({ name }) => name === 'latency');
  if (latency && latency.message !== '')
    return sentence(`Hand-offs cannot be measured here: ${latency.message}`);
  if (!latency) return 'Hand-offs are not measured: the latency probe is switched off.';
  return unready === null
    ? 'No hand-off has been measured yet.'
    : 'The first measurements are under way; this page fills by itself.';
}

/** Only where pairs differ by more than chance. */
function pairFinding(lanes: readonly LaneRow[]): Finding[] {
  const usual = medianOf(lanes, 'cross_socket');
  const worst = slowest(lanes, 'cross_socket');
  if (usual === null || !worst || worst.storeSeconds === null || worst.storeSeconds < usual * 1.15) return [];
  const pair = `sockets ${worst.sourceSocket} and ${worst.targetSocket}`;
  return [calm(`The slowest pair is ${pair}, with ${duration(worst.storeSeconds)}.`)];
}

/** Since when, if the curve shows it; else against the best of late. */
function slowerFinding({ past: { points }, topology }: Known, lanes: readonly LaneRow[]): Finding[] {
  const step = stepIn(points.map(({ handOffSeconds }) => handOffSeconds));
  const began = step && points[step.at]?.wall;
  if (!step || began === undefined || began === null) return floorFinding(lanes);
  const between = topology.sockets.length > 1 ? 'sockets' : 'cores';
  const both = `${duration(step.after)} against ${duration(step.before)}`;
  const text = `Since ${clockTime(began)} UTC hand-offs between ${between} take ${times(step.after / step.before)} what they took before: ${both}.`;
  return [step.after > step.before ? look(text) : calm(text)];
}

function floorFinding(lanes: readonly LaneRow[]): Finding[] {
  const risen = across(lanes).map(({ storeSeconds, floorSeconds }) =>
    floorSeconds ? (storeSeconds ?? 0) / floorSeconds : 0,
  );
  const worst = Math.max(0, ...risen);
  if (worst < slowerLine) return [];
  return [look(`Between sockets it takes up to ${times(worst)} the best of the last ten minutes.`)];
}

/** Blind between sockets is blind, however well the cores of one get on. */
function silence({ wall }: Known, lanes: readonly LaneRow[]): Finding[] {
  const between = lastCleanOf(across(lanes));
  const last = between ?? lastCleanOf(lanes);
  if (last === null || wall - last < silentSeconds) return [];
  const where = between === null ? '' : ' between sockets';
  return [look(`The canary has had no clean visit${where} since ${clockTime(last)} UTC.`)];
}

const across = (lanes: readonly LaneRow[]) => lanes.filter(({ distance }) => distance === 'cross_socket');

/** Seconds since 1970; null: never. */
function lastCleanOf(lanes: readonly LaneRow[]): number | null {
  const times = lanes.flatMap(({ lastCleanAt }) => lastCleanAt ?? []);
  return times.length === 0 ? null : Math.max(...times);
}

function remoteFindings({ past, wall }: Known): Finding[] {
  const shares = [...(past.rates?.sockets ?? [])].flatMap(([socket, { remoteShare }]) =>
    remoteShare === null ? [] : [{ socket, share: remoteShare }],
  );
  const much = shares.filter(({ share }) => share >= remoteLine);
  if (shares.length === 0) return [];
  if (much.length === 0) {
    const most = Math.max(...shares.map(({ share }) => share));
    return [calm(`Of what any socket reads from DRAM at most ${percent(most)} is remote.`)];
  }
  return much.map(({ socket, share }) =>
    look(`${percent(share)} of socket ${socket}’s DRAM reads are remote${since(past.points, socket, wall)}.`),
  );
}

/** Back over the points in which it was so, and those that had too little to tell. */
function since(points: Known['past']['points'], socket: number, wall: number): string {
  let began: number | undefined;
  for (const { remoteShares, wall: at } of points.toReversed()) {
    const share = remoteShares.get(socket);
    if (share !== undefined && share < remoteLine)
      return began === undefined ? '' : ` since ${clockTime(began)} UTC`;
    if (share !== undefined) began = at;
  }
  return began === undefined || wall - began < 60
    ? ''
    : `, for as long as this page remembers (${clockTime(began)} UTC)`;
}

function spikeFinding({ spikes, wall }: Known): Finding[] {
  const recent = spikes.filter(({ seenAt }) => wall - seenAt < 3600);
  const [worst] = recent.toSorted((a, b) => b.seconds / b.medianSeconds - a.seconds / a.medianSeconds);
  if (!worst) return [];
  const ratio = times(worst.seconds / worst.medianSeconds);
  return [
    calm(
      `${counted(recent.length, 'spike')} in the last hour, the worst ${ratio} its pair’s median at ${clockTime(worst.beganAt)} UTC.`,
    ),
  ];
}

function mismatch({ identity }: Topology, lanes: readonly LaneRow[]): Finding[] {
  if (!lanes.some((lane) => lane.mismatch)) return [];
  const why = identity.hypervisor ? ', as in many virtual machines' : '';
  return [
    look(
      `A farther distance measures faster than a nearer one: caches are not where the kernel was told${why}.`,
    ),
  ];
}

/** What was set otherwise while the daemon ran: often the answer to "since when". */
function changeFinding({ conditions }: Known): Finding[] {
  const last = conditions?.changes.at(-1);
  if (!last) return [];
  const when = clockTime(Date.parse(last.at) / 1000);
  const what = last.condition.replaceAll('_', ' ');
  return [look(`The condition ${what} went from ${last.from} to ${last.to} at ${when} UTC.`)];
}

function conditionFinding({ conditions }: Known): Finding[] {
  if (!conditions) return [];
  const off = conditions.checks.filter(({ state }) => state === 'not_met');
  if (off.length === 0) return [];
  const which = listed(off.map(({ check }) => check.replaceAll('_', ' ')));
  return [calm(`${counted(off.length, 'condition')} off: ${which}.`)];
}

function sourceFinding({ rows }: Known): Finding[] {
  const bad = rows.filter(({ status }) => status === 'failed' || status === 'denied');
  if (bad.length === 0) return [];
  return [look(`${counted(bad.length, 'source')} failed or denied: ${listed(bad.map(({ name }) => name))}.`)];
}

function unknownOf(known: Known): string[] {
  const loads = unknownLoads(known);
  return [
    ...(known.topology.identity.hypervisor
      ? ['This is a virtual machine: sockets, nodes and caches are what its host chose to say.']
      : []),
    ...(loads === null ? [] : [loads]),
    ...(known.conditions ? [] : ['What this host is set to has not been read, or is switched off.']),
  ];
}

/** Null where a share is known. */
function unknownLoads({ families, past: { rates }, rows }: Known): string | null {
  const sockets = [...(rates?.sockets.values() ?? [])];
  if (sockets.some(({ remoteShare }) => remoteShare !== null)) return null;
  const pmu = rows.find(({ name }) => name === 'pmu');
  if (!pmu) return 'Where loads are answered from is not counted: the collector pmu is switched off.';
  if (pmu.status !== 'ok' && pmu.message !== '')
    return sentence(`Where loads are answered from cannot be known: ${pmu.message}`);
  const why = whyMissing(families, ['load_remote_dram', 'load_local_dram', 'load_remote']);
  if (why !== null) return sentence(`Where loads are answered from cannot be known here: ${why}`);
  if (rates === null) return 'Shares and rates need two readings: they come within half a minute.';
  return sockets.some(({ dramReadsPerSecond }) => dramReadsPerSecond !== null)
    ? 'The sockets read too little from DRAM just now to say which share of it is remote.'
    : 'This CPU does not count DRAM reads by where they were answered: /metrics has what it does count.';
}

const look = (text: string): Finding => ({ text, look: true });
const calm = (text: string): Finding => ({ text, look: false });
