import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { programWith } from '../e2e/stack.ts';
import type { Page } from '../lab/counts.ts';
import { lacks, skips } from '../require.ts';
import { notBuilt } from '../spawned.ts';
import { counted, failing, faulty, folderOfTest, made, say } from './faulty.ts';

const root = process.getuid?.() === 0;
const notRoot = (what: string) => skips(!root, `not root: ${what}`);
const cgroups = (controller: string) => `/sys/fs/cgroup/${controller}`;
const noCgroup = (controller: string) =>
  notRoot(`no cgroup of ${controller} is made`) ||
  skips(!usable(controller), `no cgroup of ${controller} (version 1) can be made here`);

function usable(controller: string): boolean {
  try {
    const probe = join(cgroups(controller), `numacanary-try-${process.pid}`);
    mkdirSync(probe);
    rmdirSync(probe);
    return true;
  } catch {
    return false;
  }
}

/** A cgroup that goes with the test; `join` is a command that begins in it. */
function cgroup(controller: string, files: Readonly<Record<string, string>>) {
  const folder = join(cgroups(controller), `numacanary-${process.pid}-${Date.now()}`);
  mkdirSync(folder);
  // The daemon was killed a moment ago, and the folder is busy until it is gone.
  onTestFinished(
    () =>
      void execFileSync('sh', ['-c', `for i in $(seq 100); do rmdir ${folder} && exit; sleep 0.1; done`], {
        stdio: 'ignore',
      }),
  );
  const set = (name: string, value: string) => writeFileSync(join(folder, name), value);
  for (const [name, value] of Object.entries(files)) set(name, value);
  const by = ['sh', '-c', `echo $$ >${folder}/cgroup.procs && exec "$@"`, 'sh'];
  return { set, by, read: (name: string) => readFileSync(join(folder, name), 'utf8') };
}

const pairs = (page: Page) => counted(page, 'probe_pairs_available');

