import { z } from 'zod';
import { Absent, ParseError, nullIfAbsent } from '../errors.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseVmstat } from '../parse/vmstat.ts';
import type { Metric } from '../sample.ts';
import { kind } from '../source.ts';
import { atPlaces } from './at_places.ts';

const events = [
  'numa_hit',
  'numa_miss',
  'numa_foreign',
  'interleave_hit',
  'local_node',
  'other_node',
] as const;

export const pages = {
  name: 'numacanary_numastat_pages_total',
  kind: 'counter',
  labels: ['socket', 'numa_node', 'event'],
  closed: { event: events },
  per: ['place'],
  help:
    'Page allocations, never accesses, from /sys/devices/system/node/nodeN/numastat. numa_hit: served by this node, as wanted. numa_miss: ' +
    'served by this node though another was wanted. numa_foreign: this node was wanted and another served. local_node and other_node: ' +
    'served by this node, for a CPU of this node or of another. interleave_hit: numa_hit under an interleave policy. Above 16 nodes numa_node is empty.',
  tells:
    'Whether memory came from where it was asked for: foreign rises on the node that is full, miss on the one that helps out (many texts have the two swapped). It says nothing of loads: a page allocated locally and read from afar is a numa_hit.',
} as const satisfies Metric;

export const numastat = kind('numastat', z.object({}), () => ({
  name: 'numastat',
  metrics: [pages],
  async read({ host: { files }, topology }) {
    const counting = await files.read('/proc/sys/vm/numa_stat').then(parseInteger).catch(nullIfAbsent);
    // The kernel then sets all of them to 0 and leaves them there.
    if (counting === 0)
      throw new Absent('vm.numa_stat is 0, the kernel does not count: sysctl vm.numa_stat=1 on the host');
    const nodes = await Promise.all(
      topology.numaNodes.map(async ({ id }) => {
        const text = await files.read(`/sys/devices/system/node/node${id}/numastat`).catch(nullIfAbsent);
        return text === null ? [] : [{ id, values: wholeOf(parseVmstat(text), id) }];
      }),
    );
    const known = nodes.flat();
    if (known.length === 0) throw new Absent('no node says what it allocated: a kernel without NUMA');
    return atPlaces(topology, known).flatMap(({ labels, values }) =>
      events.map((event) => ({ metric: pages, labels: { ...labels, event }, value: values.get(event) ?? 0 })),
    );
  },
}));

/** All six or none: a file that was cut short must not look like a node that has nothing to say. */
function wholeOf(values: ReadonlyMap<string, number>, id: number): ReadonlyMap<string, number> {
  const lacking = events.filter((event) => !values.has(event));
  if (lacking.length > 0) throw new ParseError(`node${id}/numastat: no ${lacking.join(', ')}`);
  return values;
}
