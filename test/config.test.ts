import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseConfig } from '../src/config.ts';
import type { Override, Sections } from '../src/config.ts';
import { ConfigError } from '../src/errors.ts';
import { modelsOption } from '../src/pmu/catalogue/model.ts';
import { sections } from '../src/sources.ts';

const read = (text: string, overrides: readonly Override[] = []) =>
  parseConfig({ file: 'c.yml', text }, sections, overrides);

function mistakes(text: string, overrides: readonly Override[] = []): readonly string[] {
  try {
    read(text, overrides);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.lines;
    throw thrown;
  }
  return [];
}

describe('config', () => {
  it('is good without a file, and the same with an empty one', () => {
    const config = parseConfig(undefined, sections);
    expect(config.web).toEqual({
      listen_address: '127.0.0.1:6862',
      telemetry_path: '/metrics',
      max_requests: 40,
      enable_lifecycle: false,
      config_file: null,
    });
    expect(config.probes['latency']).toMatchObject({ enabled: true, period_seconds: 2 });
    expect(read('')).toEqual(config);
    expect(read('# nothing\n')).toEqual(config);
    expect(read('probes:\n  # all of it commented out\n')).toEqual(config);
    expect(read('probes:\n  latency:\n    # period_seconds: 3\n')).toEqual(config);
  });

  it('takes what the file says, and the default for the rest', () => {
    const config = read('web:\n  max_requests: 2\nprobes:\n  throughput:\n    enabled: false\n');
    expect(config.web).toMatchObject({ max_requests: 2, telemetry_path: '/metrics' });
    expect(config.probes['throughput']).toMatchObject({ enabled: false, period_seconds: 20 });
  });

  it('lets a flag win over the file', () => {
    const overrides = [
      { flag: '--web.max-requests', path: ['web', 'max_requests'], value: 7 },
      { flag: '--no-probe.memory', path: ['probes', 'memory', 'enabled'], value: false },
    ];
    const config = read('web:\n  max_requests: 2\n', overrides);
    expect(config.web.max_requests).toBe(7);
    expect(config.probes['memory']).toMatchObject({ enabled: false });
  });

  it.each<{ text: string; says: (string | RegExp)[] }>([
    {
      text: 'web:\n  port: 1\n',
      says: [
        'c.yml:2:3: web.port: unknown key; known here: config_file, enable_lifecycle, listen_address, max_requests, telemetry_path',
      ],
    },
    {
      text: 'wbe: {}\n',
      says: [
        /^c\.yml:1:1: wbe: unknown key; known here: collectors, courtesy, jobs, log, metrics, paths, probes, samplers, web$/,
      ],
    },
    {
      text: 'web:\n  max_requests: many\n',
      says: [/^c\.yml:2:3: web\.max_requests: "many": .*; allowed: a whole number from 1 to 1000$/],
    },
    {
      text: 'web:\n  max_requests: 2.5\n',
      says: [/^c\.yml:2:3: web\.max_requests: 2\.5: .*; allowed: a whole number from 1 to 1000$/],
    },
    {
      text: 'web:\n  max_requests: 0\n',
      says: [/^c\.yml:2:3: web\.max_requests: 0: .*; allowed: a whole number from 1 to 1000$/],
    },
    {
      text: 'log:\n  level: loud\n',
      says: [/^c\.yml:2:3: log\.level: "loud": .*; allowed: debug, info, warn, error$/],
    },
    {
      text: 'web:\n  listen_address: localhost\n',
      says: [/^c\.yml:2:3: web\.listen_address: "localhost": .*; allowed: "host:port"/],
    },
    {
      text: 'web:\n  listen_address: :70000\n',
      says: [/^c\.yml:2:3: web\.listen_address: ":70000": .*port 0 to 65535$/],
    },
    {
      text: 'paths: {cgroupfs: here}\n',
      says: [/^c\.yml:1:9: paths\.cgroupfs: "here": .*; allowed: a path that begins with \/, or null$/],
    },
    {
      text: 'probes:\n  latency:\n    period_seconds: 0.1\n',
      says: [/^c\.yml:3:5: probes\.latency\.period_seconds: 0\.1: .*; allowed: a number from 0\.5 to 60$/],
    },
    {
      text: 'probes:\n  latency: yes please\n',
      says: [/^c\.yml:2:3: probes\.latency: "yes please": .*; allowed: a mapping of keys to values$/],
    },
    {
      text: 'courtesy:\n  exclude_cpus: 3-1\n  spin: fast\n',
      says: [
        /^c\.yml:2:3: courtesy\.exclude_cpus: "3-1": .*; allowed: CPU ids and ranges, as in "0-3,8"$/,
        /^c\.yml:3:3: courtesy\.spin: "fast": .*; allowed: auto, bare, pause$/,
      ],
    },
    {
      text: 'web:\n  max_requests:\n',
      says: [/^c\.yml:2:3: web\.max_requests: null: .*; allowed: a whole number from 1 to 1000$/],
    },
    {
      text: 'jobs:\n  sweep: {cron: daily}\n',
      says: [/^c\.yml:2:11: jobs\.sweep\.cron: "daily": .*; allowed: five fields of cron/],
    },
    { text: '- a\n- b\n', says: [/^c\.yml:1:1: the file: not a mapping/] },
    { text: 'web: 1\nweb: 2\n', says: [/^c\.yml:2:1: Map keys must be unique/] },
    {
      text: 'web:\n\tmax_requests: 1\n',
      says: [/^c\.yml:2:1: Tabs are not allowed as indentation/],
    },
    { text: 'web: {max_requests: 1\n', says: [/^c\.yml:2:1: /] },
    { text: 'log: {}\nweb: *nowhere\n', says: ['c.yml:2:6: *nowhere: no anchor &nowhere above'] },
    {
      text: 'web: [max_requests]\n',
      says: [/^c\.yml:1:1: web: \["max_requests"\]: .*a mapping of keys to values$/],
    },
    {
      text: 'probes:\n  latency: &one {period_seconds: 1}\n  throughput: *one\n',
      says: [/^c\.yml:3:3: probes\.throughput\.period_seconds: 1: .*; allowed: a number from 5 to 600$/],
    },
    { text: 'probes: {latency: {step_us: .nan}}\n', says: [/^c\.yml:1:20: .*step_us: NaN: /] },
    { text: 'web: {}\n---\nlog: {}\n', says: [/^c\.yml:2:1: .*multiple documents/] },
    {
      text: `web: ${'x'.repeat(100)}\n`,
      says: [/^c\.yml:1:1: web: "x{79}…: .*allowed: a mapping of keys to values$/],
    },
    {
      text: `# ${'x'.repeat(65_536)}\n`,
      says: ['c.yml:1:1: the file: 65539 characters; allowed: at most 65536'],
    },
  ])('says of $text where and what is allowed', ({ text, says }) => {
    const lines = mistakes(text);
    expect(lines).toHaveLength(says.length);
    for (const [index, line] of says.entries()) {
      if (typeof line === 'string') expect(lines[index]).toBe(line);
      else expect(lines[index]).toMatch(line);
    }
  });

  it('reports mistakes in the order of the file', () => {
    const lines = mistakes('probes:\n  latency:\n    perod_seconds: 2\n    step_us: "x"\nwbe: 1\n');
    expect(lines.map((line) => line.split(':')[1])).toEqual(['3', '4', '5']);
  });

  it('reports every mistake at once', () => {
    const lines = mistakes('web:\n  max_requests: x\n  port: 1\nlog: {level: loud}\nprobes:\n  bogus: {}\n');
    expect(lines.map((line) => line.split(': ')[1])).toEqual([
      'web.max_requests',
      'web.port',
      'log.level',
      'probes.bogus',
    ]);
  });

  it('names the flag where the flag is wrong', () => {
    const lines = mistakes('', [{ flag: '--web.max-requests', path: ['web', 'max_requests'], value: 'x' }]);
    expect(lines).toEqual([expect.stringMatching(/^--web\.max-requests: web\.max_requests: "x": /)]);
  });

  it('blames the file where a flag meets something that is no mapping', () => {
    const lines = mistakes('web: 3\n', [
      { flag: '--web.max-requests', path: ['web', 'max_requests'], value: 1 },
    ]);
    expect(lines).toEqual([expect.stringMatching(/^c\.yml:1:1: web: 3: .*mapping/)]);
  });

  it('survives a bomb of aliases', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefghi'.split('').map((key, index) => {
      const before = 'abcdefgh'[index];
      return `${key}: &${key} [${Array.from({ length: 9 }, () => `*${before}`).join()}]`;
    })]; // prettier-ignore
    expect(mistakes(bomb.join('\n'))).toHaveLength(1);
  });

  it.each([
    ['lists', '['.repeat(60_000), 'c.yml:1:33'],
    ['lists that end', `web: ${'['.repeat(5000)}${']'.repeat(5000)}`, 'c.yml:1:37'],
    ['mappings', '{a: '.repeat(10_000), 'c.yml:1:129'],
    ['items', '- '.repeat(30_000), 'c.yml:1:65'],
    ['keys', '? '.repeat(30_000), 'c.yml:1:65'],
  ])('refuses %s nested so deep that the process would end', (_, text, at) => {
    expect(mistakes(text)).toEqual([`${at}: the file: nested deeper; allowed: at most 32 levels`]);
  });

  it('refuses an alias inside of what it stands for', () => {
    expect(mistakes('web: &a {max_requests: *a}\n')).toEqual([
      'c.yml:1:24: *a: stands in what it stands for',
    ]);
  });

  it('resolves each alias to the last anchor of that name above it', () => {
    const text = 'web: {max_requests: &n 7}\nmetrics: {max_series: &n 300}\njobs: {sweep: {enabled: *n}}\n';
    expect(mistakes(text)).toEqual([expect.stringMatching(/^c\.yml:3:16: jobs\.sweep\.enabled: 300: /)]);
  });
});

