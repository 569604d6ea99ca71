import { z } from 'zod';
import { nodesPerSocket } from '../topology.ts';
import type { Topology } from '../topology.ts';
import type { Change } from './changes.ts';
import type { Reading } from './condition.ts';
import { ladder } from './ladder.ts';
import type { Check } from './ladder.ts';

/** What /api/v1/conditions answers and `numacanary conditions --json` prints. */
export interface ConditionsDocument {
  /** Of this format. Keys that a reader does not know may come without a new one. */
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly takenAt: string;
  readonly host: {
    readonly name: string;
    readonly cpuModel: string;
    readonly sockets: number;
    readonly numaNodes: number;
    readonly nodesPerSocket: number;
    readonly hypervisor: boolean;
  };
  readonly conditions: Reading;
  /** collectors.conditions.extra of the configuration. */
  readonly extra: Readonly<Record<string, string>>;
  readonly checks: readonly Check[];
  /** Seen since the daemon started, the newest last; of the command always none. */
  readonly changes: readonly Change[];
}

export interface Taken {
  readonly reading: Reading;
  readonly name: string;
  readonly topology: Topology;
  /** Seconds since 1970. */
  readonly wall: number;
  readonly extra: Readonly<Record<string, string>>;
  readonly changes: readonly Change[];
}

export const documentOf = ({ reading, name, topology, wall, extra, changes }: Taken): ConditionsDocument => ({
  version: 1,
  takenAt: isoTime(wall),
  host: {
    name,
    cpuModel: topology.identity.name,
    sockets: topology.sockets.length,
    numaNodes: topology.numaNodes.length,
    nodesPerSocket: nodesPerSocket(topology),
    hypervisor: topology.identity.hypervisor,
  },
  conditions: reading,
  extra,
  checks: ladder(reading, extra),
  changes,
});

export const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Of a saved document what a comparison needs: whatever else older and newer versions have is left alone. */
const savedSchema = z.object({
  version: z.int().min(1),
  takenAt: z.string(),
  host: z.object({ name: z.string() }),
  conditions: z.record(
    z.string(),
    z.union([z.object({ value: z.string() }), z.object({ reason: z.string() })]),
  ),
  extra: z.record(z.string(), z.string()).default({}),
});

export interface Saved {
  readonly takenAt: string;
  readonly host: { readonly name: string };
  readonly conditions: Readonly<Record<string, { readonly value: string } | { readonly reason: string }>>;
  readonly extra: Readonly<Record<string, string>>;
}

/** In place of a document, what is wrong with the text. */
export function parseSaved(text: string): Saved | { readonly wrong: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    return { wrong: `no JSON (${thrown instanceof Error ? thrown.message : String(thrown)})` };
  }
  const { data, error } = savedSchema.safeParse(json);
  if (data) return data;
  const [issue] = error.issues;
  return { wrong: `no document of conditions (${issue?.path.join('.') || 'the whole'}: ${issue?.message})` };
}
