import { readFileSync, readdirSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../src/config.ts';
import type { ConfigText } from '../../src/config.ts';
import { ConfigError, UsageError } from '../../src/errors.ts';
import { commands, parseFlags } from '../../src/flags.ts';
import { formatFor, wantsGzip } from '../../src/negotiate.ts';
import { mergeModels, parseModels } from '../../src/pmu/catalogue/models.ts';
import type { UserModel } from '../../src/pmu/catalogue/model.ts';
import { sections } from '../../src/sources.ts';
import { parseWebConfig } from '../../src/web/config.ts';
import { modelFiles } from '../pmu/catalogue.ts';
import { odd, runs } from './mutations.ts';

const hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG';
const web = `tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example, 10.0.0.1]
http_server_config: {headers: {X-Frame-Options: deny}}
basic_auth_users:
  alice: ${hash}
rate_limit: {interval: 1m30s, burst: 7}
`;
const example = readFileSync('config.example.yml', 'utf8');
const smallModel = readFileSync(`models/${readdirSync('models')[0]}`, 'utf8');
const withModel = stringify({ collectors: { pmu: { models: [parse(smallModel)] } } });

/** Pieces that mean something in YAML. */
const pieces = [
  'web probes latency enabled true .nan ~ null 0x1f 1e999 2001-01-01 __proto__ constructor',
  '&a *a <<: ? : - !!set !!binary !x | >- --- ... %YAML { } [ ] , " \' #',
  '\n \n\u0020 \t \0 \uFEFF \uD800',
].join(' ');

const yaml = (good: string) =>
  fc.oneof(
    { weight: 5, arbitrary: odd([good]) },
    { weight: 2, arbitrary: odd([pieces]) },
    // One piece until the file is as long as a file may be.
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...pieces.split(' '), '[a, ', '{a: ', 'a: *a, ', 'k: 1\n'), fc.nat(4000))
        .map(([piece, times]) => `a: &a [1]\nb: ${piece.repeat(times)}`),
    },
    // Bytes read as text, as the daemon reads them.
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
    },
  );

/** The line of each mistake is one that the file has. */
function placed(lines: readonly string[], text: string): void {
  const rows = text.split(/\r\n|\r|\n/).length;
  for (const line of lines) {
    const [, row, column] = /^c\.yml:(\d+):(\d+): .+/s.exec(line) ?? [];
    expect(line).toSatisfy(() => Number(row) >= 1 && Number(row) <= rows && Number(column) >= 1);
    expect(line).not.toContain('\n');
  }
}

describe.each<{ what: string; good: string; read: (given: ConfigText) => unknown }>([
  { what: 'a configuration', good: example, read: (given) => parseConfig(given, sections) },
  {
    what: 'a configuration with a CPU model',
    good: withModel,
    read: (given) => parseConfig(given, sections),
  },
  { what: 'a web configuration', good: web, read: (given) => parseWebConfig(given) },
])('$what', ({ good, read }) => {
  it('is read as it stands', () => {
    expect(() => read({ file: 'c.yml', text: good })).not.toThrow();
  });

  it('is read, or refused by file, line and column, whatever it is', () => {
    fc.assert(
      fc.property(yaml(good), (text) => {
        try {
          expect(read({ file: 'c.yml', text })).toBeTypeOf('object');
          expect(Object.getPrototypeOf({})).not.toHaveProperty('enabled');
        } catch (thrown) {
          if (!(thrown instanceof ConfigError)) throw thrown;
          expect(thrown.lines.length).toBeGreaterThan(0);
          placed(thrown.lines, text);
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('a web configuration', () => {
  it('never has a password repeated, whatever is wrong around it', () => {
    fc.assert(
      fc.property(odd([web]), (text) => {
        try {
          parseWebConfig({ file: 'c.yml', text });
        } catch (thrown) {
          expect(String(thrown)).not.toContain('X0h1gDsPsz');
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

describe('the catalogue of CPU models', () => {
  const shipped = parseModels(modelFiles());
  const good: unknown = parse(smallModel);

  /** The same with something else in some place. */
  const spoiled = fc
    .tuple(fc.array(fc.nat(), { maxLength: 6 }), fc.jsonValue())
    .map(([path, value]) => replaced(good, path, value));

  it('takes a file or refuses it by name', () => {
    fc.assert(
      fc.property(fc.oneof(spoiled, fc.jsonValue()), (value) => {
        try {
          expect(parseModels([{ file: 'models/x.yml', value }])).toHaveLength(1);
        } catch (thrown) {
          if (!(thrown instanceof ConfigError)) throw thrown;
          for (const line of thrown.lines) expect(line).toMatch(/^models\/x\.yml: /);
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it('takes what a user adds to it or says what is missing', () => {
    fc.assert(
      fc.property(fc.array(spoiled, { maxLength: 3 }), (values) => {
        try {
          const text = JSON.stringify({ collectors: { pmu: { models: values } } });
          const { models } = parseConfig({ file: 'c.yml', text }, sections).collectors['pmu'] as unknown as {
            models: UserModel[];
          };
          expect(mergeModels(shipped, models).length).toBeGreaterThanOrEqual(shipped.length);
        } catch (thrown) {
          if (!(thrown instanceof ConfigError)) throw thrown;
        }
      }),
      { numRuns: runs(200) },
    );
  });
});

function replaced(at: unknown, [step, ...rest]: readonly number[], value: unknown): unknown {
  if (step === undefined || typeof at !== 'object' || at === null) return value;
  if (Array.isArray(at)) {
    const index = step % Math.max(1, at.length);
    return at.with(Math.min(index, at.length - 1), replaced(at[index], rest, value));
  }
  const entries = Object.entries(at);
  const index = step % Math.max(1, entries.length);
  return Object.fromEntries(
    entries.map(([key, one], i) => [key, i === index ? replaced(one, rest, value) : one]),
  );
}

describe('a command line', () => {
  const flags =
    '--config.file=x --web.listen-address --web.max-requests=9 --no-collector.pmu --json -h -- - --pairs=0:1,2:3 ' +
    '--mib=64 --seconds=1e2 --set=x=1 --scale=0.1 --no- --__proto__ --no-__proto__ --collector.__proto__ ' +
    '--constructor=1 --buffer-node=-1 --reader-cpu=9999999999999 --scrape-seconds=';
  const word = fc.oneof(
    fc.constantFrom(...flags.split(' ')),
    fc.constantFrom(...commands),
    odd(['--web.max-requests=40', '--log.level=info']),
    fc.string(),
  );

  it('is understood, or refused with a word that helps', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (argv) => {
        try {
          const { command, drift, overrides } = parseFlags(argv, sections);
          expect(commands).toContain(command);
          expect(drift.mib).toSatisfy((mib: number) => mib >= 1 && mib <= 1024);
          for (const { path } of overrides) expect(path.length).toBeGreaterThan(1);
          parseConfig(undefined, sections, overrides);
        } catch (thrown) {
          if (!(thrown instanceof UsageError || thrown instanceof ConfigError)) throw thrown;
        }
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe('what a client likes', () => {
  const accept = odd([
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    'gzip;q=0, deflate, br;q=1e999, *;q=0.5',
  ]);

  it('is one of the two formats, and gzip or not', () => {
    fc.assert(
      fc.property(accept, (header) => {
        expect(['text', 'openmetrics']).toContain(formatFor(header));
        expect(wantsGzip(header)).toBeTypeOf('boolean');
      }),
      { numRuns: runs(1000) },
    );
  });
});
