import { ParseError } from '../errors.ts';
import { parseCpulist } from './cpulist.ts';

/** What kubelet's CPU manager has given away. */
export interface CpuManagerState {
  readonly policy: string;
  /** CPUs of the shared pool; empty under policy none. */
  readonly shared: readonly number[];
  readonly exclusive: readonly number[];
}

// > {"policyName":"static","defaultCpuSet":"0,2-7","entries":{"9f2c…":{"app":"1"}},"checksum":1353318690}
// > {"policyName":"none","defaultCpuSet":"","checksum":1353318690}
export function parseCpuManagerState(text: string): CpuManagerState {
  const state = jsonOf(text);
  const { policyName: policy, defaultCpuSet, entries = {} } = state;
  if (typeof policy !== 'string' || !/^[a-z-]{1,32}$/.test(policy) || typeof defaultCpuSet !== 'string')
    throw refused(text);
  const sets = Object.values(mapping(entries, text)).flatMap((pod) => Object.values(mapping(pod, text)));
  const exclusive = sets.flatMap((set) => {
    if (typeof set !== 'string') throw refused(text);
    return parseCpulist(set);
  });
  return {
    policy,
    shared: parseCpulist(defaultCpuSet),
    exclusive: [...new Set(exclusive)].toSorted((a, b) => a - b),
  };
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return mapping(JSON.parse(text), text);
  } catch {
    throw refused(text);
  }
}

function mapping(value: unknown, text: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(text);
  return { ...value };
}

const refused = (text: string) => new ParseError(`cpu_manager_state: ${JSON.stringify(text.slice(0, 100))}`);
