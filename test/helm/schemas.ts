import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

/** As test/helm/setup.sh lays them: swagger.json of Kubernetes, and the Operator's CustomResourceDefinitions in crds/. */
export const source = process.env['NUMACANARY_KUBERNETES_SCHEMAS'] ?? join(tmpdir(), 'numacanary-kubernetes');

export const schemasAreThere = () => existsSync(join(source, 'swagger.json'));

interface Schema {
  readonly [key: string]: unknown;
}

/** Writes a schema for each of these kinds, as kubeconform looks for them: KIND-GROUP-VERSION.json. */
export function writeSchemas(folder: string, kinds: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  const { definitions } = JSON.parse(readFileSync(join(source, 'swagger.json'), 'utf8')) as {
    definitions: Record<string, Schema>;
  };
  const strict = Object.fromEntries(Object.entries(definitions).map(([name, one]) => [name, closed(one)]));
  const write = (group: string, version: string, kind: string, schema: Schema) => {
    if (!kinds.includes(kind)) return;
    const file = [kind.toLowerCase(), ...(group ? [group.split('.')[0]] : []), version].join('-');
    writeFileSync(join(folder, `${file}.json`), JSON.stringify(schema));
  };
  for (const [name, definition] of Object.entries(definitions)) {
    const named = definition['x-kubernetes-group-version-kind'] as
      readonly { group: string; version: string; kind: string }[] | undefined; // swagger.json
    for (const { group, version, kind } of named ?? [])
      write(group, version, kind, { $ref: `#/definitions/${name}`, definitions: strict });
  }
  for (const file of readdirSync(join(source, 'crds'))) {
    const { spec } = parse(readFileSync(join(source, 'crds', file), 'utf8')) as {
      spec: {
        group: string;
        names: { kind: string };
        versions: readonly { name: string; schema: { openAPIV3Schema: Schema } }[];
      };
    }; // a CustomResourceDefinition
    for (const { name, schema } of spec.versions) {
      const judged = closed(schema.openAPIV3Schema);
      // What the API server knows of every object stands in no CustomResourceDefinition.
      const { properties } = judged as { properties: Record<string, Schema> };
      const metadata = { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };
      write(spec.group, name, spec.names.kind, {
        ...judged,
        properties: { ...properties, metadata },
        definitions: strict,
      });
    }
  }
}

/** What it does not name is an error, as with `kubectl --validate=strict`; quantities and ports may be numbers. */
function closed(schema: Schema): Schema {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'properties' ? eachClosed(value) : deeper(value),
    ]),
  );
  const numeric =
    schema['format'] === 'int-or-string' ||
    schema['x-kubernetes-int-or-string'] === true ||
    /Quantity is a fixed-point/.test(typeof schema['description'] === 'string' ? schema['description'] : '');
  if (numeric) return { anyOf: [{ type: 'string' }, { type: 'number' }] };
  const open =
    !('properties' in schema) ||
    'additionalProperties' in schema ||
    schema['x-kubernetes-preserve-unknown-fields'] === true;
  return open ? inner : { ...inner, additionalProperties: false };
}

const eachClosed = (properties: unknown): unknown =>
  Object.fromEntries(
    Object.entries(properties as Record<string, Schema>).map(([key, one]) => [key, closed(one)]),
  );

function deeper(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deeper);
  return typeof value === 'object' && value !== null ? closed(value as Schema) : value;
}
