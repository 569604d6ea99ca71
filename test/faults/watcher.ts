import { parsePage } from '../lab/counts.ts';

/** Complains of what no page may hold, whatever befell the daemon. */
export interface Watcher {
  /** Takes the next page of the same process, as OpenMetrics (whose end can be told), and gives its complaints. */
  see(page: string): readonly string[];
  /** All so far, each once. */
  readonly complaints: () => readonly string[];
  readonly pages: () => number;
}

/** No visit lasts longer: what a probe claims to have timed beyond it, it has made up. */
const longestVisitSeconds = 0.5;
const timed = /^numacanary_probe_latency_(median|floor|max)_seconds\{/;

export function createWatcher(): Watcher {
  const highest = new Map<string, number>();
  const all = new Set<string>();
  let pages = 0;

  function complaintsOf(text: string): string[] {
    if (!text.endsWith('# EOF\n')) return ['the page is cut off: no # EOF'];
    const counters = new Set(
      [...text.matchAll(/^# TYPE (\S+) (?:counter|histogram)$/gm)].map(([, name = '']) => name),
    );
    const page = parsePage(text);
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    return [
      ...(lines === page.size ? [] : [`${lines - page.size} series stand there twice`]),
      ...[...page].flatMap(([series, value]) => {
        if (!Number.isFinite(value) || value < 0) return [`${series} is ${value}`];
        if (timed.test(series) && (value === 0 || value > longestVisitSeconds))
          return [`${series} took ${value} s`];
        if (!counters.has(familyOf(series))) return [];
        // It may be absent for a while, and must not come back lower.
        const before = highest.get(series) ?? 0;
        highest.set(series, Math.max(before, value));
        return value < before ? [`${series} went back from ${before} to ${value}`] : [];
      }),
    ];
  }

  return {
    see(page) {
      pages += 1;
      const found = complaintsOf(page);
      for (const one of found) all.add(one);
      return found;
    },
    complaints: () => [...all],
    pages: () => pages,
  };
}

// > numacanary_probe_latency_seconds_bucket{src_socket="0",le="1.5e-08"} 3
function familyOf(series: string): string {
  const name = /^[^{]+/.exec(series)?.[0] ?? '';
  return name.replace(/_(total|count|sum|bucket)$/, '');
}
