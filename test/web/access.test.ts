import { once } from 'node:events';
import { connect } from 'node:net';
import { hash } from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import type { Given } from '../started.ts';
import { started } from '../started.ts';

const webFile = (text: string) => ({ file: '/w/web.yml', files: { '/w/web.yml': text } });

const secured = (text: string, given: Given = {}) => started({ ...given, web: webFile(text) });

/** What it warns of when it listens. */
const warned = async (given: Given) =>
  (await started(given)).log.lines
    .filter(({ message }) => message === 'listens wide')
    .map(({ fields }) => String(fields?.['warning']).split(':')[0]);

const basic = (name: string, password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` },
});

const alice = await hash('wonderland', 4);
const users = `basic_auth_users:\n  alice: ${alice}\n`;

/** All that a raw request is answered, until the connection is closed. */
async function spoken(address: string, text: string): Promise<string> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  socket.setEncoding('latin1');
  let answer = '';
  socket.on('data', (more: string) => (answer += more));
  socket.on('error', () => {}); // cut off in the middle of what we say
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

const paths = [
  '/metrics',
  '/',
  '/-/healthy',
  '/-/ready',
  '/-/reload',
  '/api/v1/status',
  '/api/v1/topology',
  '/api/v1/jobs/sweep',
  '/api/v1/jobs/%zz',
  '/status/cells',
  '/nothing',
  '/../../etc/passwd',
];

describe('a daemon with users', () => {
  it('serves nothing on any path to who has no credentials, or wrong ones', async () => {
    const { clock, get } = await secured(users, { config: 'web: {enable_lifecycle: true}' });
    await clock.advance(5);
    for (const path of paths) {
      for (const init of [
        {},
        basic('alice', 'wrong'),
        basic('mallory', 'wonderland'),
        basic('alice', ''),
        { headers: { authorization: 'Bearer wonderland' } },
        { ...basic('alice', 'wrong'), method: 'POST' },
        { ...basic('alice', 'wrong'), method: 'HEAD' },
      ]) {
        const answer = await get(path, init);
        expect([path, answer.status]).toEqual([path, 401]);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
        expect(await answer.text()).not.toContain('numacanary_');
      }
    }
  });

  it('serves all of it to who has them', async () => {
    const { clock, get } = await secured(users);
    await clock.advance(5);
    await get('/metrics', basic('alice', 'wonderland'));
    for (const path of ['/metrics', '/', '/-/healthy', '/-/ready', '/api/v1/status', '/status/cells'])
      expect([path, (await get(path, basic('alice', 'wonderland'))).status]).toEqual([path, 200]);
  });

  it('takes users that are added, and forgets those that are gone, within a second', async () => {
    const files = { '/w/web.yml': users };
    const { clock, get, log } = await started({ web: { file: '/w/web.yml', files } });
    expect((await get('/-/healthy', basic('bob', 'builder'))).status).toBe(401);
    files['/w/web.yml'] = `basic_auth_users:\n  bob: ${await hash('builder', 4)}\n`;
    await clock.advance(1);
    expect((await get('/-/healthy', basic('bob', 'builder'))).status).toBe(200);
    expect((await get('/-/healthy', basic('alice', 'wonderland'))).status).toBe(401);
    expect(log.lines.map(({ message }) => message)).toContain('web configuration reloaded');
  });

  it('keeps the users it had when the file is broken, says so once, and in the metric', async () => {
    const files: Record<string, string> = { '/w/web.yml': users };
    const { clock, get, text, log } = await started({ web: { file: '/w/web.yml', files } });
    const good = async () =>
      /^numacanary_config_last_reload_successful (\d)$/m.exec(
        await text('/metrics', basic('alice', 'wonderland')),
      )?.[1];
    expect(await good()).toBe('1');
    files['/w/web.yml'] = 'basic_auth_users:\n  alice: wonderland\n';
    for (let second = 0; second < 5; second += 1) {
      await clock.advance(1);
      expect((await get('/metrics')).status).toBe(401);
    }
    await clock.advance(1);
    expect(await good()).toBe('0');
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(errors).toEqual([
      {
        level: 'error',
        message: 'web configuration not reloaded, the old one stays',
        fields: { error: expect.stringMatching(/^\/w\/web\.yml:2:3: basic_auth_users\.alice: /) },
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('wonderland');
    delete files['/w/web.yml'];
    await clock.advance(1.5);
    expect(await good()).toBe('0');
    files['/w/web.yml'] = users;
    await clock.advance(1.5);
    expect(await good()).toBe('1');
  });

  it('tells nobody of users or hashes, in no page and in no line of its log', async () => {
    const { clock, text, log } = await secured(users);
    await clock.advance(5);
    await text('/metrics');
    const said = [JSON.stringify(log.lines)];
    for (const path of ['/metrics', '/', '/api/v1/status', '/api/v1/conditions', '/api/v1/matrix'])
      said.push(await text(path, basic('alice', 'wonderland')));
    for (const secret of ['alice', 'wonderland', alice, alice.slice(7, 29)])
      expect(said.join('\n')).not.toContain(secret);
  });

  it('says 500 and nothing else when bcrypt fails, and lets nobody in', async () => {
    const { get, log } = await secured(users, {
      compare: () => Promise.reject(new Error('the thread that checks passwords ended with 1')),
    });
    const answer = await get('/metrics', basic('alice', 'wonderland'));
    expect([answer.status, await answer.text()]).toEqual([500, 'internal error; the log says more\n']);
    expect(log.lines.map(({ message }) => message)).toContain('request failed');
  });

  it('tells who comes on top of too many to come again', async () => {
    const { get } = await secured(users, { compare: () => new Promise(() => {}) });
    const guesses = new AbortController();
    const waiting = Array.from({ length: 40 }, (_, guess) =>
      get('/metrics', { ...basic('alice', `guess${guess}`), signal: guesses.signal }),
    );
    const first = await Promise.any(waiting);
    expect([first.status, first.headers.get('retry-after')]).toEqual([503, '5']);
    guesses.abort();
    await Promise.allSettled(waiting);
  });
});

describe('the daemon', () => {
  it('sends the headers that the file names, in place of its own', async () => {
    const { get } = await secured(
      "http_server_config: {headers: {X-Frame-Options: deny, Content-Security-Policy: default-src 'none'}}",
    );
    const { headers } = await get('/-/healthy');
    expect(headers.get('x-frame-options')).toBe('deny');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('answers 429 above the rate limit, before it asks who it is', async () => {
    const { clock, get } = await secured(`${users}rate_limit: {interval: 2s, burst: 2}`);
    const statuses = async () => [(await get('/-/healthy')).status, (await get('/-/healthy')).status];
    expect(await statuses()).toEqual([401, 401]);
    const refused = await get('/-/healthy', basic('alice', 'wonderland'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    await clock.advance(2);
    expect(await statuses()).toEqual([401, 429]);
  });

  it('reads no body: a long one is refused and its connection closed', async () => {
    const { address, get } = await started({ config: 'web: {enable_lifecycle: true}' });
    expect((await get('/-/reload', { method: 'POST', body: 'x=1' })).status).toBe(200);
    for (const length of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked'])
      expect(
        await spoken(address, `POST /-/reload HTTP/1.1\r\nHost: a\r\n${length}\r\n\r\n5\r\nabcde\r\n`),
      ).toMatch(/^HTTP\/1\.1 413 .*\r\nConnection: close\r\n/s);
  });

  it('answers 431 to headers of more than 16 KiB', async () => {
    const { address } = await started();
    expect(await spoken(address, `GET / HTTP/1.1\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  it('cuts off who does not read what he asked for', async () => {
    const { clock, address, get } = await started({ config: 'web: {max_requests: 1000}' });
    await clock.advance(5);
    const [host, port] = address.split(':');
    const reader = connect(Number(port), host);
    reader.on('error', () => {});
    const closed = once(reader, 'close');
    // More than the buffers of both kernels take.
    const asked = 400;
    reader.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(asked));
    await once(reader, 'readable');
    await clock.advance(29);
    expect((await get('/-/healthy')).status).toBe(200);
    await clock.advance(1);
    let answered = '';
    reader.setEncoding('latin1').on('data', (more: string) => (answered += more));
    await closed;
    const answers = answered.split('HTTP/1.1 200').length - 1;
    expect(answers).toBeGreaterThan(0);
    expect(answers).toBeLessThan(asked);
  });

  it('warns when others can reach it and nobody is asked who he is', async () => {
    expect(await warned({})).toEqual([]);
    expect(await warned({ listen: '[::1]:0' })).toEqual([]);
    expect(await warned({ listen: ':0' })).toEqual(['whoever reaches this address can read everything']);
    expect(await warned({ listen: '0.0.0.0:0' })).toEqual([
      'whoever reaches this address can read everything',
    ]);
    expect(await warned({ listen: ':0', web: webFile(users) })).toEqual([
      'passwords go over the network in the clear',
    ]);
  });
});