describe('a list of CPU models', () => {
  const option: Sections = {
    collectors: [{ name: 'pmu', options: z.object({ models: modelsOption }) }],
    samplers: [],
    probes: [],
    jobs: [],
    shared: {},
  };
  const linesOf = (body: string): readonly string[] => {
    const text = `collectors:\n  pmu:\n    models:\n${body.replaceAll(/^/gm, '      ')}`;
    try {
      parseConfig({ file: 'c.yml', text }, option);
    } catch (thrown) {
      if (thrown instanceof ConfigError) return thrown.lines;
      throw thrown;
    }
    return [];
  };

  it('takes a change to one of ours, and a number beyond 2^53 in quotes', () => {
    const body = [
      '- id: intel-sapphire-rapids',
      '  signals:',
      "    uncore_clock: { event: CLOCK, pmu: uncore_cha, fields: { event: 1 }, config: '0xc816fe00000136' }",
    ];
    expect(linesOf(body.join('\n'))).toEqual([]);
  });

  it.each([
    ['- {}', /^c\.yml:4:9: collectors\.pmu\.models\.0\.id: .*; allowed: small letters, digits and -$/],
    ['- id: x\n- id: Y', /^c\.yml:5:9: collectors\.pmu\.models\.1\.id: "Y": .*allowed: small letters/],
    [
      '- id: x\n  nmae: X',
      /^c\.yml:5:9: collectors\.pmu\.models\.0\.nmae: unknown key; known here: counters, /,
    ],
    [
      '- id: x\n  signals:\n    all_lodes: {event: A}',
      /^c\.yml:6:11: collectors\.pmu\.models\.0\.signals\.all_lodes: unknown key; known here: cycles, instructions, /,
    ],
    [
      '- id: x\n  signals:\n    all_loads:\n      event: A\n      config: d0',
      /^c\.yml:8:13: .*\.all_loads\.config: "d0": .*; allowed: a whole number, 0x…, beyond 2\^53 '0x…' in quotes$/,
    ],
    [
      '- id: x\n  signals:\n    all_loads:\n      event: A\n      config: 0xc816fe00000136',
      /^c\.yml:8:13: .*\.all_loads\.config: \d+: .*; allowed: a whole number/,
    ],
    [
      '- id: x\n  signals:\n    all_loads:\n      event: A\n      fields: {event: -1}',
      /^c\.yml:8:22: .*\.all_loads\.fields\.event: -1: .*; allowed: a whole number/,
    ],
    [
      '- id: x\n  signals:\n    all_loads:\n      event: A\n      counters: [0, one]',
      /^c\.yml:8:27: .*\.counters\.1: "one": .*; allowed: a whole number from 0 to 63$/,
    ],
    [
      '- id: x\n  match: {vendor: V, models: [0x1-0x3, 0x4-]}',
      /^c\.yml:5:46: .*\.match\.models\.1: "0x4-": .*; allowed: a CPU model, or a range of them as 0x30-0x4f$/,
    ],
    [
      `- id: x\n  match: {vendor: V, models: [${"'0x0-0xfff', ".repeat(64)}1]}`,
      /^c\.yml:5:28: .*\.match\.models: .*; allowed: a list of at most 64$/,
    ],
    [
      '- id: x\n  groups:\n    loads: [cycles, cicles]',
      /^c\.yml:6:27: .*\.groups\.loads\.1: "cicles": .*; allowed: cycles, instructions, /,
    ],
    [
      '- id: x\n  groups:\n    loads: cycles',
      /^c\.yml:6:11: .*\.groups\.loads: "cycles": .*; allowed: a list$/,
    ],
    [
      '- id: x\n  groups:\n    Loads: [cycles]',
      /^c\.yml:6:11: .*\.groups\.Loads: a key that cannot be; allowed: small letters, digits and _$/,
    ],
    [
      '- [id]',
      /^c\.yml:4:9: collectors\.pmu\.models\.0: \["id"\]: .*; allowed: a mapping of keys to values$/,
    ],
    [
      '{}',
      /^c\.yml:3:5: collectors\.pmu\.models: \{\}: .*; allowed: a list of CPU models, or of changes to ours by id$/,
    ],
  ])('says of %j where and what is allowed', (body, line) => {
    expect(linesOf(body)).toEqual([expect.stringMatching(line)]);
  });
});

describe('config.example.yml', () => {
  const text = readFileSync('config.example.yml', 'utf8');
  const keysOf = (value: unknown, at = ''): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, below]) => keysOf(below, `${at}.${key}`))
      : [at];

  it('is the configuration without a file', () => {
    expect(parseConfig({ file: 'config.example.yml', text }, sections)).toEqual(
      parseConfig(undefined, sections),
    );
  });

  it('shows every key', () => {
    const { shared, ...config } = parseConfig(undefined, sections);
    expect(keysOf(parse(text)).toSorted()).toEqual([...keysOf(config), ...keysOf(shared)].toSorted());
  });
});
