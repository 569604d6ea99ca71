import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const lines = readFileSync(resolve(import.meta.dirname, '../../Dockerfile'), 'utf8').split('\n');

it('no stage gives a default to what says the platform: it would win over the one that is asked for', () => {
  expect(lines).toContain('ARG TARGETARCH');
  expect(lines.filter((line) => /^ARG (TARGET|BUILD)\w+=/.test(line))).toEqual([]);
});

it('the last stage runs nothing, so that no foreign architecture has to be emulated', () => {
  const last = lines.findLastIndex((line) => line.startsWith('FROM'));
  expect(lines.slice(last).filter((line) => line.startsWith('RUN'))).toEqual([]);
});
