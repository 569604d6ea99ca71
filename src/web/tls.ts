import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { ConfigError } from '../errors.ts';
import { parseSubjectAltName, sameSpelling } from '../parse/subject_alt_name.ts';
import type { TlsConfig, WebConfig } from './config.ts';
import { ciphers, curves } from './names.ts';

/** Texts of the files that the keys name. */
export interface Pems {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | null;
}

const openssl = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;

/** Suites of TLS 1.3 cannot be chosen, as in Go: left out of a list of Node's they would switch TLS 1.3 off. */
const always = Object.values(ciphers).filter((name) => name.startsWith('TLS_'));

/** For Node's secure context; throws ConfigError where certificate and key are none, or no pair. */
export function contextOf(
  { tls, at }: WebConfig & { readonly tls: TlsConfig },
  pems: Pems,
): SecureContextOptions {
  checkPair(tls, at, pems);
  const chosen = (tls.cipher_suites ?? Object.keys(ciphers)).map(
    (name) => ciphers[name as keyof typeof ciphers],
  );
  return {
    cert: pems.cert,
    key: pems.key,
    ...(pems.clientCa === null ? {} : { ca: pems.clientCa }),
    minVersion: openssl[tls.min_version],
    maxVersion: openssl[tls.max_version],
    ciphers: [...new Set([...always, ...chosen])].join(':'),
    honorCipherOrder: tls.prefer_server_cipher_suites,
    ecdhCurve: tls.curve_preferences?.map((name) => curves[name]).join(':') ?? 'auto',
  };
}

function checkPair(tls: TlsConfig, at: WebConfig['at'], pems: Pems): void {
  const wrong = (key: keyof TlsConfig, what: string) =>
    new ConfigError([`${at(`tls_server_config.${key}`)}: ${String(tls[key])}: ${what}`]);
  const certificate = attempt(() => new X509Certificate(pems.cert));
  if (!certificate)
    throw wrong('cert_file', 'no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----');
  const key: KeyObject | null = attempt(() => createPrivateKey(pems.key));
  if (!key) throw wrong('key_file', 'no private key in PEM, or one with a passphrase; allowed: one without');
  if (!certificate.checkPrivateKey(key))
    throw wrong('key_file', `does not belong to the certificate in ${tls.cert_file}`);
  if (pems.clientCa !== null && !attempt(() => new X509Certificate(pems.clientCa ?? '')))
    throw wrong('client_ca_file', 'no certificate in PEM; it begins with -----BEGIN CERTIFICATE-----');
}

function attempt<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null; // OpenSSL's own words name functions of OpenSSL
  }
}

/** Whether clients are asked for a certificate at all: Node decides that once, when it begins to listen. */
export const asks = (tls: TlsConfig) => tls.client_auth_type !== 'NoClientCert';

/** Whether nobody gets in without a certificate of the client CA. */
export const verifies = (tls: TlsConfig | null) => tls?.client_auth_type === 'RequireAndVerifyClientCert';

/** What a client showed of itself in the handshake. */
export interface Shown {
  /** Undefined: it has no certificate. */
  readonly certificate: Pick<X509Certificate, 'subjectAltName'> | undefined;
  /** It leads to the client CA and is in its time. */
  readonly authorized: boolean;
}

/** Why this client may not connect; null: it may. */
export function refusalOf(tls: TlsConfig, { certificate, authorized }: Shown): string | null {
  const type = tls.client_auth_type;
  if (type === 'NoClientCert' || type === 'RequestClientCert') return null;
  if (!certificate) return type === 'VerifyClientCertIfGiven' ? null : 'no certificate';
  const verified = type === 'VerifyClientCertIfGiven' || type === 'RequireAndVerifyClientCert';
  if (verified && !authorized) return 'certificate is not of client_ca_file, or out of its time';
  const wanted = tls.client_allowed_sans?.map(sameSpelling);
  if (!wanted) return null;
  const has = parseSubjectAltName(certificate.subjectAltName);
  return has.some((name) => wanted.includes(name))
    ? null
    : 'no name of its certificate is in client_allowed_sans';
}
