import { Absent } from '../errors.ts';
import type { Files } from '../host/host.ts';
import { parseChoice } from '../parse/choice.ts';
import { parseInteger } from '../parse/integer.ts';
import { parseSwaps } from '../parse/swaps.ts';
import { text, word } from './condition.ts';
import type { Condition } from './condition.ts';

const thp = '/sys/kernel/mm/transparent_hugepage';

export const memory: readonly Condition[] = [
  {
    name: 'thp_enabled',
    group: 'memory',
    what: 'Transparent huge pages: always, madvise, never; transparent_hugepage/enabled.',
    moves: true,
    changes: true,
    counted: true,
    read: async ({ files }) => parseChoice(await files.read(`${thp}/enabled`)),
  },
  {
    name: 'thp_defrag',
    group: 'memory',
    what: 'Whether a page fault waits for memory to be compacted, transparent_hugepage/defrag.',
    moves: true,
    changes: true,
    read: async ({ files }) => parseChoice(await files.read(`${thp}/defrag`)),
  },
  {
    name: 'numa_balancing',
    group: 'memory',
    what: 'Automatic NUMA balancing: 0 off, 1 on, 2 tiering, 3 both; /proc/sys/kernel/numa_balancing.',
    moves: true,
    changes: true,
    counted: true,
    read: async ({ files }) => number(files, '/proc/sys/kernel/numa_balancing'),
  },
  {
    name: 'demotion',
    group: 'memory',
    what: 'Whether reclaim moves cold pages to slower nodes, /sys/kernel/mm/numa/demotion_enabled.',
    moves: true,
    changes: true,
    counted: true,
    read: ({ files }) => word(files, '/sys/kernel/mm/numa/demotion_enabled'),
  },
  {
    name: 'swappiness',
    group: 'memory',
    what: 'Whether reclaim takes anonymous pages or page cache, /proc/sys/vm/swappiness.',
    moves: true,
    changes: true,
    read: ({ files }) => number(files, '/proc/sys/vm/swappiness'),
  },
  {
    name: 'zone_reclaim_mode',
    group: 'memory',
    what: 'Whether a full node reclaims its own pages before it takes those of another, /proc/sys/vm/zone_reclaim_mode.',
    moves: true,
    changes: true,
    read: ({ files }) => number(files, '/proc/sys/vm/zone_reclaim_mode'),
  },
  {
    name: 'hugepages',
    group: 'memory',
    what: 'Huge pages reserved by size, nr_hugepages less surplus_hugepages of /sys/kernel/mm/hugepages.',
    moves: true,
    changes: true,
    read: ({ files }) => hugepages(files),
  },
  {
    name: 'swap',
    group: 'memory',
    what: 'Kinds of swap in use, /proc/swaps.',
    moves: true,
    changes: true,
    unpublished: 'pressure and refaults say what it costs',
    read: async ({ files }) => parseSwaps(await files.read('/proc/swaps')).join() || 'off',
  },
];

const number = async (files: Files, path: string) => String(parseInteger(await text(files, path)));

/** Surplus ones come and go with those who use them. */
async function hugepages(files: Files): Promise<string> {
  const root = '/sys/kernel/mm/hugepages';
  const sizes = (await files.list(root)).filter((name) => /^hugepages-\d+kB$/.test(name));
  if (sizes.length === 0) throw new Absent(`${root} has no size`);
  const counts = await Promise.all(
    sizes.map(async (size) => {
      const [all = 0, surplus = 0] = await Promise.all(
        ['nr_hugepages', 'surplus_hugepages'].map(async (file) =>
          parseInteger(await text(files, `${root}/${size}/${file}`)),
        ),
      );
      // Read one after the other: a pool that shrinks in between is not a negative one.
      return `${size.slice('hugepages-'.length)}:${Math.max(0, all - surplus)}`;
    }),
  );
  return counts.join();
}
