import { describe, expect, it } from 'vitest';
import { assets } from '../../src/status/assets.ts';
import { bucketOf, inkOn, viridis } from '../../src/status/colours.ts';
import { markup } from '../../src/status/html.ts';
import { cellsOf, gridsOf, matrixOf, scaleOf } from '../../src/status/matrix.ts';
import { statusPage } from '../../src/status/page.ts';
import { amount, bytes, duration, grouped, percent, sentence, span } from '../../src/status/text.ts';
import { job, knownOf, sweepOf, topologyOf, wholeHost } from './synthetic.ts';

const hostile = `"><script>alert(1)</script><img src=x onerror='alert(1)'>&{{`;
const sizes = {
  nothing: knownOf(),
  small: wholeHost({ sockets: 2, coresPerSocket: 8 }),
  nodes: wholeHost({ sockets: 2, coresPerSocket: 32, nodesPerSocket: 4, threads: 2 }),
  large: wholeHost({ sockets: 8, coresPerSocket: 128 }),
  hostile: wholeHost({ sockets: 2, coresPerSocket: 8, hostile }),
};
const pages = Object.entries(sizes).map(([name, known]) => [name, statusPage(known)] as const);

describe('markup', () => {
  it('escapes whatever is put in, and what is markup already not twice', () => {
    expect(markup`<b title="${hostile}">${['<', markup`<i>${'&'}</i>`]}</b>`.text).toBe(
      `<b title="&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#60;img src=x onerror=&#39;alert(1)&#39;&#62;&#38;{{">&#60;<i>&#38;</i></b>`,
    );
  });

  it('leaves nothing for what is not there', () => {
    expect(markup`a${null}${undefined}${false}${[]}b${0}`.text).toBe('ab0');
  });
});

