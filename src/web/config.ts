import { z } from 'zod';
import { parseYaml } from '../config.ts';
import type { ConfigText, Kind } from '../config.ts';
import { ConfigError } from '../errors.ts';
import { parseDuration } from '../parse/duration.ts';
import { ciphers, clientAuthTypes, curves, namesOf, versions } from './names.ts';

/** Keys and values are those of Prometheus' exporter-toolkit, so that one file does for all exporters of a host. */

const fileName = z
  .string()
  .min(1)
  .meta({ allowed: 'the path of a PEM file; a relative one begins beside this file' });

const headerText = z
  .string()
  .regex(/^[\t\x20-\x7e]+$/)
  .meta({ allowed: 'text of one line' });

const tlsServer = z.strictObject({
  cert_file: fileName,
  key_file: fileName,
  client_auth_type: z.enum(clientAuthTypes).default('NoClientCert'),
  client_ca_file: fileName.optional(),
  client_allowed_sans: z
    .array(z.string().min(1))
    .min(1)
    .meta({ allowed: 'a list of DNS names, addresses, e-mail addresses or URIs' })
    .optional(),
  min_version: z.enum(versions).default('TLS12'),
  max_version: z.enum(versions).default('TLS13'),
  cipher_suites: z
    .array(z.enum(namesOf(ciphers)))
    .min(1)
    .optional(),
  prefer_server_cipher_suites: z.boolean().default(true),
  curve_preferences: z
    .array(z.enum(namesOf(curves)))
    .min(1)
    .optional(),
});

const httpServer = z.strictObject({
  http2: z.literal(false).meta({ allowed: 'false: this speaks HTTP/1.1 only' }).default(false),
  headers: z
    .strictObject({
      'Content-Security-Policy': headerText.optional(),
      'Strict-Transport-Security': headerText.optional(),
      'X-Content-Type-Options': z.enum(['nosniff']).optional(),
      'X-Frame-Options': z.enum(['deny', 'sameorigin']).optional(),
      'X-XSS-Protection': headerText.optional(),
    })
    .prefault({}),
});

/** At 17 and more a first request takes longer than the ten seconds that Prometheus waits. */
const hash = z
  .string()
  .regex(/^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/)
  .meta({ allowed: 'a bcrypt hash of cost 4 to 16, as `htpasswd -nBC 10 ""` makes one' });

/** A colon ends the name in what a client sends; no such name could ever log in. */
const userName = z
  .string()
  .regex(/^[^:\p{Cc}]+$/u)
  .meta({ allowed: 'a name without a colon' });

const rateLimit = z.strictObject({
  interval: z
    .union([z.literal(0), z.string().refine((text) => parseDuration(text) !== null)])
    .meta({ allowed: 'a duration as Go writes it, as in 100ms, 1s or 1m30s; 0 is no limit' })
    .default(0),
  burst: z.int().min(1).max(1_000_000).default(1),
});

const schema = z.strictObject({
  tls_server_config: tlsServer.optional(),
  http_server_config: httpServer.prefault({}),
  basic_auth_users: z.record(userName, hash).default({}),
  rate_limit: rateLimit.prefault({}),
});

const kind: Kind = { schema, example: 'docs/web-security.md', secretive: true };

export type TlsConfig = z.output<typeof tlsServer>;

export interface RateLimit {
  readonly intervalSeconds: number;
  readonly burst: number;
}

export interface WebConfig {
  /** Null: plain HTTP. */
  readonly tls: TlsConfig | null;
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hashes by name; empty: nobody is asked. */
  readonly users: ReadonlyMap<string, string>;
  readonly rateLimit: RateLimit | null;
  /** `file:line:column: key`, for what is wrong with a file that the key names. */
  readonly at: (key: string) => string;
}

/** Without a file all stands open, as it is on loopback. */
export const open: WebConfig = {
  tls: null,
  headers: {},
  users: new Map(),
  rateLimit: null,
  at: (key) => key,
};

/** Throws ConfigError with a line for each mistake. */
export function parseWebConfig(given: ConfigText): WebConfig {
  const read = parseYaml(given, kind);
  const said = read.value as z.output<typeof schema>;
  const at = (key: string) => `${read.at(key.split('.'))}: ${key}`;
  const tls = said.tls_server_config ?? null;
  const wrong = tls ? contradictions(tls) : [];
  if (wrong.length > 0) {
    throw new ConfigError(wrong.map(({ key, what }) => `${at(`tls_server_config.${key}`)}: ${what}`));
  }
  const { interval, burst } = said.rate_limit;
  const intervalSeconds = interval === 0 ? 0 : (parseDuration(interval) ?? 0);
  return {
    tls,
    headers: said.http_server_config.headers as Readonly<Record<string, string>>,
    users: new Map(Object.entries(said.basic_auth_users)),
    rateLimit: intervalSeconds > 0 ? { intervalSeconds, burst } : null,
    at,
  };
}

/** What no single key shows. Each would leave a door open that looks shut. */
function contradictions(tls: TlsConfig): { readonly key: keyof TlsConfig; readonly what: string }[] {
  const { client_auth_type: type, client_ca_file: ca, client_allowed_sans: sans } = tls;
  const checks = type === 'RequireAndVerifyClientCert' || type === 'VerifyClientCertIfGiven';
  const requires = !['NoClientCert', 'RequestClientCert', 'VerifyClientCertIfGiven'].includes(type);
  return [
    ...(checks && ca === undefined
      ? [
          {
            key: 'client_auth_type' as const,
            what: `${type} checks against client_ca_file, which is missing`,
          },
        ]
      : []),
    ...(type === 'NoClientCert' && ca !== undefined
      ? [
          {
            key: 'client_ca_file' as const,
            what: 'no client is asked for a certificate; set client_auth_type: RequireAndVerifyClientCert',
          },
        ]
      : []),
    ...(sans && !requires
      ? [
          {
            key: 'client_allowed_sans' as const,
            what: `${type} lets in who has no certificate; set client_auth_type: RequireAndVerifyClientCert`,
          },
        ]
      : []),
    ...(tls.min_version === 'TLS13' && tls.max_version === 'TLS12'
      ? [{ key: 'min_version' as const, what: 'above max_version; no client could connect' }]
      : []),
  ];
}
