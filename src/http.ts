import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import express from 'express';
import type { Request, Response } from 'express';
import { ListenError } from './errors.ts';
import type { Clock, Log } from './host/host.ts';
import { landing, style } from './landing.ts';
import type { SourceRow } from './landing.ts';
import { formatFor, wantsGzip } from './negotiate.ts';
import { contentType } from './publish.ts';
import type { Format } from './publish.ts';
import type { Triggered } from './schedule.ts';

/** All that HTTP shows. */
export interface Site {
  readonly version: string;
  readonly telemetryPath: string;
  readonly maxRequests: () => number;
  readonly lifecycle: () => boolean;
  readonly page: (format: Format, deadlineSeconds: number) => Promise<string>;
  /** Null when ready, else what is still to come. */
  readonly unready: () => string | null;
  /** Rejects with what is wrong; the old configuration then stays in force. */
  readonly reload: () => Promise<void>;
  /** Begins the job of that name. */
  readonly trigger: (job: string) => Promise<Triggered>;
  readonly rows: () => readonly SourceRow[];
  /** /api/v1/<key>, as JSON. */
  readonly api: Readonly<Record<string, () => unknown>>;
}

export interface Listening {
  /** `127.0.0.1:6862`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Prometheus' own default timeout; with its header, a little less than it says, so that the answer still arrives. */
const scrapeSeconds = 10;
const marginSeconds = 0.5;

const gzipped = promisify(gzip);

export async function serve(
  site: Site,
  listenAddress: string,
  { clock, log }: { clock: Clock; log: Log },
): Promise<Listening> {
  const server = createServer(routes(site, log));
  const { host, port } = splitAddress(listenAddress);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(listenAddress, error)));
    server.listen({ host, port }, resolve);
  });
  return {
    address: addressOf(server.address()),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      const abort = new AbortController();
      // Requests in flight get a moment to end; what then still hangs is cut.
      await Promise.race([closed, clock.sleep(0.3, abort.signal)]);
      abort.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}

function routes(site: Site, log: Log) {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  let inFlight = 0;

  app.use((_, response, next) => {
    response.set({
      'Content-Security-Policy':
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    });
    next();
  });

  app.get(site.telemetryPath, async (request, response) => {
    if (inFlight >= site.maxRequests()) {
      return text(response, 503, `more than ${site.maxRequests()} scrapes in flight (web.max_requests)`);
    }
    inFlight += 1;
    try {
      const format = formatFor(request.get('accept'));
      await send(request, response, contentType[format], await site.page(format, deadlineOf(request)));
    } finally {
      inFlight -= 1;
    }
  });

  app.get('/', (request, response) =>
    send(request, response, 'text/html; charset=utf-8', landing(site.version, links(site), site.rows())),
  );
  app.get('/style.css', (request, response) => send(request, response, 'text/css; charset=utf-8', style));
  app.get('/-/healthy', (_, response) => text(response, 200, 'healthy'));
  app.get('/-/ready', (_, response) => {
    const waiting = site.unready();
    text(response, waiting === null ? 200 : 503, waiting ?? 'ready');
  });
  app.all('/-/reload', async (request, response) => {
    const no = refused(
      request,
      site,
      'reload by HTTP is off: start with --web.enable-lifecycle, or send SIGHUP',
    );
    if (no) return no(response);
    await site.reload().then(
      () => text(response, 200, 'reloaded'),
      (thrown: unknown) =>
        text(response, 500, `not reloaded, the old configuration stays: ${messageOf(thrown)}`),
    );
  });
  app.all('/api/v1/jobs/:name', async (request, response) => {
    const { name } = request.params;
    const no = refused(request, site, 'jobs by HTTP are off: start with --web.enable-lifecycle');
    if (no) return no(response);
    const triggered = await site.trigger(name);
    if (triggered === 'unknown')
      return text(response, 404, 'no such job, or it is switched off; see /api/v1/matrix');
    if (triggered === 'running') return text(response, 409, `${name} runs already; see /api/v1/matrix`);
    response.set('Location', '/api/v1/matrix');
    text(response, 202, `${name} began; progress and result under /api/v1/matrix`);
  });
  for (const [name, answer] of Object.entries(site.api)) {
    app.get(`/api/v1/${name}`, (request, response) =>
      send(request, response, 'application/json; charset=utf-8', `${JSON.stringify(answer(), null, 2)}\n`),
    );
  }

  app.use((_, response) => text(response, 404, 'not found'));
  // Four parameters are how express knows that it is for errors.
  app.use((thrown: unknown, request: Request, response: Response, _next: unknown) => {
    if (thrown instanceof URIError) return text(response, 400, 'the path cannot be decoded');
    log.error('request failed', { path: request.path, error: messageOf(thrown) });
    if (response.headersSent) response.destroy();
    else text(response, 500, 'internal error; the log says more');
  });
  return app;
}

const links = (site: Site) => [
  { path: site.telemetryPath, what: 'metrics, for Prometheus' },
  { path: '/-/healthy', what: 'liveness' },
  { path: '/-/ready', what: 'readiness' },
  ...Object.keys(site.api).map((name) => ({ path: `/api/v1/${name}`, what: `${name}, as JSON` })),
];

/** The answer to a request that may not change anything here; undefined: it may. */
function refused({ method }: Request, site: Site, off: string): ((response: Response) => void) | undefined {
  if (method !== 'POST' && method !== 'PUT') {
    return (response) => text(response.set('Allow', 'POST, PUT'), 405, 'this takes POST or PUT');
  }
  return site.lifecycle() ? undefined : (response) => text(response, 403, off);
}

function text(response: Response, status: number, body: string): void {
  response.status(status).type('text/plain').send(`${body}\n`);
}

async function send(request: Request, response: Response, type: string, body: string): Promise<void> {
  const compress = wantsGzip(request.get('accept-encoding'));
  response.set({ 'Content-Type': type, Vary: 'Accept, Accept-Encoding' });
  if (compress) response.set('Content-Encoding', 'gzip');
  const bytes = compress ? await gzipped(body, { level: 1 }) : Buffer.from(body);
  response.set('Content-Length', String(bytes.length));
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function deadlineOf(request: Request): number {
  const asked = Number(request.get('x-prometheus-scrape-timeout-seconds') ?? scrapeSeconds);
  const timeout = asked > 0 && Number.isFinite(asked) ? asked : scrapeSeconds;
  return Math.max(timeout - marginSeconds, timeout / 2);
}

/** `:6862` listens on every address, `[::1]:6862` on one of IPv6. */
function splitAddress(address: string) {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { port: Number(address.slice(colon + 1)), ...(host ? { host } : {}) };
}

function addressOf(bound: AddressInfo | string | null): string {
  if (bound === null || typeof bound === 'string') return String(bound);
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it, or choose another --web.listen-address',
  EACCES: 'ports below 1024 are for root; choose a higher one with --web.listen-address',
  EADDRNOTAVAIL: 'this machine has no such address; --web.listen-address=:6862 listens on all of them',
  ENOTFOUND: 'no such host name; give an address to --web.listen-address',
};

const listenError = (address: string, error: NodeJS.ErrnoException) =>
  new ListenError(`cannot listen on ${address}: ${error.code}: ${advice[error.code ?? ''] ?? error.message}`);

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown));
