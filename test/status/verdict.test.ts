import { describe, expect, it } from 'vitest';
import type { SocketRates } from '../../src/status/counters.ts';
import type { Known } from '../../src/status/known.ts';
import { laneRowsOf } from '../../src/status/lanes.ts';
import { verdictOf } from '../../src/status/verdict.ts';
import { familiesOfReadings, handOffs, knownOf, noon, topologyOf, wholeHost } from './synthetic.ts';

const verdict = (given: Partial<Known>) => {
  const known = knownOf(given);
  return verdictOf(known, laneRowsOf(known.families));
};
const measured = (...rows: Parameters<typeof handOffs>[0]) => familiesOfReadings(handOffs(rows));
const oneSocket = topologyOf({ sockets: 1, coresPerSocket: 8 });
const source = (name: string, status: string, message = '') => ({
  name,
  kind: 'probe' as const,
  status,
  seconds: 0,
  message,
});

describe('the headline', () => {
  it.each<[string, Partial<Known>, string]>([
    [
      'compares sockets with what is local',
      { families: measured([0, 0, 'llc', 142e-9], [1, 1, 'llc', 142e-9], [0, 1, 'cross_socket', 340e-9]) },
      'Cross-socket hand-offs take 2.4x local ones: 340 ns against 142 ns.',
    ],
    [
      'takes the next distance where caches are shared by nobody',
      { families: measured([0, 0, 'node', 170e-9], [0, 1, 'cross_socket', 340e-9]) },
      'Cross-socket hand-offs take 2.0x local ones: 340 ns against 170 ns.',
    ],
    [
      'does not take the threads of one core for local',
      { families: measured([0, 0, 'smt', 20e-9], [0, 1, 'cross_socket', 340e-9]) },
      'Cross-socket hand-offs take 340 ns.',
    ],
    [
      'says that one socket has nothing to cross',
      { topology: oneSocket, families: measured([0, 0, 'llc', 55e-9]) },
      'One socket: a hand-off takes 55 ns, and there is no other socket to cross to.',
    ],
    [
      'compares the nodes of one socket',
      { topology: oneSocket, families: measured([0, 0, 'llc', 50e-9], [0, 0, 'socket', 100e-9]) },
      'One socket: hand-offs between its NUMA nodes take 2.0x those within one, 100 ns against 50 ns.',
    ],
    [
      'does not make up what is not measured yet',
      { families: measured([0, 0, 'llc', 50e-9]) },
      'Local hand-offs take 50 ns; between sockets none has been measured yet.',
    ],
    [
      'waits at the start',
      { unready: 'soon' },
      'The first measurements are under way; this page fills by itself.',
    ],
    ['says when nothing came of it', {}, 'No hand-off has been measured yet.'],
    [
      'says when the probe is switched off',
      { rows: [] },
      'Hand-offs are not measured: the latency probe is switched off.',
    ],
    [
      'says why nothing can be measured',
      { rows: [source('latency', 'absent', 'no CPU pair is eligible')] },
      'Hand-offs cannot be measured here: no CPU pair is eligible.',
    ],
  ])('%s', (_, given, headline) => {
    expect(verdict(given).headline).toBe(headline);
  });
});

const rates = (shares: readonly (number | null)[]): Known['past'] => ({
  points: [],
  rates: {
    seconds: 15,
    pagesPerSecond: 0,
    tasksPerSecond: 0,
    sockets: new Map(
      shares.map((remoteShare, socket) => [
        socket,
        {
          instructionsPerCycle: 1,
          remoteShare,
          dramReadsPerSecond: 1e6,
          hitmPerThousandLoads: null,
          stalledShare: null,
        } satisfies SocketRates,
      ]),
    ),
  },
});
const points = (shares: readonly (number | null)[]) =>
  shares.map((share, at) => ({
    wall: noon - (shares.length - 1 - at) * 60,
    handOffSeconds: null,
    remoteShares: share === null ? new Map() : new Map([[1, share]]),
    pagesPerSecond: null,
    tasksPerSecond: null,
  }));
const findings = (given: Partial<Known>) => verdict(given).findings.map(({ text }) => text);

