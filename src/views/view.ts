import type { Unit } from '../pmu/signals.ts';
import type { Metric } from '../sample.ts';

/**
 * What series of /metrics come to, as PromQL: docs/metrics.md prints these, and rules are made from them. Written for
 * one host label, which relabelling supplies, and a window of five minutes: any other one does.
 */
export interface View {
  readonly name: string;
  readonly formula: string;
  readonly tells: string;
  /** Values of the label `unit` that it holds for; left out: it has none of them. */
  readonly units?: readonly Unit[];
  /** What a reader must know before acting on it. */
  readonly caveat?: string;
}

export function rate({ name }: Metric, by: string, matchers = ''): string {
  return `sum by (host, ${by}) (rate(${name}${matchers && `{${matchers}}`}[5m]))`;
}

/** Zero over zero is NaN, no value: a socket that is idle has no share of anything. */
export function over(part: string, whole: string, on?: string, group = ''): string {
  return `${part} / ${on === undefined ? '' : `on (${on}) ${group} () `}${whole}`;
}
