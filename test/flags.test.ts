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

  it('takes what a drift is to be, and has a default for the rest', () => {
    expect(parse('drift', '--buffer-node=1', '--seconds', '5').drift).toEqual({
      bufferNode: 1,
      readerCpu: undefined,
      mib: 64,
      seconds: 5,
      hugePages: false,
    });
  });

  it.each([
    { argv: ['--web.port=1'], says: /web\.port/ },
    { argv: ['--no-collector.nothing'], says: /collector\.nothing/ },
    { argv: ['--config.file'], says: /config\.file/ },
    {
      argv: ['serv'],
      says: /unknown command "serv"; known: serve, probe, doctor, conditions, drift, topology, series/,
    },
    { argv: ['--matrix'], says: /--matrix belongs to numacanary probe/ },
    { argv: ['topology', '--pairs=0:1'], says: /--pairs belongs to numacanary probe/ },
    { argv: ['probe', '--mib=3'], says: /--mib belongs to numacanary drift/ },
    { argv: ['drift', '--mib=0'], says: /--mib=0: allowed: a whole number from 1 to 1024/ },
    { argv: ['drift', '--seconds=1.5'], says: /--seconds=1.5: allowed: a whole number from 1 to 600/ },
    { argv: ['drift', '--reader-cpu=first'], says: /--reader-cpu=first/ },
    { argv: ['doctor', '--diff=a.json'], says: /--diff belongs to numacanary conditions/ },
    { argv: ['serve', '--set=burst_seconds=3'], says: /--set belongs to numacanary rules/ },
    {
      argv: ['rules', '--set=burst_second=3'],
      says: /--set=burst_second=3: no such threshold; known: .*burst_seconds/,
    },
    {
      argv: ['rules', '--set=burst_seconds=many'],
      says: /--set=burst_seconds=many: allowed: a number above 0/,
    },
    { argv: ['rules', '--set=burst_seconds'], says: /--set=burst_seconds: no such threshold/ },
    { argv: ['rules', '--scale=0'], says: /--scale=0: allowed: a number above 0, and 1 at most/ },
    { argv: ['rules', '--scrape-seconds=0'], says: /--scrape-seconds=0: allowed: a whole number/ },
    { argv: ['serve', 'twice'], says: /unknown command "serve twice"/ },
  ])('refuses $argv', ({ argv, says }) => {
    expect(() => parse(...argv)).toThrow(says);
  });

  it('takes other thresholds, times and addresses for the rules', () => {
    const { rules } = parse(
      'rules',
      '--set=burst_seconds=3',
      '--set',
      'remote_dram_share=0.5',
      '--scale=0.5',
      '--runbook-url=https://wiki/',
      '--grafana-url=https://grafana',
    );
    expect(rules.thresholds).toMatchObject({
      burst_seconds: 3,
      remote_dram_share: 0.5,
      regression_ratio: 1.25,
    });
    expect(rules).toMatchObject({
      scale: 0.5,
      scrapeSeconds: 15,
      runbooks: 'https://wiki',
      grafana: 'https://grafana/',
    });
  });

  it('lists in --help every flag it takes, and the exit codes', () => {
    const text = usage(sections);
    for (const flag of [
      '--config.file',
      '--web.listen-address',
      '--path.cgroupfs',
      '--log.format',
      '--pairs',
      '--buffer-node',
      '--huge-pages',
      '--set',
      '--scale',
    ]) {
      expect(text).toContain(flag);
    }
    for (const { name } of [...sections.collectors, ...sections.samplers, ...sections.probes])
      expect(text).toContain(name);
    expect(text).toMatch(/Exit codes: 0 .*1 .*2 /s);
  });
});