describe('findings', () => {
  it('say which socket reads from the other, and since when', () => {
    const past = { ...rates([0.02, 0.31]), points: points([0.02, 0.03, 0.3, null, 0.31]) };
    expect(findings({ past })).toEqual(['31 % of socket 1’s DRAM reads are remote since 22:11 UTC.']);
  });

  it('do not say since when it began where that was before all that is remembered', () => {
    const past = { ...rates([0.02, 0.31]), points: points([0.3, 0.3, 0.31]) };
    expect(findings({ past })).toEqual([
      '31 % of socket 1’s DRAM reads are remote, for as long as this page remembers (22:11 UTC).',
    ]);
  });

  it('say that little is remote, too', () => {
    expect(findings({ past: rates([0.02, 0.034]) })).toEqual([
      'Of what any socket reads from DRAM at most 3.4 % is remote.',
    ]);
  });

  it('name the pair of sockets that stands out, and one that is slower than it was', () => {
    const families = measured(
      [0, 1, 'cross_socket', 300e-9],
      [0, 2, 'cross_socket', 300e-9],
      [1, 2, 'cross_socket', 500e-9],
    );
    expect(findings({ families })).toEqual(['The slowest pair is sockets 1 and 2, with 500 ns.']);
    const { handOffFloor: _, ...others } = handOffs([[0, 1, 'cross_socket', 300e-9]]);
    const floor = handOffs([[0, 1, 'cross_socket', 160e-9]]).handOffFloor;
    expect(findings({ families: familiesOfReadings({ ...others, handOffFloor: floor }) })).toEqual([
      'Between sockets it takes up to 2.0x the best of the last ten minutes.',
    ]);
  });

  it('say since when it is slower, and how it was before', () => {
    const past = {
      rates: null,
      points: points(Array.from({ length: 40 }, () => null)).map((point, at) => ({
        ...point,
        handOffSeconds: at < 25 ? 3e-7 : 4.5e-7,
      })),
    };
    expect(verdict({ past }).findings).toEqual([
      {
        text: 'Since 21:59 UTC hand-offs between sockets take 1.5x what they took before: 450 ns against 300 ns.',
        look: true,
      },
    ]);
  });

  it('say when the canary has been silent', () => {
    const families = measured([0, 0, 'llc', 50e-9]);
    expect(findings({ families, wall: noon + 400 })).toEqual([
      'The canary has had no clean visit since 22:13 UTC.',
    ]);
  });

  it('say when it has been silent between sockets alone', () => {
    const { lastClean, handOffMedian } = handOffs([
      [0, 0, 'llc', 50e-9],
      [0, 1, 'cross_socket', 300e-9],
    ]);
    const [local, across] = lastClean.map((one, at) => (at === 0 ? { ...one, value: noon + 390 } : one));
    const families = familiesOfReadings({
      handOffMedian: handOffMedian.filter(({ labels }) => labels.distance === 'llc'),
      lastClean: [local, across].flatMap((one) => one ?? []),
    });
    const { headline, findings: found } = verdict({ families, wall: noon + 400 });
    expect(headline).toBe('Local hand-offs take 50 ns; between sockets none has been clean of late.');
    expect(found.map(({ text }) => text)).toEqual([
      'The canary has had no clean visit between sockets since 22:13 UTC.',
    ]);
  });

  it('count conditions that are off, sources that failed and spikes of the last hour', () => {
    const whole = wholeHost({ sockets: 2, coresPerSocket: 4 }, false);
    const texts = verdictOf(whole, []).findings.map(({ text }) => text);
    expect(texts).toContain('1 condition off: numa balancing.');
    expect(texts).toContain('1 source failed or denied: kernel_events.');
    expect(texts).toContain('5 spikes in the last hour, the worst 4.0x its pair’s median at 21:56 UTC.');
  });

  it('say what was set otherwise while the daemon ran', () => {
    const { conditions } = wholeHost({ sockets: 2, coresPerSocket: 4 }, false);
    const change = { at: '2026-11-27T09:23:11.000Z', condition: 'numa_balancing', from: '0', to: '1' };
    expect(findings({ conditions: conditions && { ...conditions, changes: [change] } })).toContain(
      'The condition numa balancing went from 0 to 1 at 09:23 UTC.',
    );
  });

  it('say that caches are not where the kernel was told', () => {
    const mismatch = [{ labels: { src_socket: '0', dst_socket: '0', distance: 'node' }, value: 1 }];
    const families = familiesOfReadings({ ...handOffs([[0, 0, 'node', 5e-8]]), classMismatch: mismatch });
    expect(findings({ families })[0]).toMatch(/^A farther distance measures faster than a nearer one/);
  });
});

const missing = (reason: string) =>
  familiesOfReadings({
    signalStatus: [{ labels: { signal: 'load_remote_dram', status: 'absent', reason }, value: 1 }],
  });

const counting = (dramReadsPerSecond: number | null): Known['past'] => ({
  points: [],
  rates: {
    seconds: 15,
    pagesPerSecond: 0,
    tasksPerSecond: 0,
    sockets: new Map([
      [
        0,
        {
          instructionsPerCycle: 1,
          remoteShare: null,
          dramReadsPerSecond,
          hitmPerThousandLoads: null,
          stalledShare: null,
        },
      ],
    ]),
  },
});

describe('what is not known', () => {
  it('is said with its reason', () => {
    expect(verdict({ families: missing('no_pmu') }).unknown[0]).toBe(
      'Where loads are answered from cannot be known here: the kernel shows no such counters: a virtual machine without them, or a module that is not loaded.',
    );
    expect(verdict({ families: missing('paranoid') }).unknown[0]).toContain('grant CAP_PERFMON');
    expect(verdict({ families: missing('a reason of tomorrow') }).unknown[0]).toContain(
      'a reason of tomorrow',
    );
  });

  it('is a virtual machine’s topology', () => {
    const identity = { ...oneSocket.identity, hypervisor: true };
    expect(verdict({ topology: { ...oneSocket, identity } }).unknown[0]).toMatch(
      /^This is a virtual machine/,
    );
  });

  it('is a share on a CPU that does not count where loads are answered from', () => {
    expect(verdict({ past: counting(null) }).unknown[0]).toMatch(
      /^This CPU does not count DRAM reads by where/,
    );
  });

  it('is a share of next to nothing', () => {
    expect(verdict({ past: counting(12) }).unknown).toContain(
      'The sockets read too little from DRAM just now to say which share of it is remote.',
    );
  });
});
