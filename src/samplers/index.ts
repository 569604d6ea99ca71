import type { Kind, Sampler } from '../source.ts';

/** In the order of pages, docs and config.example.yml. */
export const samplerKinds: readonly Kind<Sampler>[] = [];
