// The ratchet: ratios of one run, held against bench/budget.json. They are wide enough for a busy machine of two CPUs, so that
// what misses one has got worse and not unlucky; what the numbers are when nobody disturbs is in docs/performance.md.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const readBudget = () => JSON.parse(readFileSync(resolve(import.meta.dirname, 'budget.json'), 'utf8'));

/**
 * @param measured by name; undefined or NaN is not measured
 * @returns for each line of the budget what was measured, and whether it is within
 */
export function judgeBudget(budget, measured) {
  return budget.map(({ name, least = -Infinity, most = Infinity, why }) => {
    const value = measured[name];
    const known = Number.isFinite(value);
    return { name, value, least, most, why, known, ok: known && value >= least && value <= most };
  });
}

/** What the sections of the bench have measured, in the budget's names. */
export function measuredOf({ states, perf, peers }) {
  const results = states[0]?.results ?? {};
  const median = (name) => results[name]?.median;
  const row = (name) => peers?.rows.find((one) => one.name === name);
  const ours = row('numacanary');
  return {
    ring_512_vs_one: median('ours_batch512') / median('ours_batch1'),
    ring_512_vs_boost: median('ours_batch512') / median('boost_bulk512'),
    ring_512_vs_dpdk: median('ours_batch512') / median('rte_ring_burst512'),
    cas_vs_plain: median('ours_cas1') / median('plain_cas'),
    counters_vs_bare_loop: perf?.ratio,
    scrape_vs_node_exporter: ours?.scrapeMs / row('node_exporter, all')?.scrapeMs,
    rss_vs_bare_node: ours?.rssMiB / peers?.bare.rssMiB,
    series: ours?.series - ours?.workloadSeries,
  };
}

export function printBudget(verdicts) {
  console.log('\nbudget (bench/budget.json)');
  for (const { name, value, least, most, known, ok, why } of verdicts) {
    const wanted = [least > -Infinity ? `>= ${least}` : '', most < Infinity ? `<= ${most}` : ''].filter(
      Boolean,
    );
    const shown = known ? value.toFixed(2) : 'not measured';
    console.log(`${ok ? 'ok  ' : 'MISS'} ${shown.padStart(12)}  ${name} (${wanted.join(', ')}): ${why}`);
  }
}
