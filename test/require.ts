import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Some suites need a program beyond Node and a C compiler. Without it they skip and say why; where
 * NUMACANARY_REQUIRE is set (.ci/run sets it) that is a failure, so that CI never passes by skipping.
 *
 *   describe.skipIf(lacks('promtool', 'checks the exposition format'))('exposition', () => { … });
 */
export function lacks(program: string, purpose: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return skips(
    !folders.some((folder) => existsSync(join(folder, program))),
    `${program} is not installed: ${purpose}`,
  );
}

/** The same for any other condition: true, with the reason printed, where the suite has to skip. */
export function skips(condition: boolean, reason: string): boolean {
  if (!condition) return false;
  if (process.env['NUMACANARY_REQUIRE']) throw new Error(`required, and cannot run: ${reason}`);
  process.stderr.write(`skipped: ${reason}\n`);
  return true;
}
