/** The catalogue: the models that we ship, what a user adds or changes, and which of them this CPU is. Pure. */
import { z } from 'zod';
import { ConfigError } from '../../errors.ts';
import type { CpuIdentity } from '../../topology.ts';
import { modelSchema } from './model.ts';
import type { Model, ModelEvent, UserModel } from './model.ts';
import { flaws } from './model_check.ts';

/** `value` as parsed from the file's YAML or JSON. */
export interface ModelFile {
  readonly file: string;
  readonly value: unknown;
}

/** Throws ConfigError with a line for each mistake: `models/x.yml: signals.load_l1.config: …`. */
export function parseModels(files: readonly ModelFile[]): readonly Model[] {
  const read = files.map(({ file, value }) => ({ file, result: modelSchema.safeParse(value) }));
  const models = read.flatMap(({ result }) => result.data ?? []);
  const lines = read.flatMap(({ file, result }) =>
    result.success
      ? flaws(result.data).map((flaw) => `${file}: ${flaw}`)
      : result.error.issues.map(({ path, message }) => `${file}: ${path.join('.')}: ${message}`),
  );
  if (lines.length === 0) lines.push(...overlaps(models));
  if (lines.length > 0) throw new ConfigError(lines);
  return models;
}

/** The text that the build makes of models/*.yml, once they are found good: `[{…}, …]`. */
export const readModels = (text: string): readonly Model[] => z.array(modelSchema).parse(JSON.parse(text));

/** A user's models first, so that they win; one with an id of ours is ours with what he says put over it. */
export function mergeModels(shipped: readonly Model[], users: readonly UserModel[]): readonly Model[] {
  const merged = users.map((user) => {
    const known = shipped.find(({ id }) => id === user.id);
    return known ? changed(known, user) : complete(user);
  });
  const lines = merged.flatMap((one) =>
    'missing' in one
      ? [`${one.id}: a new model needs ${one.missing.join(', ')}`]
      : flaws(one).map((flaw) => `${one.id}: ${flaw}`),
  );
  if (lines.length > 0) throw new ConfigError(lines.map((line) => `collectors.pmu.models: ${line}`));
  const models = merged.filter((one): one is Model => !('missing' in one));
  const taken = new Set(models.map(({ id }) => id));
  return [...models, ...shipped.filter(({ id }) => !taken.has(id))];
}

export function matchModel(models: readonly Model[], identity: CpuIdentity): Model | undefined {
  return models.find(({ match: { vendor, family, models: numbers, steppings } }) => {
    const [first, last] = steppings ?? [0, Infinity];
    return (
      vendor.toLowerCase() === identity.vendor.toLowerCase() &&
      (family ?? identity.family) === identity.family &&
      numbers.includes(identity.model) &&
      first <= identity.stepping &&
      identity.stepping <= last
    );
  });
}

/** Where an event's numbers were read. */
export const readIn = (model: Model, event: ModelEvent): readonly string[] =>
  event.read_in.length > 0 ? event.read_in : model.read_in;

function changed(model: Model, user: UserModel): Model {
  // A signal that the user puts into a group of his leaves ours.
  const moved = new Set(Object.values(user.groups ?? {}).flat());
  const groups = Object.entries(model.groups).flatMap(([name, signals]): [string, typeof signals][] => {
    const own = user.groups?.[name];
    const left = own ?? signals.filter((signal) => !moved.has(signal));
    return left.length > 0 ? [[name, left]] : [];
  });
  return {
    ...model,
    ...Object.fromEntries(Object.entries(user).filter(([, value]) => value !== undefined)),
    signals: { ...model.signals, ...user.signals },
    groups: { ...Object.fromEntries(groups), ...user.groups },
  };
}

function complete(user: UserModel): Model | { readonly id: string; readonly missing: readonly string[] } {
  const { id, name, match, unit, counters, signals, groups, read_in = ['user'], notes = [] } = user;
  if (match && unit && counters && signals && groups)
    return { id, name: name ?? id, match, unit, counters, signals, groups, read_in, notes };
  const needed = { match, unit, counters, signals, groups };
  return { id, missing: Object.entries(needed).flatMap(([key, value]) => (value ? [] : [key])) };
}

/** Of two that match one CPU the second would never be used. */
function overlaps(models: readonly Model[]): string[] {
  return models.flatMap(({ id, match }, index) =>
    models
      .slice(index + 1)
      .filter(({ match: other }) => sameCpu(match, other))
      .map((other) => `${other.id}: matches a CPU that ${id} matches too`),
  );
}

function sameCpu(a: Model['match'], b: Model['match']): boolean {
  const numbers = new Set(a.models);
  const [firstA, lastA] = a.steppings ?? [0, Infinity];
  const [firstB, lastB] = b.steppings ?? [0, Infinity];
  return (
    a.vendor === b.vendor &&
    a.family === b.family &&
    firstA <= lastB &&
    firstB <= lastA &&
    b.models.some((number) => numbers.has(number))
  );
}
