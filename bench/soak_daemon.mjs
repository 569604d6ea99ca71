// The daemon as main.ts starts it, but its clock goes faster: what it does in a day it does in a day's length divided by
// the first argument. Probes, samplers, looks at the topology, books that forget: all of it, and not the visits alone. Each
// ten seconds it tells its parent how it feels from inside.
import { existsSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { start } from '../dist/app.js';
import { parseConfig } from '../dist/config.js';
import { createCompare } from '../dist/host/bcrypt.js';
import { systemClock } from '../dist/host/clock.js';
import { filesUnder, ownFiles } from '../dist/host/files.js';
import { libraryPath } from '../dist/host/library.js';
import { createLog } from '../dist/host/log.js';
import { loadNative } from '../dist/host/native.js';
import { readModels } from '../dist/pmu/catalogue/models.js';
import { sections } from '../dist/sources.js';
import { followWeb } from '../dist/web/follow.js';

setFlagsFromString('--semi-space-growth-factor=1'); // as main.ts does
const [speed, port] = process.argv.slice(2).map(Number);
const tellMs = 10_000;
const repository = resolve(import.meta.dirname, '..');
const began = systemClock.wall();
const clock = {
  now: () => systemClock.now() * speed,
  wall: () => began + (systemClock.wall() - began) * speed,
  sleep: (seconds, signal) => systemClock.sleep(seconds / speed, signal),
};
const overrides = [
  { flag: '', path: ['web', 'listen_address'], value: `127.0.0.1:${port}` },
  { flag: '', path: ['web', 'enable_lifecycle'], value: true },
];
const config = parseConfig(undefined, sections, overrides);
const files = filesUnder({ procfs: '/proc', sysfs: '/sys', rootfs: '/', cgroupfs: '/sys/fs/cgroup' });
const log = createLog({
  level: 'warn',
  format: 'logfmt',
  write: (text) => process.stderr.write(text),
  clock,
});
const native = loadNative(libraryPath(`${repository}/`, process.arch, existsSync));
const running = await start({
  config,
  host: { files, clock, log, native },
  build: { version: 'soak', revision: 'soak', nodeVersion: process.versions.node },
  readConfig: async () => config,
  web: followWeb(null, { files: ownFiles, clock, log }),
  compare: createCompare(),
  models: readModels(readFileSync(resolve(repository, 'dist/models.json'), 'utf8')),
  random: Math.random,
});

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
setInterval(() => {
  process.send({ loopP99Ms: delay.percentile(99) / 1e6, heapMiB: process.memoryUsage().heapUsed / 2 ** 20 });
  delay.reset();
}, tellMs);
process.once('SIGTERM', () => running.stop().then(() => process.exit(0)));