describe.each(pages)('the page of a host: %s', (_, page) => {
  it('has no style attribute, no inline script and no handler, which the policy would refuse', () => {
    expect(page).not.toMatch(/<[^>]*\sstyle\s*=/);
    expect(page).not.toMatch(/<style/);
    expect(page).not.toMatch(/<[^>]*\son[a-z]+\s*=/);
    expect([...page.matchAll(/<script[^>]*>([^<]*)/g)].map(([, body]) => body)).toEqual(['']);
  });

  it('has each id once, and a name for each picture', () => {
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    for (const [, names = ''] of page.matchAll(/aria-labelledby="([^"]*)"/g))
      for (const name of names.split(' ')) expect(ids).toContain(name);
    expect(page.match(/<svg(?![^>]*(role="img"|aria-hidden="true"))/g)).toBeNull();
  });

  it('has no number that is none', () => {
    expect(page.replaceAll(/<script[^]*?<\/script>/g, '')).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('is the same text for the same that is known', () => {
    const known = Object.values(sizes)[pages.findIndex(([, text]) => text === page)];
    expect(known && statusPage(known)).toBe(page);
  });
});

describe('the page', () => {
  it('shows what is hostile as text', () => {
    const page = statusPage(sizes.hostile);
    expect(page).not.toMatch(/<script>|<img/);
    expect(page).toContain('&#60;script&#62;alert(1)');
  });

  it('draws a large heatmap in one path for each colour', () => {
    const page = statusPage(wholeHost({ sockets: 2, coresPerSocket: 64 }));
    const picture = /<svg class="large"[^]*?<\/svg>/.exec(page)?.[0] ?? '';
    expect(picture.match(/<path fill=/g)?.length).toBeLessThanOrEqual(viridis.length);
    expect(picture).not.toContain('<rect');
  });

  it('gives the picture by cache and the cells to draw where cores are many', () => {
    const page = statusPage(sizes.large);
    expect(page).toContain('Hand-off latency between LLCs');
    expect(page).toContain('data-cells="status/cells?of=');
    expect(page.length).toBeLessThan(200_000);
    expect(statusPage(sizes.small)).not.toContain('data-cells');
  });

  it('says how to get the whole matrix where there was no sweep', () => {
    const page = statusPage(wholeHost({ sockets: 2, coresPerSocket: 8 }, false));
    expect(page).toContain('POST /api/v1/jobs/sweep');
    expect(page).toContain('numacanary probe --matrix');
  });

  it.each([['text'], [{ cpus: 3 }], [{ cpus: [1], handOffNs: [[1, 2]], done: 1, total: 1 }], [null], [[]]])(
    'is made all the same where a job left %j',
    (result) => {
      const jobs = new Map([
        ['sweep', job(result)],
        ['memory_matrix', job(result)],
      ]);
      expect(statusPage(knownOf({ jobs }))).toContain('</html>');
    },
  );

  it('is served with names that change with the text', () => {
    for (const { path } of Object.values(assets)) expect(path).toMatch(/^status\/\w+\.[0-9a-f]{10}\.\w+$/);
  });
});

describe('the matrix', () => {
  it('is in the order of the machine, whatever the order of the sweep', () => {
    const topology = topologyOf({ sockets: 2, coresPerSocket: 4, coresPerCache: 2 });
    const cpus = [5, 0, 7, 2, 1, 4, 6, 3];
    const handOffNs = cpus.map((a) => cpus.map((b) => (a === b ? null : a * 10 + b)));
    const { fine, sockets } = gridsOf(topology, { cpus, handOffNs, done: 28, total: 28 });
    expect(fine.unit).toBe('core');
    expect(fine.labels).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((id) => `CPU ${id}`));
    expect(fine.seconds[1]?.[6]).toBeCloseTo(16e-9, 15);
    expect(fine.seconds[3]?.[3]).toBeNull();
    expect(sockets.seconds[0]?.[1]).toBeCloseTo(20.5e-9, 15);
  });

  it('stands for caches above what one picture can show, by their means', () => {
    const topology = topologyOf({ sockets: 2, coresPerSocket: 128 });
    const { fine } = gridsOf(topology, sweepOf(topology));
    expect(fine.unit).toBe('LLC');
    expect(fine.seconds).toHaveLength(32);
    expect(fine.sockets.filter((socket) => socket === 1)).toHaveLength(16);
    expect(fine.seconds[0]?.[31]).toBeGreaterThan(fine.seconds[0]?.[0] ?? 1);
  });

  it('leaves out CPUs that have gone since', () => {
    const topology = topologyOf({ sockets: 1, coresPerSocket: 4 });
    const matrix = {
      cpus: [0, 9],
      handOffNs: [
        [null, 5],
        [5, null],
      ],
      done: 1,
      total: 1,
    };
    expect(gridsOf(topology, matrix).fine.seconds).toEqual([[null]]);
    expect(cellsOf(topology, matrix).cpus).toEqual([0]);
  });

  it('is bytes for a canvas: 255 for what was not measured', () => {
    const topology = topologyOf({ sockets: 1, coresPerSocket: 2 });
    const matrix = {
      cpus: [0, 1],
      handOffNs: [
        [null, 100],
        [200, null],
      ],
      done: 1,
      total: 1,
    };
    const { base64, leastNs, mostNs } = cellsOf(topology, matrix);
    expect([...Buffer.from(base64, 'base64')]).toEqual([255, 0, 254, 255]);
    expect([leastNs, mostNs]).toEqual([100, 200]);
  });

  it('is none before its first cell', () => {
    expect(matrixOf({ cpus: [0], handOffNs: [[null]], done: 0, total: 0 })).toBeUndefined();
  });

  it('has a scale that one wild cell does not turn into one colour', () => {
    const values = [...Array.from({ length: 99 }, (_, at) => 100 + at), 1e6];
    expect(scaleOf(values)).toMatchObject({ least: 100, capped: true });
    expect(scaleOf(values).most).toBeLessThan(200);
    expect(scaleOf([100, 300])).toEqual({ least: 100, most: 300, capped: false });
    expect(scaleOf([])).toEqual({ least: 0, most: 0, capped: false });
  });
});

describe('colours', () => {
  it('go from the first to the last', () => {
    expect([bucketOf(1, 1, 2), bucketOf(2, 1, 2), bucketOf(9, 1, 2), bucketOf(1, 1, 1)]).toEqual([
      0, 15, 15, 0,
    ]);
  });

  it('are written on in what is read best', () => {
    expect([inkOn(0), inkOn(15)]).toEqual(['#fff', '#000']);
  });
});

describe('numbers', () => {
  it('are said with their unit', () => {
    expect([5.26e-9, 88.4e-9, 0.9996e-6, 1.26e-6, 4.2e-3, 12].map(duration)).toEqual([
      '5.3 ns',
      '88 ns',
      '1.0 µs',
      '1.3 µs',
      '4.2 ms',
      '12 s',
    ]);
    expect([0, 0.034, 0.31, 1].map(percent)).toEqual(['0 %', '3.4 %', '31 %', '100 %']);
    expect([0, 44, 4.25, 2300, 48e6].map(amount)).toEqual(['0', '44', '4.3', '2.3 k', '48 M']);
    expect([15, 1790, 7200].map(span)).toEqual(['15 s', '30 min', '2 h']);
    expect([1, 1234, 1234567].map(grouped)).toEqual(['1', '1,234', '1,234,567']);
    expect(bytes(384 * 2 ** 30)).toBe('384 GiB');
  });

  it('end a sentence once', () => {
    expect(['a', 'a.', 'a?'].map(sentence)).toEqual(['a.', 'a.', 'a?']);
  });
});
