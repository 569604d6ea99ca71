import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import { ConfigError } from '../errors.ts';
import type { Clock, Log, OwnFiles } from '../host/host.ts';
import { open, parseWebConfig } from './config.ts';
import type { TlsConfig, WebConfig } from './config.ts';
import { asks, contextOf } from './tls.ts';

/** The file of --web.config.file and those that it names, read and good. */
export interface Web extends WebConfig {
  /** For Node; null: plain HTTP. */
  readonly context: SecureContextOptions | null;
}

export interface FollowedWeb {
  /** What is in force; looks first whether a file has changed, at most once a second. */
  now(): Web;
  /** The same, at once. */
  look(): void;
  /** Whether the files as they are now are in force. */
  good(): boolean;
}

/** Long enough that a flood of requests costs no flood of looks, short enough that nobody waits for it. */
const lookSeconds = 1;

/** Throws ConfigError with a line for each mistake, those in certificate and key included. */
export function readWeb(file: string | null, files: Pick<OwnFiles, 'read'>): Web {
  if (file === null) return { ...open, context: null };
  const config = parseWebConfig({ file, text: textOf(files, file, `${file}: the web configuration`) });
  const { tls } = config;
  if (!tls) return { ...config, context: null };
  const beside = (name: string) => resolve(dirname(file), name);
  const pem = (key: 'cert_file' | 'key_file' | 'client_ca_file', name: string) =>
    textOf(files, beside(name), `${config.at(`tls_server_config.${key}`)}: ${name}`);
  const context = contextOf(
    { ...config, tls },
    {
      cert: pem('cert_file', tls.cert_file),
      key: pem('key_file', tls.key_file),
      clientCa: tls.client_ca_file === undefined ? null : pem('client_ca_file', tls.client_ca_file),
    },
  );
  return { ...config, context: usable(context, config) };
}

/** Follows the files while it is asked; what is broken leaves in force what was good before it. */
export function followWeb(
  file: string | null,
  { files, clock, log }: { readonly files: OwnFiles; readonly clock: Clock; readonly log: Log },
): FollowedWeb {
  let seen = stamping(files);
  let web = readWeb(file, seen);
  let good = true;
  let lookedAt = clock.now();

  function look() {
    lookedAt = clock.now();
    if (seen.same()) return;
    seen = stamping(files);
    try {
      const fresh = readWeb(file, seen);
      const fixed = fixedFrom(web.tls, fresh.tls);
      if (fixed !== null) throw new ConfigError([`${fresh.at('tls_server_config')}: ${fixed}`]);
      web = fresh;
      good = true;
      log.info('web configuration reloaded');
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      good = false;
      for (const line of thrown.lines)
        log.error('web configuration not reloaded, the old one stays', { error: line });
    }
  }

  return {
    now() {
      if (clock.now() - lookedAt >= lookSeconds) look();
      return web;
    },
    look,
    good: () => good,
  };
}

/** Remembers which files were read and what they were, those that are missing too: one that comes is a change. */
function stamping(files: OwnFiles) {
  const stamps = new Map<string, string>();
  return {
    read(path: string): string {
      // Before the text: what changes in between is seen at the next look.
      stamps.set(path, files.stamp(path));
      return files.read(path);
    },
    same: () => [...stamps].every(([path, stamp]) => files.stamp(path) === stamp),
  };
}

/** What Node decides once for a listener; null: nothing of it has changed. */
function fixedFrom(before: TlsConfig | null, after: TlsConfig | null): string | null {
  if ((before === null) !== (after === null))
    return `TLS is switched ${after ? 'on' : 'off'} by a restart only`;
  if (before && after && asks(before) !== asks(after))
    return 'whether clients are asked for a certificate is changed by a restart only';
  return null;
}

function textOf(files: Pick<OwnFiles, 'read'>, path: string, what: string): string {
  try {
    return files.read(path);
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new ConfigError([`${what}: ${code ?? message}: it cannot be read`]);
  }
}

/** Of suites, versions and curves together only OpenSSL knows whether anything is left. */
function usable(context: SecureContextOptions, { at }: WebConfig): SecureContextOptions {
  try {
    createSecureContext(context);
    return context;
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ConfigError([`${at('tls_server_config')}: OpenSSL refuses it: ${said}`]);
  }
}
