import type { Format } from './publish.ts';

// > application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1
// > text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
/** What the client likes best of the two; text 0.0.4 for whoever does not say, or says it likes neither. */
export function formatFor(accept: string | undefined): Format {
  const likes = { text: 0, openmetrics: 0 };
  for (const { range, version, q } of rangesOf(accept ?? '')) {
    const speaks = range === 'application/openmetrics-text' && (version === undefined || version === '1.0.0');
    if (speaks) likes.openmetrics = Math.max(likes.openmetrics, q);
    else if (range === 'text/plain' && (version === undefined || version === '0.0.4'))
      likes.text = Math.max(likes.text, q);
    else if (range === 'text/*' || range === '*/*') likes.text = Math.max(likes.text, q);
  }
  return likes.openmetrics > likes.text ? 'openmetrics' : 'text';
}

// > gzip, deflate, br
// > gzip;q=0
export function wantsGzip(acceptEncoding: string | undefined): boolean {
  const ranges = rangesOf(acceptEncoding ?? '');
  const named = ranges.find(({ range }) => range === 'gzip') ?? ranges.find(({ range }) => range === '*');
  return named !== undefined && named.q > 0;
}

function rangesOf(header: string) {
  return header.split(',').map((part) => {
    const [range = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const given = new Map(
      parameters.map((text) => [text.split('=', 1)[0] ?? '', text.slice(text.indexOf('=') + 1)]),
    );
    const q = Number(given.get('q') ?? 1);
    return { range, version: given.get('version')?.replaceAll('"', ''), q: q >= 0 && q <= 1 ? q : 0 };
  });
}
