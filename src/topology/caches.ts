import { parseCacheSize } from '../parse/cache_size.ts';
import { parseCpulist, parseCpumask } from '../parse/cpulist.ts';
import { parseInteger } from '../parse/integer.ts';
import { cpuRoot } from './cpus.ts';
import { groupsOf } from './groups.ts';
import type { Reader } from './reader.ts';

interface Cache {
  readonly level: number;
  readonly sizeBytes: number | null;
}

/**
 * The last-level cache of each CPU: its highest data or unified one, which is not always an L3. Ampere Altra and
 * low-power cores of hybrid parts end at a private L2. An L1 alone (Arm guests) only means that no more is known.
 */
export function readCaches(reader: Reader, cpus: readonly number[]) {
  return groupsOf(cpus, async (cpu) => {
    const root = `${cpuRoot}/cpu${cpu}/cache`;
    const indexes = await reader.ids(root, 'index');
    const caches = await Promise.all(
      indexes.map(async (index) => {
        const [level, type] = await Promise.all([
          reader.get(`${root}/index${index}/level`, parseInteger),
          reader.get(`${root}/index${index}/type`, (text) => text.trim()),
        ]);
        return { index, level: type === 'Instruction' ? null : level };
      }),
    );
    const last = caches.reduce<{ index: number; level: number } | null>(
      (best, { index, level }) => (level !== null && level > (best?.level ?? 1) ? { index, level } : best),
      null,
    );
    if (!last) return null;
    const [members, sizeBytes] = await Promise.all([
      reader.first([
        [`${root}/index${last.index}/shared_cpu_list`, parseCpulist],
        [`${root}/index${last.index}/shared_cpu_map`, parseCpumask],
      ]),
      reader.get(`${root}/index${last.index}/size`, parseCacheSize),
    ]);
    return members && { members, about: { level: last.level, sizeBytes } satisfies Cache };
  });
}
