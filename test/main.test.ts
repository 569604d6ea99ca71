import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { notBuilt, program, spawned } from './spawned.ts';

const folder = mkdtempSync(join(tmpdir(), 'numacanary-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const ran = (...argv: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], { encoding: 'utf8' });
  return { status, stdout, stderr };
};

describe.skipIf(notBuilt('checks the command line'))('the command', () => {
  it('prints its version and its help', () => {
    expect(ran('--version')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^numacanary \d+\.\d+\.\d+\n$/),
    });
    expect(ran('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Exit codes:') });
  });

  it('exits 2 for what it does not know, and says what it knows', () => {
    expect(ran('--web.port=1')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('--help'),
    });
    expect(ran('serv')).toMatchObject({ status: 2, stderr: expect.stringContaining('known: serve') });
  });

  it('exits 2 for a wrong configuration, with a line for each mistake', () => {
    const path = file('wrong.yml', 'web:\n  max_requests: many\nlog: {level: loud}\n');
    const { status, stderr } = ran(`--config.file=${path}`, '--config.check');
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining(`${path}:2:3: web.max_requests`),
      expect.stringContaining(`${path}:3:7: log.level`),
    ]);
    expect(ran(`--config.file=${folder}/none.yml`)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('ENOENT'),
    });
  });

  it('says all it has to say, however much, before it goes', () => {
    const path = file('long.yml', Array.from({ length: 1500 }, (_, key) => `key${key}: 1\n`).join(''));
    const { stderr } = ran(`--config.file=${path}`);
    expect(stderr.length).toBeGreaterThan(2 * 65_536);
    expect(stderr.trim().split('\n')).toHaveLength(1500);
  });

  it('checks a good configuration and goes', () => {
    expect(ran('--config.file=config.example.yml', '--config.check')).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('prints the topology of this machine, as text and as JSON', () => {
    expect(ran('topology').stdout).toMatch(/\d+ sockets?, \d+ NUMA nodes?, /);
    const topology: unknown = JSON.parse(ran('topology', '--json').stdout);
    for (const key of ['sockets', 'numaNodes', 'llcGroups', 'cores', 'cpus', 'distances']) {
      expect(topology).toHaveProperty(key);
    }
  });

  it('prints the series table', () => {
    expect(ran('series').stdout).toMatch(/^promised, at most +600 +900 +3000 +3000$/m);
  });

  it('says in one line why it cannot listen, and exits 1', () => {
    const { status, stderr } = ran('--web.listen-address=192.0.2.1:1');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^numacanary: cannot listen on 192\.0\.2\.1:1: EADDRNOTAVAIL: .*\n$/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends at %s with 0', async (signal) => {
    const { child, exit, address } = await spawned();
    expect((await fetch(`http://${address}/-/healthy`)).status).toBe(200);
    child.kill(signal);
    expect(await exit).toEqual([0, null]);
  });

  it('reads its file again at SIGHUP, and keeps what it had when that is wrong', async () => {
    const path = file('c.yml', 'log: {level: info}\n');
    const { child, exit, next, address } = await spawned([`--config.file=${path}`]);
    child.kill('SIGHUP');
    await next('configuration reloaded');
    writeFileSync(path, 'web:\n  port: 1\n');
    child.kill('SIGHUP');
    expect(await next('not reloaded')).toContain(`${path}:2:3: web.port`);
    const page = await (await fetch(`http://${address}/metrics`)).text();
    expect(page).toContain('numacanary_config_last_reload_successful 0');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });
});
