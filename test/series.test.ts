import { describe, expect, it } from 'vitest';
import { boundsOn } from '../src/probes/histogram.ts';
import { countSeries, seriesTable, shapes, sizesOf, topologyOf } from '../src/series.ts';
import { catalogue } from '../src/sources.ts';
import type { Metric } from '../src/sample.ts';
import { started } from './started.ts';
import { readTopology } from '../src/topology/read.ts';
import { filesOf } from './fakes.ts';
import { machine, machines } from './machines.ts';
import type { MachineName } from './machines.ts';

const declared = catalogue();
const metrics = declared.map(({ metric }) => metric);
const sources = new Set(declared.map(({ source }) => source)).size;
const { totals } = seriesTable(metrics, sources);

describe('series', () => {
  it.each(shapes.map((shape, column) => ({ ...shape, column })))(
    'of $name stay below $limit',
    ({ limit, column }) => {
      expect(totals[column]).toBeLessThanOrEqual(limit);
    },
  );

  it('shape the machines that they promise for', () => {
    const counts = shapes.map((shape) => topologyOf(shape)).map(({ sockets, numaNodes, llcGroups, cores, cpus }) => [
      sockets.length,
      numaNodes.length,
      llcGroups.length,
      cores.length,
      cpus.length,
    ]); // prettier-ignore
    expect(counts).toEqual([
      [2, 2, 2, 112, 224],
      [2, 8, 24, 192, 384],
      [8, 8, 8, 512, 1024],
      [8, 32, 64, 512, 1024],
    ]);
  });

  it('count the buckets that the latency probe has on eight sockets', () => {
    const latency = metrics.find(({ name }) => name === 'numacanary_probe_latency_seconds');
    const topology = topologyOf({ ...shapes[0], name: '8s', sockets: 8, nodesPerSocket: 1, coresPerNode: 1, llcsPerNode: 1, limit: 0 }); // prettier-ignore
    // 8 cores with two threads each: smt within, cross_socket between each of 28 pairs.
    if (!latency) throw new Error('no latency');
    expect(countSeries(latency, sizesOf(topology, sources))).toBe(
      (8 + 28) * (boundsOn(latency, 8, 8).length + 3),
    );
  });

  // The table is a bound: on no machine does the page have more of any family than it says.
  it.each(Object.keys(machines) as MachineName[])('of the page of %s are as counted', async (name) => {
    const sizes = sizesOf(await readTopology(filesOf(machine(name))), sources);
    const { clock, text } = await started({ machine: name });
    await clock.advance(300);
    const lines = new Map<string, number>();
    for (const name of (await text('/metrics')).split('\n').map(nameOf))
      lines.set(name, (lines.get(name) ?? 0) + 1);
    const shownOf = (metric: Metric) => lines.get(metric.name) ?? 0;
    const over = metrics.flatMap((metric) => {
      const counted = countSeries(metric, sizes);
      return !metric.inPlaceOfAnother && shownOf(metric) > counted
        ? [`${metric.name}: ${shownOf(metric)} > ${counted}`]
        : [];
    });
    expect(over).toEqual([]);
    // What says why another series is missing has room where that series would be.
    const sum = (of: (metric: Metric) => number) => metrics.reduce((total, metric) => total + of(metric), 0);
    expect(sum(shownOf)).toBeLessThanOrEqual(sum((metric) => countSeries(metric, sizes)));
  });
});

const nameOf = (line: string) =>
  line.startsWith('#') ? '' : (line.split(/[{ ]/, 1)[0] ?? '').replace(/_(bucket|sum|count)$/, '');
