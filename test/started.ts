import { compare } from 'bcryptjs';
import { onTestFinished } from 'vitest';
import { start } from '../src/app.ts';
import { parseConfig } from '../src/config.ts';
import type { Config, Override } from '../src/config.ts';
import type { Native } from '../src/host/host.ts';
import { parseModels } from '../src/pmu/catalogue/models.ts';
import { sections } from '../src/sources.ts';
import type { Compare } from '../src/web/auth.ts';
import { followWeb } from '../src/web/follow.ts';
import { countingNative } from './countingNative.ts';
import { fakeClock, filesOf, ownFilesOf, silentLog } from './fakes.ts';
import { machine } from './machines.ts';
import type { MachineName } from './machines.ts';
import { modelFiles } from './pmu/catalogue.ts';

export interface Given {
  readonly machine?: MachineName;
  readonly files?: Record<string, string | Error>;
  readonly native?: Native;
  readonly config?: string;
  readonly listen?: string;
  readonly readConfig?: () => Promise<Config>;
  /** The file of --web.config.file, and what it names, by path; may be changed later. */
  readonly web?: { readonly file: string; readonly files: Record<string, string> };
  readonly compare?: Compare;
}

/** The whole daemon on port 0, on a synthetic machine, with a clock that the test turns. Stops by itself. */
export async function started(given: Given = {}) {
  const clock = fakeClock();
  const log = silentLog();
  const files = filesOf(given.files ?? machine(given.machine ?? 'two-socket'));
  const overrides: Override[] = [
    { flag: '', path: ['web', 'listen_address'], value: given.listen ?? '127.0.0.1:0' },
  ];
  const config = parseConfig({ file: 'c.yml', text: given.config ?? '' }, sections, overrides);
  const running = await start({
    config,
    host: { files, clock, log, native: given.native ?? countingNative(clock) },
    build: { version: '1.2.3', revision: 'abc', nodeVersion: '20.0.0' },
    readConfig: given.readConfig ?? (async () => config),
    web: followWeb(given.web?.file ?? null, { files: ownFilesOf(given.web?.files ?? {}), clock, log }),
    compare: given.compare ?? compare,
    models: parseModels(modelFiles()),
    random: () => 0.5,
  });
  onTestFinished(async () => {
    const stopped = running.stop();
    await clock.advance(1);
    await stopped;
  });
  const get = (path: string, init: RequestInit = {}) => fetch(`http://${running.address}${path}`, init);
  const text = async (path: string, init: RequestInit = {}) => (await get(path, init)).text();
  return { ...running, clock, log, config, get, text };
}
