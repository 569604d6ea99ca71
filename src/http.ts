import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import express from 'express';
import type { Request, Response } from 'express';
import { ListenError } from './errors.ts';
import type { Clock, Log } from './host/host.ts';
import { formatFor, wantsGzip } from './negotiate.ts';
import { contentType } from './publish.ts';
import type { Format } from './publish.ts';
import type { Triggered } from './schedule.ts';
import { assets } from './status/assets.ts';
import type { Link } from './status/known.ts';
import type { Compare } from './web/auth.ts';
import type { FollowedWeb } from './web/follow.ts';
import { createGate, warningsOf } from './web/gate.ts';
import { asks, refusalOf } from './web/tls.ts';

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
  /** The page at `/`, which leads to these. */
  readonly status: (links: readonly Link[]) => Promise<string>;
  /** What a canvas on it draws; null where there is nothing to draw. */
  readonly cells: () => unknown;
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
/** Nobody scrapes more rarely than he waits: Prometheus' timeout is at most its interval. */
const maxScrapeSeconds = 60;

/** A client that takes no more than its kernel's buffers for so long after it should have its answer is cut off. */
const readSeconds = 20;

/** Strangers' connections cost descriptors, which the counters need too. */
const maxConnections = 512;

const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 2_000,
  // Longer than the usual interval of a scrape: the next one saves a handshake, and never meets a closing connection.
  keepAliveTimeout: 65_000,
} as const;

const handshakeTimeout = 10_000;

/** Everything from here and nothing inline: a name that slips past the escaping is still no script. */
export const policy =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const gzipped = promisify(gzip);

export interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly web: FollowedWeb;
  /** Whether a password is that of a bcrypt hash. */
  readonly compare: Compare;
}

export async function serve(site: Site, listenAddress: string, around: Surroundings): Promise<Listening> {
  const { clock, log, web } = around;
  const app = routes(site, around);
  const server = web.now().context ? tlsServer(app, around) : createServer(limits, app);
  server.maxConnections = maxConnections;
  server.on('drop', () => server.closeIdleConnections());
  server.on('checkExpectation', app); // Node would answer in our place, and asks nobody who he is
  const { host, port } = splitAddress(listenAddress);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(listenAddress, error)));
    server.listen({ host, port }, resolve);
  });
  const bound = server.address();
  if (bound !== null && typeof bound === 'object') {
    for (const warning of warningsOf(web.now(), bound.address)) log.warn('listens wide', { warning });
  }
  return {
    address: addressOf(bound),
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

/** Certificates are taken anew by whoever connects, and connections that stand keep theirs: a renewal fails no scrape. */
function tlsServer(app: RequestListener, { web, log }: Surroundings) {
  let inForce = web.now();
  const server = createTlsServer(
    {
      ...limits,
      ...inForce.context,
      handshakeTimeout,
      requestCert: inForce.tls !== null && asks(inForce.tls),
      rejectUnauthorized: false, // refusalOf says whom to reject, and can be changed without a restart
    },
    app,
  );
  // Both before the listeners of Node's that shake hands, and that read requests.
  server.prependListener('connection', () => {
    const now = web.now();
    if (now === inForce || !now.context) return;
    server.setSecureContext(now.context);
    inForce = now;
  });
  server.prependListener('secureConnection', (socket) => {
    const { tls } = web.now();
    const certificate = socket.getPeerX509Certificate();
    const why = tls && refusalOf(tls, { certificate, authorized: socket.authorized });
    if (why === null) return;
    log.debug('client refused', { address: String(socket.remoteAddress), why });
    socket.destroy();
  });
  return server;
}

function routes(site: Site, { clock, log, web, compare }: Surroundings) {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const gate = createGate(web, compare, clock);
  const scrapes = limited('scrapes', site);
  const views = limited('requests', site);

  app.use((request, response, next) => {
    cutOffLater(request, response, clock);
    // Node reads no more of a connection on which another protocol was asked for.
    if (request.headers.upgrade !== undefined) response.set('Connection', 'close');
    response.set({
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      ...web.now().headers,
    });
    next();
  });
  app.use(async (request, response, next) => {
    const refusal = await gate(request);
    if (!refusal) return next();
    response.set(refusal.headers);
    text(response, refusal.status, refusal.why);
  });

  app.get(
    site.telemetryPath,
    scrapes(async (request, response) => {
      const format = formatFor(request.get('accept'));
      await send(request, response, contentType[format], await site.page(format, deadlineOf(request)));
    }),
  );

  app.get(
    '/',
    views(async (request, response) => {
      response.set('Cache-Control', 'no-store');
      await send(request, response, 'text/html; charset=utf-8', await site.status(links(site)));
    }),
  );
  for (const { path, type, body } of Object.values(assets)) {
    app.get(`/${path}`, (request, response) => {
      // The name changes with the text.
      response.set('Cache-Control', 'public, max-age=31536000, immutable');
      return send(request, response, type, body);
    });
  }
  app.get(
    '/status/cells',
    views((request, response) =>
      send(request, response, 'application/json; charset=utf-8', JSON.stringify(site.cells())),
    ),
  );
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
    app.get(
      `/api/v1/${name}`,
      views((request, response) =>
        send(request, response, 'application/json; charset=utf-8', `${JSON.stringify(answer(), null, 2)}\n`),
      ),
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

type Handler = (request: Request, response: Response) => Promise<void>;

/** So many at a time: what would come on top is told to come again, and costs nothing. */
function limited(what: string, { maxRequests }: Pick<Site, 'maxRequests'>) {
  let inFlight = 0;
  return (handler: Handler): Handler =>
    async (request, response) => {
      if (inFlight >= maxRequests()) {
        const why = `more than ${maxRequests()} ${what} in flight (web.max_requests)`;
        return text(response.set('Retry-After', '1'), 503, why);
      }
      inFlight += 1;
      try {
        await handler(request, response);
      } finally {
        inFlight -= 1;
      }
    };
}

/** Answers under way on each connection. Those that wait behind another are not told when the connection goes. */
const underWay = new WeakMap<Socket, Set<AbortController>>();

/** Who reads slowly holds a descriptor and a page in memory. */
function cutOffLater(request: Request, response: Response, clock: Clock): void {
  const { socket } = request;
  const over = new AbortController();
  const all = underWay.get(socket) ?? new Set();
  if (!underWay.has(socket)) {
    underWay.set(socket, all);
    socket.once('close', () => all.forEach((one) => one.abort()));
  }
  all.add(over);
  response.once('close', () => {
    over.abort();
    all.delete(over);
  });
  const patience = clock.sleep(deadlineOf(request) + readSeconds, over.signal);
  void patience.then(() => (over.signal.aborted ? null : socket.destroy()));
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
  const timeout = asked > 0 ? Math.min(asked, maxScrapeSeconds) : scrapeSeconds;
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
