import type { Collection } from './collect.ts';
import { publish } from './publish.ts';
import type { Format } from './publish.ts';

/** Renders each collection once for each format, however many ask for it. */
export function createPage(collect: (deadlineSeconds: number) => Promise<Collection>) {
  const pages = new WeakMap<Collection, Map<Format, Promise<string>>>();
  return async function page(format: Format, deadlineSeconds: number): Promise<string> {
    const collection = await collect(deadlineSeconds);
    const made = pages.get(collection) ?? new Map<Format, Promise<string>>();
    pages.set(collection, made);
    const rendered = made.get(format) ?? publish(collection.families, format);
    made.set(format, rendered);
    return rendered;
  };
}
