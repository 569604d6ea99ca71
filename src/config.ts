import { LineCounter, Parser, isAlias, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { CST, Document, YAMLError } from 'yaml';
import { z } from 'zod';
import { ConfigError } from './errors.ts';

/** A `host:port`, `[v6]:port` or `:port`, as every exporter takes it. */
const listenAddress = z
  .string()
  .refine(
    (text) =>
      /^(\[[0-9a-fA-F:.]+\]|[^:\s]*):\d{1,5}$/.test(text) &&
      Number(text.slice(text.lastIndexOf(':') + 1)) < 65_536,
  )
  .meta({ allowed: '"host:port", "[ipv6]:port" or ":port", port 0 to 65535' });

const path = z.string().regex(/^\//).meta({ allowed: 'a path that begins with /' });

/** What belongs to the daemon and not to one source. */
const daemon = {
  web: z
    .strictObject({
      listen_address: listenAddress.default('127.0.0.1:6862'),
      telemetry_path: z
        .string()
        .regex(/^\/[A-Za-z0-9/_.-]+$/)
        .meta({ allowed: 'a path that begins with / and is not / alone' })
        .default('/metrics'),
      max_requests: z.int().min(1).max(1000).default(40),
      enable_lifecycle: z.boolean().default(false),
      config_file: z.string().min(1).meta({ allowed: 'the path of a file' }).nullable().default(null),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['logfmt', 'json']).default('logfmt'),
    })
    .prefault({}),
  metrics: z.strictObject({ max_series: z.int().min(200).max(1_000_000).default(10_000) }).prefault({}),
  paths: z
    .strictObject({
      procfs: path.default('/proc'),
      sysfs: path.default('/sys'),
      rootfs: path.default('/'),
      cgroupfs: path.nullable().default(null),
    })
    .prefault({}),
};

/** One switchable section: the options of a source or job, and whether it runs at all. */
export interface Section {
  readonly name: string;
  readonly options: z.ZodObject;
  /** Left out: on. */
  readonly enabled?: boolean;
}

/** Shared settings that are no source's own, such as courtesy, by their key. */
export interface Sections {
  readonly collectors: readonly Section[];
  readonly samplers: readonly Section[];
  readonly probes: readonly Section[];
  readonly jobs: readonly Section[];
  readonly shared: Readonly<Record<string, z.ZodObject>>;
}

export type Switched = Readonly<
  Record<string, { readonly enabled: boolean; readonly [option: string]: unknown }>
>;

export type Config = {
  readonly [Key in keyof typeof daemon]: z.output<(typeof daemon)[Key]>;
} & {
  readonly collectors: Switched;
  readonly samplers: Switched;
  readonly probes: Switched;
  readonly jobs: Switched;
  readonly shared: Readonly<Record<string, unknown>>;
};

/** What a command-line flag says: it wins over the file. */
export interface Override {
  readonly flag: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

export interface ConfigText {
  readonly file: string;
  readonly text: string;
}

/** Twenty times the example with every key: what is larger is some other file, and takes minutes to refuse by key. */
const maxCharacters = 65_536;

/** Four times what the example has. A list in a list in a list some ten thousand times ends the process: no stack is so deep. */
const maxDepth = 32;

/** A file of ours: what it may say, and how we speak of it. */
export interface Kind {
  readonly schema: z.ZodObject;
  /** A file that shows how it is meant. */
  readonly example: string;
  /** Keys whose sections may be empty, as where all below them is commented out. */
  readonly groups?: readonly string[];
  /** It holds secrets: what stands wrong in it is never repeated, for it may be one. */
  readonly secretive?: boolean;
}

export interface Read {
  readonly value: unknown;
  /** `file:line:column` of a key; of its nearest parent where it is missing. */
  at(path: readonly string[]): string;
}

/** Throws ConfigError with a line for each mistake, not only the first. */
export function parseConfig(
  given: ConfigText | undefined,
  sections: Sections,
  overrides: readonly Override[] = [],
): Config {
  const kind: Kind = {
    schema: configSchema(sections),
    example: 'config.example.yml',
    groups: ['collectors', 'samplers', 'probes', 'jobs'],
  };
  const { value } = parseYaml(given ?? { file: 'default', text: '' }, kind, overrides);
  const { collectors, samplers, probes, jobs, web, log, metrics, paths, ...shared } = value as Omit<
    Config,
    'shared'
  >;
  return { web, log, metrics, paths, collectors, samplers, probes, jobs, shared };
}

/** Any YAML file of ours, checked; throws ConfigError with a line for each mistake. */
export function parseYaml({ file, text }: ConfigText, kind: Kind, overrides: readonly Override[] = []): Read {
  if (text.length > maxCharacters) {
    throw new ConfigError([
      `${file}:1:1: the file: ${text.length} characters; allowed: at most ${maxCharacters}`,
    ]);
  }
  const deep = tooDeep(text);
  if (deep !== undefined) {
    throw new ConfigError([`${file}:${deep}: the file: nested deeper; allowed: at most ${maxDepth} levels`]);
  }
  const lines = new LineCounter();
  // Pretty ones look through the file anew for each of its errors.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const told = ({ code, message }: YAMLError) => (kind.secretive ? `no YAML: ${code}` : firstLine(message));
    throw new ConfigError(document.errors.map((error) => `${at(error.pos[0])}: ${told(error)}`));
  }
  const checked = kind.schema.safeParse(overlay(valueOf(document, kind, at), overrides), {
    reportInput: true,
  });
  if (!checked.success) {
    const wrong = checked.error.issues.flatMap((issue) => mistakes(issue, kind));
    const placed = wrong.map(({ path, what }) => {
      const flag = overrides.find((one) => one.path.join('.') === path.join('.'))?.flag;
      const offset = flag ? -1 : offsetOf(document, path);
      return { offset, line: `${flag ?? at(offset)}: ${named(path, kind) || 'the file'}: ${what}` };
    });
    throw new ConfigError(placed.toSorted((a, b) => a.offset - b.offset).map(({ line }) => line));
  }
  return { value: checked.data, at: (path) => at(offsetOf(document, path)) };
}

/** `line:column` where nesting goes beyond what is allowed. By tokens: only what makes values of them calls itself. */
function tooDeep(text: string): string | undefined {
  const lines = new LineCounter();
  const open = [...new Parser(lines.addNewLine).parse(text)].map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next;
    if (depth > maxDepth) {
      const { line, col } = lines.linePos(token.offset);
      return `${line}:${col}`;
    }
    for (const inside of insideOf(token)) open.push({ token: inside, depth: depth + 1 });
  }
  return undefined;
}

function insideOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value ? [token.value] : [];
  return 'items' in token ? token.items.flatMap(({ key, value }) => [key ?? [], value ?? []].flat()) : [];
}

/** `alice:hash` without the blank is one key, and no name. */
const named = (path: readonly string[], { secretive }: Kind) =>
  path.map((key) => (secretive && !/^[\w.@-]{1,64}$/.test(key) ? '…' : key)).join('.');

export interface Setting {
  /** As in an error message: `probes.latency.period_seconds`. */
  readonly key: string;
  readonly default: unknown;
  readonly allowed: string;
}

/** Every key there is, in the order of the file. */
export function settings(sections: Sections): readonly Setting[] {
  const schema = configSchema(sections);
  return leaves(schema, schema.parse({}), []);
}

function leaves(schema: unknown, value: unknown, path: readonly string[]): Setting[] {
  const here = bare(schema);
  if (here instanceof z.ZodObject) {
    return Object.entries(here.shape).flatMap(([key, inner]) =>
      leaves(inner, (value as Record<string, unknown>)[key], [...path, key]),
    );
  }
  return here instanceof z.ZodType ? [{ key: path.join('.'), default: value, allowed: allowed(here) }] : [];
}

/** Of the whole file; the chart’s schema is made of it too. */
export function configSchema({ collectors, samplers, probes, jobs, shared }: Sections) {
  const common = Object.entries(shared).map(([key, { shape }]) => [key, z.strictObject(shape).prefault({})]);
  return z.strictObject({
    ...daemon,
    ...Object.fromEntries(common),
    collectors: group(collectors),
    samplers: group(samplers),
    probes: group(probes),
    jobs: group(jobs),
  });
}

function group(kinds: readonly Section[]) {
  const sections = kinds.map(({ name, options, enabled = true }) => [
    name,
    z.strictObject({ enabled: z.boolean().default(enabled), ...options.shape }).prefault({}),
  ]);
  return z.strictObject(Object.fromEntries(sections)).prefault({});
}

function valueOf(
  document: Document,
  { example, groups, secretive }: Kind,
  at: (offset: number) => string,
): Record<string, unknown> {
  const anchors = new Map<string, unknown>();
  visit(document, (_, node, path) => {
    if (isAlias(node)) {
      const source = secretive ? '…' : node.source;
      const refuse = (what: string) => new ConfigError([`${at(node.range?.[0] ?? 0)}: *${source}: ${what}`]);
      if (!anchors.has(node.source)) throw refuse(`no anchor &${source} above`);
      if (path.some((one) => one === anchors.get(node.source))) throw refuse('stands in what it stands for');
    } else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
  });
  let value: unknown;
  try {
    value = document.toJS();
  } catch (thrown) {
    // A bomb of aliases.
    throw new ConfigError([
      `${at(0)}: ${firstLine(thrown instanceof Error ? thrown.message : String(thrown))}`,
    ]);
  }
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value))
    return withoutEmpty(value as Record<string, unknown>, groups ?? []);
  throw new ConfigError([`${at(0)}: the file: not a mapping; keys and values are allowed, as in ${example}`]);
}

