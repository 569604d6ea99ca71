import { stallCauseOf } from './counters.ts';
import { totalOf } from './families.ts';
import type { Known } from './known.ts';
import { whyMissing } from './reasons.ts';
import { amount, listed, percent, sentence, span } from './text.ts';

/** What the hardware counted of each socket since the reading before. */
export interface Tiles {
  readonly sockets: readonly SocketTile[];
  /** `over the last 15 s`; empty where there are no rates yet. */
  readonly window: string;
  /** Why figures are missing: one sentence for each. */
  readonly missing: readonly string[];
}

export interface SocketTile {
  readonly socket: number;
  readonly figures: readonly Figure[];
}

export interface Figure {
  readonly name: string;
  /** Null: not known. */
  readonly value: string | null;
  /** From 0 to 1, for a bar; null where the figure is no share. */
  readonly share: number | null;
}

export function tilesOf({ past: { rates }, families, rows }: Known): Tiles {
  const pmu = rows.find(({ name }) => name === 'pmu');
  const missing = reasonsOf(families);
  if (!rates || rates.sockets.size === 0) {
    const why =
      missing.length > 0
        ? missing
        : !pmu
          ? ['The collector pmu is switched off in the configuration.']
          : pmu.message !== ''
            ? [sentence(`The counters cannot be read: ${pmu.message}`)]
            : ['Rates need two readings: they come within half a minute.'];
    return { sockets: [], window: '', missing: why };
  }
  const stalls =
    stallCauseOf(families)
      ?.replace(/^l(\d)/, 'L$1')
      .replaceAll('_', ' ') ?? 'memory';
  return {
    window: `over ${span(rates.seconds)}`,
    missing,
    sockets: [...rates.sockets].map(([socket, one]) => ({
      socket,
      figures: [
        figure('Instructions a cycle', one.instructionsPerCycle, (value) => value.toFixed(2)),
        figure('Remote DRAM reads', one.remoteShare, percent, true),
        figure('DRAM reads a second', one.dramReadsPerSecond, amount),
        figure('HITM in 1000 loads', one.hitmPerThousandLoads, (value) => value.toFixed(value < 10 ? 2 : 0)),
        figure(`Cycles stalled (${stalls})`, one.stalledShare, percent, true),
      ],
    })),
  };
}

const figure = (
  name: string,
  value: number | null,
  format: (value: number) => string,
  isShare = false,
): Figure => ({
  name,
  value: value === null ? null : format(value),
  share: value !== null && isShare ? Math.min(1, value) : null,
});

const wanted = [
  { what: 'instructions a cycle', signals: ['cycles', 'instructions'], name: 'cycles' },
  { what: 'the remote part of DRAM reads', signals: ['load_remote_dram', 'load_local_dram'], name: 'loads' },
  { what: 'remote HITM', signals: ['load_remote_hitm'], name: 'loads' },
  {
    what: 'stalls',
    signals: ['stall_l3_miss', 'stall_backend_memory', 'stall_backend'],
    name: 'stalledCycles',
  },
] as const;

const noSuchEvent = 'this CPU has no event for it';

/** A sentence for each figure that is not counted, signals with one reason in one sentence. */
function reasonsOf(families: Known['families']): string[] {
  const counts = totalOf(families, 'cycles') !== undefined;
  const byReason = new Map<string, string[]>();
  for (const { what, signals, name } of wanted) {
    const source = name === 'loads' ? { source: (signals[0] ?? '').replace('load_', '') } : {};
    if (totalOf(families, name, source) !== undefined) continue;
    const why = whyMissing(families, signals) ?? (counts ? noSuchEvent : null);
    if (why !== null) byReason.set(why, [...(byReason.get(why) ?? []), what]);
  }
  return [...byReason].map(([why, what]) => sentence(`${upper(listed(what))} cannot be known here: ${why}`));
}

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
