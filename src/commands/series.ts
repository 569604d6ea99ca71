import type { SeriesTable } from '../series.ts';
import { formatTable } from './format.ts';

/** What `numacanary series` prints: how many series each metric can take, and the promise. */
export function seriesText({ machines, rows, totals, workloads }: SeriesTable): string {
  const table = [
    ['series at most', ...machines.map(({ name }) => name)],
    ...rows.map(({ metric, series }) => line(metric, series)),
    line('total, workload_* apart', totals),
    line(
      'promised, at most',
      machines.map(({ limit }) => limit),
    ),
    line('workload_*, 30 shown', workloads),
  ];
  return `${formatTable(table)}\n`;
}

const line = (name: string, numbers: readonly number[]) => [name, ...numbers.map(String)];