/** `probes:` or `latency:` with everything below it commented out means the defaults, not null. */
function withoutEmpty(value: Record<string, unknown>, groups: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([key, one]) => [key, groups.includes(key) && isMapping(one) ? withoutEmpty(one, []) : one]),
  );
}

function overlay(value: Record<string, unknown>, overrides: readonly Override[]): unknown {
  const root = structuredClone(value);
  for (const { path, value: wanted } of overrides) put(root, path, wanted);
  return root;
}

/** Where the file has no mapping the flag cannot be put; the schema then complains about the file. */
function put(at: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) at[key] = value;
  else if (isMapping((at[key] ??= {}))) put(at[key], rest, value);
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

type Issue = z.core.$ZodIssue;

function mistakes(issue: Issue, { schema, secretive }: Kind): { path: string[]; what: string }[] {
  const path = issue.path.map(String);
  const here = schemaAt(schema, path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...path, key],
      what: `unknown key; known here: ${keysOf(here)}`,
    }));
  if (issue.code === 'invalid_key')
    return [{ path, what: `a key that cannot be; allowed: ${keysOf(schemaAt(schema, path.slice(0, -1)))}` }];
  const found = issue.input === undefined || secretive ? '' : `${shown(issue.input)}: `;
  return [
    { path, what: `${found}${firstLine(issue.message)}; allowed: ${here ? allowed(here) : 'another value'}` },
  ];
}

/** Of a mapping with keys of ours, or with whatever keys of one kind. */
function keysOf(schema: unknown): string {
  const here = throughPipes(schema);
  if (here instanceof z.ZodObject) return Object.keys(here.shape).toSorted().join(', ');
  return here instanceof z.ZodRecord && here.keyType instanceof z.ZodType ? allowed(here.keyType) : 'none';
}

/** As it was typed, as far as it is short: .inf and .nan are no JSON. */
function shown(input: unknown): string {
  const text = typeof input === 'number' ? String(input) : JSON.stringify(input);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The schema below its default and prefault. */
function bare(schema: unknown): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? bare(schema.unwrap())
    : schema;
}

/** What is typed into a schema that makes something else of it. */
function throughPipes(schema: unknown): unknown {
  const here = bare(schema);
  return here instanceof z.ZodPipe ? throughPipes(here.in) : here;
}

function schemaAt(schema: unknown, path: readonly string[]): z.ZodType | undefined {
  const here = bare(schema);
  const [key, ...rest] = path;
  const inside = key === undefined ? here : throughPipes(here);
  if (key !== undefined) {
    if (inside instanceof z.ZodObject) return schemaAt(inside.shape[key], rest);
    if (inside instanceof z.ZodArray) return schemaAt(inside.element, rest);
    if (inside instanceof z.ZodRecord) return schemaAt(inside.valueType, rest);
  }
  return here instanceof z.ZodType ? here : undefined;
}

/** In words, what a key takes: from its schema, so that message and check cannot disagree. */
export function allowed(schema: z.ZodType): string {
  const said: unknown = schema.meta()?.['allowed'];
  if (typeof said === 'string') return said;
  if (schema instanceof z.ZodNullable) {
    const inner: unknown = schema.unwrap();
    return inner instanceof z.ZodType ? `${allowed(inner)}, or null` : 'null';
  }
  if (schema instanceof z.ZodEnum) return schema.options.join(', ');
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodObject) return 'a mapping of keys to values';
  if (schema instanceof z.ZodArray) return 'a list';
  if (schema instanceof z.ZodNumber) {
    const word = schema.isInt ? 'a whole number' : 'a number';
    const { minValue: min, maxValue: max } = schema;
    if (bounded(min) && bounded(max)) return `${word} from ${min} to ${max}`;
    if (bounded(min)) return `${word} from ${min}`;
    return bounded(max) ? `${word} up to ${max}` : word;
  }
  return 'text';
}

const bounded = (value: number | null): value is number =>
  value !== null && Math.abs(value) < Number.MAX_SAFE_INTEGER;

/** Where the key or the item of a list stands in the file; where it is missing, its nearest parent that is there. */
function offsetOf(document: Document, path: readonly string[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of path) {
    if (isSeq(node)) {
      const item: unknown = node.items[Number(key)];
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
      continue;
    }
    if (!isMap(node)) break;
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
    if (!pair) break;
    if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}

const firstLine = (text: string) => (text.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
