import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeTree } from '../e2e/stack.ts';
import { machine } from '../machines.ts';
import { notBuilt } from '../spawned.ts';
import { failing, faulty, folderOfTest, say } from './faulty.ts';

/** A machine on disk, of which anything may be taken. */
function onDisk() {
  const folder = folderOfTest();
  writeTree(folder, machine('one-socket', { coresPerNode: 2, threads: 1, numbering: 'linear' }));
  const at = (path: string) => join(folder, path);
  const flags = [`--path.sysfs=${folder}/sys`, `--path.procfs=${folder}/proc`];
  return { at, flags };
}

describe.skipIf(notBuilt('nothing befalls it'))('files of the kernel', () => {
  it('that come and go while they are read are absent on that page, and no zero', async () => {
    const { at, flags } = onDisk();
    const daemon = await faulty(flags);
    await daemon.ready();
    const whole = new Set((await daemon.scrape()).keys());
    const taken = [
      'proc/vmstat',
      'proc/interrupts',
      'sys/devices/system/node/node0/numastat',
      'sys/devices/system/cpu/cpu1',
      'sys/fs/cgroup',
    ];
    for (let turn = 0; turn < 40; turn += 1) {
      const path = at(taken[turn % taken.length] ?? '');
      renameSync(path, `${path}.away`);
      await daemon.scrape();
      renameSync(`${path}.away`, path);
      await daemon.scrape();
    }
    const after = await daemon.recovers();
    await daemon.page('all series that there were', (page) => [...whole].every((one) => page.has(one)));
    expect(failing(after)).toEqual([]);
    say(`files that come and go: ${daemon.watcher.pages()} pages`);
    await daemon.sound();
  });

  it('of which one is a pipe that says nothing fails its own source, however often it is asked, and no other', async () => {
    const { at, flags } = onDisk();
    const daemon = await faulty(flags);
    await daemon.ready();
    const path = at('sys/devices/system/node/node0/numastat');
    const text = readFileSync(path);
    rmSync(path);
    execFileSync('mkfifo', [path]);
    await daemon.page('the source that hangs', (page) => failing(page).length > 0);
    // Were each reading held up, the fifth scrape would find none of the four threads free.
    for (let scrape = 0; scrape < 6; scrape += 1) {
      const response = await fetch(`http://${daemon.address}/metrics`, {
        headers: { 'x-prometheus-scrape-timeout-seconds': '2' },
      });
      expect(await response.text()).toContain(
        'numacanary_source_status{source="numastat",status="failed",reason="unparsable"} 1',
      );
    }
    const hung = await daemon.scrape();
    expect(failing(hung)).toEqual(['numastat unparsable']);
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
    await daemon.recovers();
    await daemon.sound();
  });
});
