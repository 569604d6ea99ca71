import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { until } from '../e2e/stack.ts';
import { family, parsePage, valueOf } from '../lab/counts.ts';
import type { Page } from '../lab/counts.ts';
import { spawned } from '../spawned.ts';
import type { How } from '../spawned.ts';
import { createWatcher } from './watcher.ts';

/** Longer than any machine of CI needs; nothing is asserted about how long it took. */
export const patience = 90;

const openMetrics = { accept: 'application/openmetrics-text; version=1.0.0' };

export const say = (what: string) => void process.stderr.write(`faults: ${what}\n`);

/** The daemon as a process that something is done to, each of its pages looked at by a watcher. */
export async function faulty(argv: readonly string[] = [], env: NodeJS.ProcessEnv = {}, how: How = {}) {
  const daemon = await spawned(argv, env, how);
  const watcher = createWatcher();
  const url = `http://${daemon.address}/metrics`;

  async function scrape(): Promise<Page> {
    const response = await fetch(url, { headers: openMetrics });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
    watcher.see(text);
    return parsePage(text);
  }
  /** Scrapes until the page is as wanted. */
  const page = (what: string, wanted: (page: Page) => boolean, seconds = patience) =>
    until(what, seconds, async () => {
      const now = await scrape();
      return wanted(now) ? now : undefined;
    });
  return {
    ...daemon,
    scrape,
    page,
    ready: () => page('the first visits', (now) => made(now) > 0),
    /** By itself, and wholly: probes make visits again, and no source is failed. */
    async recovers() {
      const from = made(await scrape());
      return page('visits, and no source that fails', (now) => made(now) > from && failing(now).length === 0);
    },
    /** That nothing wrong was on any page, and that it is the process it was; ends it. */
    async sound() {
      expect(daemon.child.exitCode).toBe(null);
      expect(watcher.complaints()).toEqual([]);
      expect(watcher.pages()).toBeGreaterThan(1);
      daemon.child.kill('SIGTERM');
      expect(await daemon.exit, daemon.logged()).toEqual([0, null]);
    },
    watcher,
  };
}

export const counted = (page: Page, name: string, labels: Readonly<Record<string, string>> = {}) =>
  valueOf(page, `numacanary_${name}`, labels) ?? 0;

/** Visits that were made, whatever came out. */
export const made = (page: Page) =>
  counted(page, 'probe_visits_total', { outcome: 'clean' }) +
  counted(page, 'probe_visits_total', { outcome: 'tainted' });

/** `vmstat timeout`: sources that failed, and why. */
export const failing = (page: Page) =>
  Object.keys(family(page, 'numacanary_source_status'))
    .filter((labels) => labels.includes('status="failed"'))
    .map((labels) => `${/source="(\w+)"/.exec(labels)?.[1]} ${/reason="(\w+)"/.exec(labels)?.[1]}`);

/** A folder that goes with the test. */
export function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'numacanary-faults-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
