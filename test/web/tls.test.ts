import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { readWeb } from '../../src/web/follow.ts';
import { ownFilesOf } from '../fakes.ts';
import { lacks } from '../require.ts';
import { started } from '../started.ts';
import { authority } from './certificates.ts';
import type { Pair } from './certificates.ts';

const skip = lacks('openssl', 'makes the certificates of these tests');
const ca = skip ? null : authority('ours');
const certificates = () => {
  if (!ca) throw new Error('no openssl');
  return ca;
};

const tls = (more = '') =>
  `tls_server_config:\n  cert_file: server.crt\n  key_file: keys/server.key\n${more}`;

const client = 'client_ca_file: ca.crt\n';

const clientNamed = (san: string) =>
  tls(`  client_auth_type: RequireAndVerifyClientCert\n  ${client}  client_allowed_sans: [${san}]\n`);

const filesOf = (text: string, pair: Pair, more: Record<string, string> = {}): Record<string, string> => ({
  '/w/web.yml': text,
  '/w/server.crt': pair.cert,
  '/w/keys/server.key': pair.key,
  ...more,
});

/** A daemon that speaks TLS; `files` may be changed. */
async function secured(text: string, more: Record<string, string> = {}) {
  const files = filesOf(text, certificates().issue('first'), more);
  const daemon = await started({ web: { file: '/w/web.yml', files } });
  const [host = '', port = ''] = daemon.address.split(':');
  const at = { host, port: Number(port), ca: certificates().cert };
  return { ...daemon, files, at };
}

/** Status, and whose certificate was shown. */
async function scrape(at: RequestOptions, options: RequestOptions & { readonly session?: Buffer } = {}) {
  const asked = request({ path: '/metrics', agent: false, ...at, ...options }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const subject = (response.socket as TLSSocket).getPeerCertificate().subject.CN;
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode, subject, text };
}

/** The protocol agreed upon, or what went wrong. */
async function greeted(at: ConnectionOptions, options: ConnectionOptions): Promise<string> {
  const socket = connect({ ...at, ...options });
  try {
    await once(socket, 'secureConnect');
    return `${socket.getProtocol()} ${socket.getCipher().standardName}`;
  } catch (thrown) {
    return String((thrown as NodeJS.ErrnoException).code);
  } finally {
    socket.destroy();
  }
}

