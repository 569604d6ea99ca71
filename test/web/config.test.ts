import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { parseWebConfig } from '../../src/web/config.ts';

const read = (text: string) => parseWebConfig({ file: 'web.yml', text });

function mistakes(text: string): readonly string[] {
  try {
    read(text);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.lines;
    throw thrown;
  }
  return [];
}

const hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG';

describe('a web configuration', () => {
  it('that is empty leaves all open, in plain HTTP', () => {
    for (const text of ['', '# nothing\n', 'tls_server_config:\nbasic_auth_users:\n'])
      expect(read(text)).toMatchObject({ tls: null, headers: {}, users: new Map(), rateLimit: null });
  });

  it('is one of exporter-toolkit, key for key', () => {
    const config = read(`
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: /etc/ca.crt
  client_allowed_sans: [prometheus.example, 10.0.0.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: true
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: false
  headers:
    Content-Security-Policy: default-src 'self'
    Strict-Transport-Security: max-age=31536000
    X-Content-Type-Options: nosniff
    X-Frame-Options: deny
    X-XSS-Protection: 1; mode=block
basic_auth_users:
  alice: ${hash}
  bob@example: ${hash}
rate_limit:
  interval: 1m30s
  burst: 7
`);
    expect(config.tls).toMatchObject({ min_version: 'TLS12', client_allowed_sans: expect.any(Array) });
    expect(config.headers).toMatchObject({ 'X-Frame-Options': 'deny', 'X-XSS-Protection': '1; mode=block' });
    expect([...config.users]).toEqual([
      ['alice', hash],
      ['bob@example', hash],
    ]);
    expect(config.rateLimit).toEqual({ intervalSeconds: 90, burst: 7 });
  });

  it('asks for TLS 1.2 and no client certificate where it says nothing of it', () => {
    expect(read('tls_server_config: {cert_file: a, key_file: b}').tls).toMatchObject({
      client_auth_type: 'NoClientCert',
      min_version: 'TLS12',
      max_version: 'TLS13',
      prefer_server_cipher_suites: true,
    });
  });

  it('has no limit where the interval is none', () => {
    for (const interval of ['0', '"0"', '0s'])
      expect(read(`rate_limit: {interval: ${interval}, burst: 3}`).rateLimit).toBeNull();
  });

  const tls = 'tls_server_config:\n  cert_file: a\n  key_file: b\n';
  it.each<{ text: string; says: (string | RegExp)[] }>([
    {
      text: 'tls_server: {}\n',
      says: [
        'web.yml:1:1: tls_server: unknown key; known here: basic_auth_users, http_server_config, rate_limit, tls_server_config',
      ],
    },
    {
      text: 'tls_server_config:\n  cert: PEM\n  cert_file: a\n',
      says: [
        /^web\.yml:1:1: tls_server_config\.key_file: /,
        /^web\.yml:2:3: tls_server_config\.cert: unknown key/,
      ],
    },
    {
      text: `${tls}  min_version: TLS10\n`,
      says: [/^web\.yml:4:3: tls_server_config\.min_version: .*; allowed: TLS12, TLS13$/],
    },
    {
      text: `${tls}  min_version: TLS13\n  max_version: TLS12\n`,
      says: ['web.yml:4:3: tls_server_config.min_version: above max_version; no client could connect'],
    },
    {
      text: `${tls}  cipher_suites:\n    - TLS_RSA_WITH_RC4_128_SHA\n`,
      says: [/^web\.yml:5:7: tls_server_config\.cipher_suites\.0: .*; allowed: TLS_AES_128_GCM_SHA256, /],
    },
    {
      text: `${tls}  client_auth_type: Maybe\n`,
      says: [/^web\.yml:4:3: .*; allowed: NoClientCert, RequestClientCert, .*RequireAndVerifyClientCert$/],
    },
    {
      text: `${tls}  client_auth_type: RequireAndVerifyClientCert\n`,
      says: [/^web\.yml:4:3: tls_server_config\.client_auth_type: .*client_ca_file, which is missing$/],
    },
    {
      text: `${tls}  client_ca_file: ca\n`,
      says: [/^web\.yml:4:3: tls_server_config\.client_ca_file: no client is asked .*RequireAndVerify/],
    },
    {
      text: `${tls}  client_auth_type: RequestClientCert\n  client_allowed_sans: [a]\n`,
      says: [/^web\.yml:5:3: tls_server_config\.client_allowed_sans: RequestClientCert lets in who has no /],
    },
    {
      text: 'http_server_config: {http2: true}\n',
      says: [/^web\.yml:1:22: http_server_config\.http2: .*; allowed: false: this speaks HTTP\/1\.1 only$/],
    },
    {
      text: 'http_server_config:\n  headers:\n    X-Frame-Options: DENY\n    Server: x\n',
      says: [
        /^web\.yml:3:5: http_server_config\.headers\.X-Frame-Options: .*; allowed: deny, sameorigin$/,
        /^web\.yml:4:5: http_server_config\.headers\.Server: unknown key; known here: Content-Security-Policy, /,
      ],
    },
    {
      text: 'rate_limit:\n  interval: 1\n  burst: 0\n',
      says: [
        /^web\.yml:2:3: rate_limit\.interval: .*; allowed: a duration as Go writes it, /,
        /^web\.yml:3:3: rate_limit\.burst: .*; allowed: a whole number from 1 to 1000000$/,
      ],
    },
    {
      text: `basic_auth_users:\n  alice: ${hash.replace('$10$', '$17$')}\n`,
      says: [/^web\.yml:2:3: basic_auth_users\.alice: .*; allowed: a bcrypt hash of cost 4 to 16, as /],
    },
  ])('is refused with the place and what is allowed: $text', ({ text, says }) => {
    const lines = mistakes(text);
    expect(lines).toHaveLength(says.length);
    for (const [index, one] of says.entries())
      expect(lines[index]).toEqual(typeof one === 'string' ? one : expect.stringMatching(one));
  });

  it.each([
    'basic_auth_users:\n  alice: hunter2\n',
    'basic_auth_users: {alice:hunter2}\n',
    'basic_auth_users:\n  alice:hunter2\n',
    'basic_auth_users: [alice, hunter2]\n',
    'basic_auth_users:\n  alice: *hunter2\n',
    'basic_auth_users:\n  alice: "hunter2\n',
    'basic_auth_users:\n  alice: {hunter2: hunter2}\n',
    'basic_auth_users:\n  alice: %hunter2\n',
    'basic_auth_users:\n  alice: @hunter2 x\n}hunter2',
    'basic_auth_users:\n  "a:hunter2": x\n',
    'alice:hunter2: x\n',
    'tls_server_config: hunter2\n',
    '"hunter2"\n',
    '- hunter2\n',
    'basic_auth_users: !!hunter2 x\n',
    'basic_auth_users:\n  alice: |hunter2\n  hunter2',
  ])('never repeats a password where it is refused: %j', (text) => {
    const lines = mistakes(text);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toContain('hunter2');
    for (const line of lines) expect(line).toMatch(/^web\.yml:\d+:\d+: /);
  });
});
