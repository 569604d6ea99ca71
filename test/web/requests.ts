import * as fc from 'fast-check';

/** What a stranger may send to a port, valid or not, as the bytes themselves. */
export interface Oddity {
  readonly what: string;
  readonly bytes: Buffer;
  /** Byte after byte, and not all at once. */
  readonly slowly: boolean;
  /** Says no more than this, and closes its half of the connection. */
  readonly half: boolean;
  /** Carries the credentials that are right. */
  readonly known: boolean;
}

const pick = (...texts: string[]) => fc.constantFrom(...texts);
const junk = fc.string({ unit: 'binary', maxLength: 60 });

/** Mostly what is usual: a request that is odd in every part is refused for the first of them. */
const mostly = (weight: number, usual: fc.Arbitrary<string>, ...odd: fc.Arbitrary<string>[]) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: fc.oneof(...odd) });

const verb = mostly(
  6,
  pick('GET', 'GET', 'GET', 'HEAD', 'POST'),
  pick('PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH', 'PURGE', 'M-SEARCH', 'PRI'),
  pick('get', 'G E T', '', 'GETGETGET', 'X'.repeat(10_000), '\0GET', 'GET\r\n'),
  junk,
);

/** Asked of what takes no parameters: nothing may come of them. */
const query = fc
  .array(
    fc.oneof(
      pick(
        'a=b',
        'collect[]=pmu',
        'name[]=up',
        '__proto__[x]=1',
        'constructor[prototype][x]=1',
        'a[b][c][d][e][f]=1',
      ),
      pick(
        '%',
        '%00',
        '%ff=%fe',
        '=&=&=',
        'limit=-1',
        'from=1e999',
        'path=../../etc/passwd',
        'a=%0d%0aSet-Cookie:x',
      ),
      pick('a=', 'a[]=', 'a.').map((one) => `${one}x&`.repeat(600)),
      junk.map((text) => encodeURI(text)),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => `?${all.join('&')}`);

const path = mostly(
  2,
  pick('/metrics', '/', '/-/healthy', '/-/ready', '/api/v1/status', '/status/cells', '/-/reload'),
  pick('*', '', '//', '/..', '/../../../../etc/passwd', '/..%2f..%2fetc%2fpasswd', '/%00', '/%zz', '/\xe9'),
  pick(
    '/.git/config',
    '/package.json',
    '/node_modules/',
    '/dist/main.js',
    '/api/v1',
    '/status/',
    '/api/v1/jobs/%ff',
  ),
  pick(
    'http://other/metrics',
    'file:///etc/passwd',
    '//other/metrics',
    '/metrics#x',
    '/metrics\t',
    '/metrics?a[]=%',
  ),
  pick(
    `/${'a'.repeat(15_000)}`,
    `/${'../'.repeat(4000)}`,
    `/${'%41'.repeat(4000)}`,
    `/?${'a=b&'.repeat(3000)}`,
  ),
  pick('/api/v1/__proto__', '/api/v1/constructor', '/api/v1/jobs/__proto__', '/api/v1/jobs/sweep'),
  junk.map((text) => `/${text}`),
  fc
    .tuple(
      pick(
        '/metrics',
        '/',
        '/-/ready',
        '/api/v1/status',
        '/api/v1/matrix',
        '/api/v1/spikes',
        '/status/cells',
      ),
      query,
    )
    .map((all) => all.join('')),
);

const version = mostly(
  19,
  pick('HTTP/1.1'),
  pick('HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', 'XTTP/1.1', '', 'HTTP/1.1 x'),
);

const header = mostly(
  4,
  fc.oneof(
    pick(
      'Accept: application/openmetrics-text;version=1.0.0',
      'Accept: text/html',
      'Accept: */*;q=nan',
      'Accept: ;,',
    ),
    junk.map((text) => `Accept: ${text.replaceAll(/[^\x20-\x7e]/g, ';')}`),
    pick(
      `Accept: ${'text/plain;q=0.1,'.repeat(800)}`,
      `Accept: ${';'.repeat(12_000)}`,
      'Accept: text/plain;q=1e999;version=',
    ),
    pick('Accept-Encoding: gzip', 'Accept-Encoding: gzip;q=0', `Accept-Encoding: ${'gzip,'.repeat(2000)}`),
    pick('1e308', '-1', '0x10', '5', 'Infinity', 'NaN').map(
      (one) => `X-Prometheus-Scrape-Timeout-Seconds: ${one}`,
    ),
    pick(
      'Expect: 100-continue',
      'Expect: 200-ok',
      'Upgrade: websocket\r\nConnection: Upgrade',
      'Upgrade: h2c',
    ),
    pick('Connection: keep-alive, x', 'Range: bytes=0-1', 'If-None-Match: *', 'Origin: http://evil.example'),
    pick('X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1', 'X-Original-URL: /metrics', 'Cookie: a=b'),
    pick(
      '',
      'Basic',
      'Basic !!!',
      'Bearer x',
      `Basic ${'QUFB'.repeat(3000)}`,
      'Basic YWxpY2U6',
      'Basic OmE=',
    ).map((one) => `Authorization: ${one}`),
    pick(`X-Long: ${'x'.repeat(10_000)}`, 'X-Many: x\r\n'.repeat(150).trimEnd()),
  ),
  pick('5', '-1', '1e9', '99999999999999999999', '1000000000', '1\r\nContent-Length: 2', '').map(
    (one) => `Content-Length: ${one}`,
  ),
  pick('chunked', 'gzip, chunked', 'identity', '\tchunked', 'chunked\r\nContent-Length: 3').map(
    (one) => `Transfer-Encoding: ${one}`,
  ),
  // Two servers that read these differently see a different number of requests.
  pick(
    'Content-Length: 6\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding:\x0bchunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
    'Content-Length: 5, 5',
    'Content-Length: +5',
    'Content-Length: 0x5',
    'Content-Length: 5\r\n\tContent-Length: 7',
    'Host: a\r\nHost: b',
  ),
  pick(
    `X-Long: ${'x'.repeat(20_000)}`,
    'a: b\r\n'.repeat(3000),
    ' folded',
    'No-Colon',
    ': no name',
    'X\0: y',
    'X: \x7f',
  ),
  junk,
);

const body = mostly(
  9,
  pick(''),
  pick(
    'hello',
    '5\r\nhello\r\n0\r\n\r\n',
    'fffffffffffffffff\r\n',
    '-1\r\n',
    'x'.repeat(100_000),
    '5;ext="\r\n',
    '0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: smuggled\r\n\r\n',
    '1\r\nG\r\n0\r\nX-Trailer: y\r\n\r\n',
    '5\nhello\n0\n\n',
    '0x5\r\nhello\r\n',
    '5 \r\nhello\r\n',
    '1\r\nx\r\n'.repeat(3000),
    `5;${'e'.repeat(20_000)}\r\nhello\r\n`,
    `0\r\n${'T: x\r\n'.repeat(3000)}\r\n`,
  ),
  junk,
);

const end = mostly(9, pick('\r\n\r\n'), pick('\n\n', '\r\n', '', '\r\n\r\n\r\n\r\n'));

const request = fc
  .record({ verb, path, version, headers: fc.array(header, { maxLength: 4 }), end, body })
  .map(({ verb, path, version, headers, end, body }) => ({
    head: `${verb} ${path}${version && ` ${version}`}\r\nHost: x`,
    rest: `${headers.map((one) => `\r\n${one}`).join('')}${end}${body}`,
  }));

/** A TLS greeting, HTTP/2's preface, a terminal, a key held down. */
const noHttp = pick(
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x00',
  'SSH-2.0-x\r\n',
  '\r\n'.repeat(5000),
);

/** The same for the same seed. */
export function oddities(seed: number, count: number, credentials: string): Oddity[] {
  const http = fc
    .record({ request, known: fc.boolean(), times: fc.constantFrom(1, 1, 1, 1, 2, 10) })
    .map(({ request: { head, rest }, known, times }) => ({
      text: `${head}${known ? `\r\n${credentials}` : ''}${rest}`.repeat(times),
      known,
    }));
  const other = noHttp.map((text) => ({ text, known: false }));
  const oddity = fc
    .record({
      said: fc.oneof({ weight: 39, arbitrary: http }, { weight: 1, arbitrary: other }),
      slowly: fc.integer({ min: 0, max: 19 }).map((one) => one === 0),
      half: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
    })
    .map(({ said: { text, known }, slowly, half }) => ({
      what: text.slice(0, 300),
      bytes: Buffer.from(text, 'latin1'),
      slowly,
      half,
      known,
    }));
  return fc.sample(oddity, { seed, numRuns: count });
}
