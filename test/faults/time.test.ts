import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { notBuilt } from '../spawned.ts';
import { counted, faulty, made, say } from './faulty.ts';

const preload = (name: string) => ({ NODE_OPTIONS: `--import=${join(import.meta.dirname, name)}` });

describe.skipIf(notBuilt('nothing befalls it'))('time', () => {
  it('a process that is stopped for a minute goes on where it was, and makes up for no missed visit', async () => {
    const daemon = await faulty();
    const before = await daemon.ready();
    daemon.child.kill('SIGSTOP');
    await sleep(60_000); // the fault itself
    daemon.child.kill('SIGCONT');
    const after = await daemon.scrape();
    say(`stopped for 60 s: ${made(after) - made(before)} visits more on the first page after it`);
    // Thirty of each pair were missed.
    expect(made(after) - made(before)).toBeLessThan(20);
    await daemon.recovers();
    await daemon.sound();
  });

  it('a clock that is set an hour forth and back moves timestamps, and nothing that is counted or timed', async () => {
    const daemon = await faulty([], preload('wall_clock.mjs'));
    const clean = 'probe_last_clean_timestamp_seconds';
    await daemon.page('a clean visit', (page) => counted(page, clean) > 0);
    for (const hours of [1, 0, -1, 0]) {
      daemon.child.kill('SIGUSR2');
      const asked = Date.now() / 1000 + 3600 * hours;
      const after = await daemon.recovers();
      const cpuSeconds = counted(after, 'scrape_duration_seconds');
      expect(cpuSeconds).toBeLessThan(600);
      await daemon.page(`timestamps that are ${hours} h off`, (page) => {
        const newest = Math.max(
          ...[...page].filter(([series]) => series.includes(clean)).map(([, value]) => value),
        );
        return Math.abs(newest - asked) < 1200;
      });
    }
    await daemon.sound();
  });

  it('an event loop that is blocked for two seconds costs the ticks of that time, and no visit its truth', async () => {
    const daemon = await faulty([], preload('blocked.mjs'));
    await daemon.ready();
    for (let time = 0; time < 5; time += 1) {
      daemon.child.kill('SIGUSR2');
      await daemon.recovers();
    }
    await daemon.sound();
  });
});
