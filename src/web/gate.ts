import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import type { Clock } from '../host/host.ts';
import { createAuth } from './auth.ts';
import type { Compare } from './auth.ts';
import type { FollowedWeb, Web } from './follow.ts';
import { createRate } from './rate.ts';
import { verifies } from './tls.ts';

export interface Refusal {
  readonly status: 401 | 413 | 429 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly why: string;
}

/** Nothing here reads a body; a form of curl's or of a browser's may still have a small one. */
const maxBodyBytes = 1024;

/** Whom to let in: of every path the same, as in exporter-toolkit. */
export function createGate(web: Pick<FollowedWeb, 'now'>, compare: Compare, clock: Clock) {
  const auth = createAuth(compare);
  const take = createRate(clock);
  /** Null: let in. */
  return async function gate({ headers }: Pick<IncomingMessage, 'headers'>): Promise<Refusal | null> {
    const { users, rateLimit } = web.now();
    const long =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > maxBodyBytes;
    const refuse = (status: Refusal['status'], why: string, more: Refusal['headers'] = {}) => ({
      status,
      // What is still to come of a long body is not read.
      headers: { ...more, ...(long ? { Connection: 'close' } : {}) },
      why,
    });
    const wait = rateLimit ? take(rateLimit) : null;
    if (wait !== null) {
      return refuse(429, 'more requests than rate_limit allows', { 'Retry-After': String(Math.ceil(wait)) });
    }
    const verdict = await auth(users, headers.authorization);
    if (verdict === 'busy') {
      return refuse(503, 'too many wait for their passwords to be checked', { 'Retry-After': '5' });
    }
    if (verdict === 'refused') {
      return refuse(401, 'a name and a password are needed', {
        'WWW-Authenticate': 'Basic realm="numacanary", charset="UTF-8"',
      });
    }
    return long ? refuse(413, `a body of more than ${maxBodyBytes} bytes; nothing here reads one`) : null;
  };
}

/** What an operator should know of an address that others reach. */
export function warningsOf({ tls, users }: Web, host: string): readonly string[] {
  if (host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return [];
  return [
    ...(users.size === 0 && !verifies(tls)
      ? [
          'whoever reaches this address can read everything: set basic_auth_users or client certificates in --web.config.file, or listen on 127.0.0.1',
        ]
      : []),
    ...(users.size > 0 && !tls
      ? ['passwords go over the network in the clear: set tls_server_config in --web.config.file']
      : []),
  ];
}