describe.skipIf(skip)('a daemon with a certificate', () => {
  it('serves over TLS 1.2 and 1.3, and refuses what is older', async () => {
    const { at } = await secured(tls());
    expect((await scrape(at)).status).toBe(200);
    const old = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await greeted(at, { ...old, maxVersion: 'TLSv1' })).toMatch(/ERR_SSL_.*PROTOCOL_VERSION/);
    expect(await greeted(at, { ...old, maxVersion: 'TLSv1.1' })).toMatch(/ERR_SSL_.*PROTOCOL_VERSION/);
    expect(await greeted(at, { maxVersion: 'TLSv1.2' })).toMatch(/^TLSv1\.2 TLS_ECDHE_/);
    expect(await greeted(at, {})).toMatch(/^TLSv1\.3 /);
  });

  it('speaks the versions and suites that the file names, and no other', async () => {
    const newest = await secured(tls('  min_version: TLS13\n'));
    expect(await greeted(newest.at, { maxVersion: 'TLSv1.2' })).toMatch(/PROTOCOL_VERSION/);
    expect(await greeted(newest.at, {})).toMatch(/^TLSv1\.3 /);
    const suite = 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384';
    const chosen = await secured(tls(`  cipher_suites: [${suite}]\n  curve_preferences: [CurveP384]\n`));
    const twelve = { maxVersion: 'TLSv1.2' } as const;
    expect(await greeted(chosen.at, twelve)).toBe(`TLSv1.2 ${suite}`);
    expect(await greeted(chosen.at, {})).toMatch(/^TLSv1\.3 /);
    expect(await greeted(chosen.at, { ...twelve, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toMatch(
      /^ERR_SSL/,
    );
    expect(await greeted(chosen.at, { ecdhCurve: 'X25519' })).toMatch(/^ERR_SSL/);
    const plain = await secured(tls());
    expect(await greeted(plain.at, { ...twelve, ciphers: 'AES128-GCM-SHA256' })).toMatch(/^ERR_SSL/);
  });

  it('does not answer who speaks plain HTTP', async () => {
    const { address } = await secured(tls());
    await expect(fetch(`http://${address}/metrics`)).rejects.toThrow('fetch failed');
  });

  it.each<{ type: string; more?: string; lets: Record<'none' | 'foreign' | 'ours' | 'named', boolean> }>([
    { type: 'NoClientCert', lets: { none: true, foreign: true, ours: true, named: true } },
    { type: 'RequestClientCert', lets: { none: true, foreign: true, ours: true, named: true } },
    { type: 'RequireAnyClientCert', lets: { none: false, foreign: true, ours: true, named: true } },
    { type: 'RequireClientCert', lets: { none: false, foreign: true, ours: true, named: true } },
    {
      type: 'VerifyClientCertIfGiven',
      more: client,
      lets: { none: true, foreign: false, ours: true, named: true },
    },
    {
      type: 'RequireAndVerifyClientCert',
      more: client,
      lets: { none: false, foreign: false, ours: true, named: true },
    },
    {
      type: 'RequireAndVerifyClientCert',
      more: `${client}  client_allowed_sans: ['spiffe://cluster/prometheus', '::1']\n`,
      lets: { none: false, foreign: false, ours: false, named: true },
    },
  ])('lets in by client certificate as $type says ($more)', async ({ type, more, lets }) => {
    const { at } = await secured(tls(`  client_auth_type: ${type}\n${more ? `  ${more}` : ''}`), {
      '/w/ca.crt': certificates().cert,
    });
    const names = 'URI:spiffe://cluster/prometheus,DNS:prometheus.example';
    const clients: Record<keyof typeof lets, Partial<Pair>> = {
      none: {},
      foreign: authority('theirs').issue('mallory', names),
      ours: certificates().issue('bob', 'DNS:bob.example'),
      named: certificates().issue('prometheus', names),
    };
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (const [who, pair] of Object.entries(clients)) {
        const answer = await scrape(at, { ...pair, maxVersion: version }).then(
          ({ status }) => status === 200,
          () => false,
        );
        expect([version, who, answer]).toEqual([version, who, lets[who as keyof typeof lets]]);
      }
    }
  });

  it('refuses another client as soon as the file names other ones', async () => {
    const { at, files, clock } = await secured(clientNamed('a.example'), {
      '/w/ca.crt': certificates().cert,
    });
    const [a, b] = [certificates().issue('a', 'DNS:a.example'), certificates().issue('b', 'DNS:b.example')];
    expect((await scrape(at, a)).status).toBe(200);
    await expect(scrape(at, b)).rejects.toThrow();
    files['/w/web.yml'] = clientNamed('b.example');
    await clock.advance(1);
    await expect(scrape(at, a)).rejects.toThrow();
    expect((await scrape(at, b)).status).toBe(200);
  });

  it('takes no session of a client whose authority is no longer trusted', async () => {
    const { at, files, clock } = await secured(
      tls(`  client_auth_type: RequireAndVerifyClientCert\n  ${client}`),
      { '/w/ca.crt': certificates().cert },
    );
    const pair = certificates().issue('a', 'DNS:a.example');
    const first = connect({ ...at, ...pair, maxVersion: 'TLSv1.2' });
    const [session] = (await once(first, 'session')) as [Buffer];
    first.destroy();
    const resumed = connect({ ...at, ...pair, session, maxVersion: 'TLSv1.2' });
    await once(resumed, 'secureConnect');
    expect(resumed.isSessionReused()).toBe(true);
    resumed.destroy();
    files['/w/ca.crt'] = authority('another').cert;
    await clock.advance(1);
    await expect(scrape(at, { ...pair, session, maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  it('fails no scrape while its certificate is swapped, and shows the new one', async () => {
    const { at, files, clock, log } = await secured(tls());
    const swaps = 30;
    const pairs = Array.from({ length: swaps }, (_, swap) => certificates().issue(`swap${swap}`));
    const kept = new Agent({ keepAlive: true, maxSockets: 2 });
    const seen = new Map<string, number>();
    const statuses = new Map<string, number>();
    const over = new AbortController();
    const load = async (agent: Agent | false) => {
      while (!over.signal.aborted) {
        const answer = await scrape(at, { agent }).catch((thrown: unknown) => ({
          status: String(thrown),
          subject: '',
        }));
        const { status, subject } = answer;
        statuses.set(String(status), (statuses.get(String(status)) ?? 0) + 1);
        seen.set(String(subject), (seen.get(String(subject)) ?? 0) + 1);
      }
    };
    const loads = [false, false, false, kept, kept].map((agent) => load(agent as Agent | false));
    for (const [swap, { cert, key }] of pairs.entries()) {
      files['/w/server.crt'] = cert;
      // A key that comes later, a file cut short: what is no pair is not taken.
      if (swap % 3 === 0) await clock.advance(1).then(() => scrape(at));
      files['/w/keys/server.key'] = swap % 3 === 1 ? key.slice(0, 50) : key;
      if (swap % 3 === 1) await clock.advance(1).then(() => scrape(at));
      files['/w/keys/server.key'] = key;
      await clock.advance(1);
      expect((await scrape(at)).subject).toBe(`swap${swap}`);
    }
    over.abort();
    await Promise.all(loads);
    kept.destroy();
    process.stderr.write(
      `certificate swapped ${swaps} times under load: scrapes by status ${JSON.stringify([...statuses])}, certificates seen ${seen.size}\n`,
    );
    expect([...statuses.keys()]).toEqual(['200']);
    expect(seen.size).toBeGreaterThan(3);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(20);
  });

  it('keeps the certificate it had when the new one is broken, logs it once and shows it', async () => {
    const { at, files, clock, log } = await secured(tls());
    files['/w/server.crt'] = 'rubbish';
    for (let second = 0; second < 3; second += 1) {
      await clock.advance(1);
      const { subject, text } = await scrape(at);
      expect(subject).toBe('first');
      expect(text).toContain(`numacanary_config_last_reload_successful ${second === 0 ? '' : '0'}`);
    }
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    delete files['/w/server.crt'];
    await clock.advance(1);
    expect((await scrape(at)).subject).toBe('first');
    expect(log.lines.filter(({ level }) => level === 'error').at(-1)?.fields?.['error']).toBe(
      '/w/web.yml:2:3: tls_server_config.cert_file: server.crt: ENOENT: it cannot be read',
    );
    const { cert, key } = certificates().issue('second');
    Object.assign(files, { '/w/server.crt': cert, '/w/keys/server.key': key });
    await clock.advance(2);
    expect(await scrape(at)).toMatchObject({ subject: 'second' });
    await clock.advance(2);
    expect((await scrape(at)).text).toContain('numacanary_config_last_reload_successful 1');
  });

  it('says that TLS, and whether clients are asked, wait for a restart', async () => {
    const { at, files, clock, log } = await secured(tls(), { '/w/ca.crt': certificates().cert });
    files['/w/web.yml'] = tls(`  client_auth_type: RequireAndVerifyClientCert\n  ${client}`);
    await clock.advance(1);
    expect((await scrape(at)).status).toBe(200);
    files['/w/web.yml'] = '';
    await clock.advance(1);
    expect((await scrape(at)).status).toBe(200);
    expect(log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields?.['error'])).toEqual(
      [
        '/w/web.yml:1:1: tls_server_config: whether clients are asked for a certificate is changed by a restart only',
        '/w/web.yml:1:1: tls_server_config: TLS is switched off by a restart only',
      ],
    );
  });
});

/** What is said of them at the start. */
const mistakes = (files: Record<string, string>) => {
  try {
    readWeb('/w/web.yml', ownFilesOf(files));
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.lines;
    throw thrown;
  }
  return [];
};

describe.skipIf(skip)('a certificate that cannot be used', () => {
  it('is refused at the start with its place, its file and what is wrong with it', () => {
    const pair = certificates().issue('a');
    const other = certificates().issue('b');
    const verify = tls('  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: /ca.crt\n');
    expect(mistakes(filesOf(tls(), pair))).toEqual([]);
    expect(mistakes(filesOf(tls(), { ...pair, cert: 'x' }))).toEqual([
      expect.stringMatching(
        /^\/w\/web\.yml:2:3: tls_server_config\.cert_file: server\.crt: no certificate in PEM/,
      ),
    ]);
    expect(mistakes(filesOf(tls(), { ...pair, key: pair.cert }))).toEqual([
      expect.stringMatching(
        /^\/w\/web\.yml:3:3: tls_server_config\.key_file: keys\/server\.key: no private key/,
      ),
    ]);
    expect(mistakes(filesOf(tls(), { cert: pair.cert, key: other.key }))).toEqual([
      '/w/web.yml:3:3: tls_server_config.key_file: keys/server.key: does not belong to the certificate in server.crt',
    ]);
    expect(mistakes(filesOf(verify, pair))).toEqual([
      '/w/web.yml:5:3: tls_server_config.client_ca_file: /ca.crt: ENOENT: it cannot be read',
    ]);
    expect(mistakes(filesOf(verify, pair, { '/ca.crt': pair.key }))).toEqual([
      expect.stringMatching(/^\/w\/web\.yml:5:3: .*client_ca_file: \/ca\.crt: no certificate in PEM/),
    ]);
    expect(mistakes({})).toEqual(['/w/web.yml: the web configuration: ENOENT: it cannot be read']);
  });
});
