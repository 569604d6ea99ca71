import { describe, expect, it } from 'vitest';
import { parseFlags, usage } from '../src/flags.ts';
import { sections } from '../src/sources.ts';

const parse = (...argv: string[]) => parseFlags(argv, sections);

describe('flags', () => {
  it('serve is what happens without a word', () => {
    expect(parse()).toMatchObject({ command: 'serve', overrides: [], configFile: undefined, json: false });
    expect(parse('serve')).toMatchObject({ command: 'serve' });
    expect(parse('topology', '--json')).toMatchObject({ command: 'topology', json: true });
  });

  it.each([
    { flag: '--web.listen-address=:1', path: ['web', 'listen_address'], value: ':1' },
    { flag: '--web.max-requests=3', path: ['web', 'max_requests'], value: 3 },
    { flag: '--web.max-requests=three', path: ['web', 'max_requests'], value: 'three' },
    { flag: '--web.enable-lifecycle', path: ['web', 'enable_lifecycle'], value: true },
    { flag: '--no-web.enable-lifecycle', path: ['web', 'enable_lifecycle'], value: false },
    { flag: '--path.sysfs=/host/sys', path: ['paths', 'sysfs'], value: '/host/sys' },
    { flag: '--no-collector.self', path: ['collectors', 'self', 'enabled'], value: false },
    { flag: '--probe.latency', path: ['probes', 'latency', 'enabled'], value: true },
  ])('$flag is a key of the configuration', ({ flag, path, value }) => {
    expect(parse(flag).overrides).toMatchObject([{ path, value }]);
  });

  it('takes --pairs more than once', () => {
    expect(parse('probe', '--pairs=0:1', '--pairs', '2:3').pairs).toEqual(['0:1', '2:3']);
  });

  it.each([
    { argv: ['--web.port=1'], says: /web\.port/ },
    { argv: ['--no-collector.nothing'], says: /collector\.nothing/ },
    { argv: ['--config.file'], says: /config\.file/ },
    { argv: ['serv'], says: /unknown command "serv"; known: serve, probe, doctor, topology, series/ },
    { argv: ['--matrix'], says: /--matrix belongs to numacanary probe/ },
    { argv: ['topology', '--pairs=0:1'], says: /--pairs belongs to numacanary probe/ },
    { argv: ['serve', 'twice'], says: /unknown command "serve twice"/ },
  ])('refuses $argv', ({ argv, says }) => {
    expect(() => parse(...argv)).toThrow(says);
  });

  it('lists in --help every flag it takes, and the exit codes', () => {
    const text = usage(sections);
    for (const flag of [
      '--config.file',
      '--web.listen-address',
      '--path.cgroupfs',
      '--log.format',
      '--pairs',
    ]) {
      expect(text).toContain(flag);
    }
    for (const { name } of [...sections.collectors, ...sections.samplers, ...sections.probes])
      expect(text).toContain(name);
    expect(text).toMatch(/Exit codes: 0 .*1 .*2 /);
  });
});