describe.skipIf(notBuilt('nothing befalls it'))('a daemon that may do less', () => {
  it.skipIf(lacks('strace', 'nobody sees what it opens'))(
    'opens no file to write: there is no state to lose',
    async () => {
      const trace = join(folderOfTest(), 'trace');
      const by = [
        'strace',
        '-D',
        '-f',
        '-qq',
        '-o',
        trace,
        '-e',
        'trace=open,openat,creat,mkdir,mkdirat,rename,renameat2,unlink,unlinkat',
      ];
      const daemon = await faulty([], {}, { by });
      await daemon.recovers();
      await daemon.sound();
      const written = readFileSync(trace, 'utf8')
        .split('\n')
        .filter((line) => /O_WRONLY|O_RDWR|O_CREAT|creat\(|mkdir|rename|unlink/.test(line))
        .filter((line) => !/"\/dev\/(null|tty|urandom)"/.test(line));
      expect(written).toEqual([]);
    },
  );

  it.skipIf(notRoot('no mount namespace') || lacks('unshare', 'no mount namespace'))(
    'runs where every file system is read-only and what is not is full',
    async () => {
      const inside =
        'mount -t tmpfs -o size=4k tmpfs /tmp && head -c 9000 /dev/zero >/tmp/full; ' +
        'mount -o remount,bind,ro / && exec "$@"';
      const daemon = await faulty(
        [],
        {},
        { by: ['unshare', '-m', '--propagation=private', 'sh', '-c', inside, 'sh'] },
      );
      await daemon.ready();
      await daemon.recovers();
      await daemon.sound();
    },
  );

  it.skipIf(lacks('prlimit', 'no limit is set'))(
    'that may open no more than 64 files goes on, and reads all again when it may',
    async () => {
      const daemon = await faulty();
      await daemon.ready();
      const limit = (soft: string) =>
        execFileSync('prlimit', ['--pid', String(daemon.child.pid), `--nofile=${soft}:`]);
      const before = readFileSync(`/proc/${daemon.child.pid}/limits`, 'utf8');
      const soft = /^Max open files +(\d+)/m.exec(before)?.[1] ?? '1024';
      limit('64');
      for (let scrape = 0; scrape < 5; scrape += 1) await daemon.scrape();
      const page = await daemon.scrape();
      say(`64 descriptors: ${failing(page).join(', ') || 'no source failed'}, ${page.size} series`);
      limit(soft);
      await daemon.recovers();
      await daemon.sound();
    },
  );

  it.skipIf(noCgroup('pids'))(
    'that may start no more threads makes its visits with those that it keeps',
    async () => {
      const { set, by, read } = cgroup('pids', {});
      const daemon = await faulty([], {}, { by });
      const before = await daemon.ready();
      set('pids.max', read('pids.current').trim());
      await daemon.page('visits with the threads that were there', (page) => made(page) > made(before) + 3);
      set('pids.max', 'max');
      await daemon.recovers();
      await daemon.sound();
    },
  );

  it.skipIf(lacks('setpriv', 'no other user') || notRoot('no other user'))(
    'that gets no thread of its own says so, and probes when it gets one',
    async () => {
      // As many as Node itself has: none is left for the helper.
      const threads =
        "fs.readFile('/proc/self/stat', () => console.log(fs.readdirSync('/proc/self/task').length))";
      const own = execFileSync(process.execPath, ['-e', threads], { encoding: 'utf8' }).trim();
      const user = ['setpriv', '--reuid=64999', '--regid=64999', '--clear-groups'];
      const daemon = await faulty([], {}, { by: [...user, 'prlimit', `--nproc=${own}:1000`] });
      const without = await daemon.page('what the probes say', (page) =>
        failing(page).includes('latency native'),
      );
      expect(made(without)).toBe(0);
      say(`${own} processes at most: ${failing(without).join(', ')}`);
      expect(daemon.logged()).toContain('EAGAIN: no thread to be had');
      // As the same user: root of a container may lack CAP_SYS_RESOURCE.
      execFileSync('setpriv', [
        ...user.slice(1),
        'prlimit',
        '--pid',
        String(daemon.child.pid),
        '--nproc=1000:',
      ]);
      await daemon.recovers();
      await daemon.sound();
    },
  );

  it.skipIf(noCgroup('memory'))(
    'near the limit of its memory cgroup and first to be killed lives, and is what it was',
    async () => {
      const { by, set, read } = cgroup('memory', { 'memory.limit_in_bytes': '160M' });
      const inside = [...by, 'sh', '-c', 'echo 1000 >/proc/self/oom_score_adj && exec "$@"', 'sh'];
      const daemon = await faulty([], {}, { by: inside });
      await daemon.ready();
      const used = Number(read('memory.usage_in_bytes'));
      set('memory.limit_in_bytes', String(used + 4 * 2 ** 20));
      for (let scrape = 0; scrape < 20; scrape += 1) await daemon.scrape();
      await daemon.recovers();
      say(
        `memory cgroup: ${Math.round(used / 2 ** 20)} MiB used, limit 4 MiB above, ${read('memory.failcnt').trim()} times at it`,
      );
      await daemon.sound();
    },
  );

  it.skipIf(noCgroup('cpuset'))(
    'whose cpuset shrinks to one CPU probes no pair, and all again when it grows',
    async () => {
      const all = readFileSync(join(cgroups('cpuset'), 'cpuset.cpus'), 'utf8').trim();
      const { by, set } = cgroup('cpuset', { 'cpuset.cpus': all, 'cpuset.mems': '0' });
      const daemon = await faulty([], {}, { by });
      await daemon.page('pairs', (page) => pairs(page) > 0 && made(page) > 0);
      set('cpuset.cpus', all.slice(0, 1));
      const alone = await daemon.page('no pair', (page) => pairs(page) === 0);
      say(
        `one CPU: ${counted(alone, 'probe_visits_total', { outcome: 'refused' })} visits refused until it was noticed`,
      );
      set('cpuset.cpus', all);
      await daemon.page('pairs again', (page) => pairs(page) > 0);
      await daemon.recovers();
      await daemon.sound();
    },
  );
});

const library = 'native/build/libnumacanary.so';
const other = (text: string) => {
  const folder = folderOfTest();
  const source = join(folder, 'other.c');
  writeFileSync(source, text);
  execFileSync('cc', ['-shared', '-fPIC', '-o', join(folder, 'other.so'), source]);
  return join(folder, 'other.so');
};

describe.skipIf(notBuilt('no copy of it'))('a native helper', () => {
  const broken = [
    { name: 'that is missing', make: () => null, says: 'absent' },
    {
      name: 'that is cut off',
      make: () => {
        const path = join(folderOfTest(), 'cut.so');
        writeFileSync(path, readFileSync(library).subarray(0, 3000));
        return path;
      },
      says: 'absent',
    },
    { name: 'of an older ABI', make: () => other('int nc_abi(void) { return 0; }\n'), says: 'failed' },
    { name: 'of another library', make: () => other('int something(void) { return 0; }\n'), says: 'absent' },
  ];
  it.each(broken)('$name costs the probes and says so, and nothing else', async ({ make, says }) => {
    const folder = folderOfTest();
    const there = make();
    const at = programWith(folder, there ?? library);
    if (there === null) execFileSync('rm', [join(at, 'native/build/libnumacanary.so')]);
    else chmodSync(join(at, 'native/build/libnumacanary.so'), 0o644);
    const daemon = await faulty([], {}, { main: join(at, 'dist/main.js') });
    const page = await daemon.page('what the probes say', (now) =>
      [...now.keys()].some((series) => series.includes('{source="latency",')),
    );
    expect(
      [...page.keys()].filter((series) => series.includes('source_status{source="latency"')).join(),
    ).toContain(`status="${says}"`);
    expect(made(page)).toBe(0);
    expect(counted(page, 'source_status', { source: 'vmstat', status: 'ok' })).toBe(1);
    await daemon.scrape();
    await daemon.sound();
  });
});
