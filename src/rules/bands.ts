import { by, byGroup, cluster, groupLabels } from './promql.ts';
import type { Recording } from './rule.ts';

/** Upper bounds of bands in nanoseconds and per cent: what a picture of a fleet has for rows. */
const nanoseconds = [60, 80, 100, 120, 140, 170, 200, 250, 300, 400, 600, 1000, 100_000];
const percents = [2, 5, 10, 15, 20, 30, 40, 50, 60, 80, 100];

const padded = (value: number, digits: number) => String(value).padStart(digits, '0');
const scaled = (value: number, factor: number) => Number((value * factor).toPrecision(3));

/**
 * How many hosts or sockets lie in each band: a picture of ten thousand costs what one of ten does. Bands are named so
 * that they sort as what they hold.
 */
export function bandRules(latency: string, share: string): readonly Recording[] {
  // A host has a latency for each load that it was under of late, and is one host.
  const worst = `max ${by(...groupLabels)} (${latency})`;
  return [
    ...nanoseconds.map((upper, index) => ({
      record: 'group:numacanary_cross_socket_latency_hosts:count',
      labels: { band: `to ${padded(upper, 6)} ns` },
      expr: `count ${byGroup()} (${worst} > ${scaled(nanoseconds[index - 1] ?? 0, 1e-9)} <= ${scaled(upper, 1e-9)})`,
      tells: 'How many hosts lie in each band of latency.',
    })),
    ...percents.map((upper, index) => ({
      record: 'cluster:numacanary_remote_dram_sockets:count',
      labels: { band: `to ${padded(upper, 3)} %` },
      expr: `count by (${cluster}) (${share} > ${scaled(percents[index - 1] ?? -1, 0.01)} <= ${scaled(upper, 0.01)})`,
      tells: 'How many sockets lie in each band of the remote share of DRAM loads.',
    })),
  ];
}
