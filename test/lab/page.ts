/** Sum of the series of a family whose labels include this text, `cause="gap"`; 0 where there is none. */
export function sum(page: string, name: string, label = ''): number {
  return seriesOf(page, name)
    .filter(([labels]) => labels.includes(label))
    .reduce((total, [, value]) => total + value, 0);
}

/** How the visits of the daemon went, in a line: `4 clean, 24 tainted (deadline 12, gap 14)`. */
export function tally(page: string): string {
  const visits = (outcome: string) => sum(page, 'numacanary_probe_visits_total', `outcome="${outcome}"`);
  const causes = seriesOf(page, 'numacanary_probe_tainted_total')
    .filter(([, value]) => value > 0)
    .map(([labels, value]) => `${/cause="(\w+)"/.exec(labels)?.[1]} ${value}`);
  return `${visits('clean')} clean, ${visits('tainted')} tainted: ${causes.join(', ') || 'no taint'}`;
}

/** Distances of which there are latencies. */
export function distancesIn(page: string): Set<string | undefined> {
  const labels = seriesOf(page, 'numacanary_probe_latency_seconds_count').map(([labels]) => labels);
  return new Set(labels.map((text) => /distance="(\w+)"/.exec(text)?.[1]));
}

// > numacanary_probe_tainted_total{cause="gap"} 14
function seriesOf(page: string, name: string): (readonly [labels: string, value: number])[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(name.length, end), Number(line.slice(end + 1))] as const;
    });
}
