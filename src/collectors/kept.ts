import { Absent } from '../errors.ts';
import type { Counters } from '../perf/counters.ts';

/** Counters go on through a reload as long as what they were made by stays the same; null: switched off. */
export function createKept<Settings>(make: (settings: Settings) => Counters) {
  let kept: { readonly by: string; readonly counters: Counters } | undefined;
  return {
    of(settings: Settings | null): Counters {
      if (settings === null) return off;
      const by = textOf(settings);
      if (kept?.by !== by) kept = { by, counters: make(settings) };
      return kept.counters;
    },
    /** Ends those that these settings will not go on with: two at once would count everything twice. */
    async retire(settings: Settings | null): Promise<void> {
      if (!kept || (settings !== null && kept.by === textOf(settings))) return;
      const { counters } = kept;
      kept = undefined;
      await counters.close();
    },
  };
}

/** JSON knows no bigint. */
const textOf = (settings: unknown) =>
  JSON.stringify(settings, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));

export const off: Counters = {
  read: () => Promise.reject(new Absent('switched off in the configuration')),
  tick: async () => {},
  always: () => [],
  peek: async (stands) => stands.map(() => null),
  close: async () => {},
};
