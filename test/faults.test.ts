import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faults, faultsPage } from './faults/table.ts';
import { createWatcher } from './faults/watcher.ts';

describe('the table of faults', () => {
  it.each(faults)('$fault: the test that proves it is there', ({ proof: { file, title } }) => {
    expect(existsSync(file)).toBe(true);
    // As formatted, a quotation mark or line break may stand before it.
    expect(readFileSync(file, 'utf8')).toContain(`'${title}'`);
  });

  it('is what docs/faults.md says: `npx vitest run test/faults.test.ts --update` prints it anew', async () => {
    await expect(faultsPage()).toMatchFileSnapshot('../docs/faults.md');
  });
});

const page = (...lines: string[]) => ['# TYPE a counter', ...lines, '# EOF', ''].join('\n');

describe('the watcher of pages', () => {
  it.each([
    { what: 'a page that is cut off', pages: ['a_total 1\n'], says: 'cut off' },
    { what: 'a value that is no number', pages: [page('b NaN')], says: 'b is NaN' },
    { what: 'a negative value', pages: [page('b -1')], says: 'b is -1' },
    { what: 'a series that stands there twice', pages: [page('b 1', 'b 1')], says: 'twice' },
    {
      what: 'a counter that goes back, even after it was away',
      pages: [page('a_total 5'), page(), page('a_total 4')],
      says: 'went back from 5 to 4',
    },
    {
      what: 'a latency longer than any visit',
      pages: [page('numacanary_probe_latency_max_seconds{window="1m"} 2')],
      says: 'took 2 s',
    },
  ])('complains of $what', ({ pages, says }) => {
    const watcher = createWatcher();
    for (const one of pages) watcher.see(one);
    expect(watcher.complaints()).toEqual([expect.stringContaining(says)]);
  });

  it('has nothing to say of counters that rise and gauges that fall', () => {
    const watcher = createWatcher();
    for (const one of [page('a_total 1', 'b 2'), page('a_total 1', 'b 1')]) watcher.see(one);
    expect(watcher.complaints()).toEqual([]);
    expect(watcher.pages()).toBe(2);
  });
});
