import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parsePage, valueOf } from '../lab/counts.ts';
import { noLab, observe } from '../lab/lab.ts';
import { sapphireRapids, sapphireRapidsUncore } from '../lab/pmu.ts';
import { lacks } from '../require.ts';
import { ociSpec } from './oci.ts';
import type { Container, Limits, Volume } from './oci.ts';

const repository = resolve(import.meta.dirname, '../..');
const lacking =
  noLab('amd64', 'crun') ||
  lacks('buildah', 'no image is built') ||
  lacks('helm3', 'nobody says what a profile gives (bash test/helm/setup.sh)');

const say = (text: string) => void process.stderr.write(`image: ${text}\n`);
const run = (program: string, ...args: readonly string[]) =>
  execFileSync(program, args, {
    cwd: repository,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

interface Seen {
  readonly ended: Readonly<
    Record<string, { readonly status: number; readonly stdout: string; readonly stderr: string }>
  >;
  readonly page: string;
  readonly log: string;
  readonly code: number;
}

interface Doctor {
  readonly permissions: { readonly uid: number; readonly threads: { readonly capabilities: string } } | null;
  readonly signals: readonly { readonly signal: string; readonly status: string; readonly reason: string }[];
}

/** What docs/kubernetes.md promises of each profile, at each kernel.perf_event_paranoid: capabilities, what is counted. */
const promised = [
  {
    profile: 'unprivileged',
    paranoid: 2,
    uid: 65534,
    capabilities: 'none',
    hardware: false,
    uncore: false,
    moves: false,
  },
  {
    profile: 'unprivileged',
    paranoid: 3,
    uid: 65534,
    capabilities: 'none',
    hardware: false,
    uncore: false,
    moves: false,
  },
  {
    profile: 'perfmon',
    paranoid: 2,
    uid: 0,
    capabilities: 'perfmon',
    hardware: true,
    uncore: true,
    moves: true,
  },
  {
    profile: 'perfmon',
    paranoid: 3,
    uid: 0,
    capabilities: 'perfmon',
    hardware: false,
    uncore: false,
    moves: false,
  },
  {
    profile: 'full',
    paranoid: 2,
    uid: 0,
    capabilities: 'sys_ptrace,sys_admin,perfmon',
    hardware: true,
    uncore: true,
    moves: true,
  },
  {
    profile: 'full',
    paranoid: 3,
    uid: 0,
    capabilities: 'sys_ptrace,sys_admin,perfmon',
    hardware: true,
    uncore: true,
    moves: true,
  },
] as const;
const boxes = new Set(sapphireRapidsUncore.map(({ event }) => event.type));
const profiles = ['unprivileged', 'perfmon', 'full'] as const;

/** Each of these must refuse to be written to: what a container may not do to its host. */
const untouchable = [
  '/host/proc/sys/kernel/numa_balancing',
  '/host/proc/sysrq-trigger',
  '/host/proc/self/oom_score_adj',
  '/host/sys/kernel/mm/transparent_hugepage/enabled',
  '/host/sys/devices/system/cpu/cpu1/online',
  '/host/sys/fs/cgroup/cgroup.procs',
  '/host/sys/kernel/tracing/tracing_on',
  '/host/sys/kernel/debug/fakepmu/control',
  '/proc/sys/kernel/numa_balancing',
  '/sys/devices/system/cpu/cpu1/online',
  '/sys/fs/cgroup/cgroup.procs',
  '/etc/passwd',
  '/etc/numacanary/config.yml',
  '/opt/numacanary/dist/main.js',
  '/written',
];
const writes = `
const fs = require('node:fs');
for (const path of ${JSON.stringify(untouchable)}) {
  try { fs.closeSync(fs.openSync(path, path === '/written' ? 'w' : 'r+')); console.log('WRITABLE ' + path); }
  catch ({ code }) { console.log(code + ' ' + path); }
}
for (const pid of fs.existsSync('/host/proc') ? fs.readdirSync('/host/proc') : []) {
  let comm = '';
  try { comm = fs.readFileSync('/host/proc/' + pid + '/comm', 'utf8').trim(); } catch {}
  if (comm !== 'capless' && comm !== 'capable') continue;
  try { fs.closeSync(fs.openSync('/host/proc/' + pid + '/root/tmp/door', 'w')); console.log('DOOR ' + comm + ' open'); }
  catch { console.log('DOOR ' + comm + ' shut'); }
}`;

describe.skipIf(lacking)('the image', () => {
  const work = mkdtempSync(join(tmpdir(), 'numacanary-image-'));
  const root = join(work, 'amd64');
  let seen: Seen;
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  beforeAll(async () => {
    run('bash', 'test/package/bases.sh');
    const began = performance.now();
    for (const arch of ['amd64', 'arm64']) build(arch, join(work, arch));
    say(`two architectures built in ${Math.round((performance.now() - began) / 1000)} s`);

    const { container: of, volumes, configs } = rendered();
    const specOf = (profile: string, name: string, args?: readonly string[], limits?: Limits) => {
      const spec = ociSpec(of(profile), volumes(profile), {
        root: '/tmp/overlay/root',
        configs: { config: `/tmp/configs/${profile}` },
        ...(limits && { limits }),
        name,
      }) as { process: { args: string[] } }; // as the runtime specification has it
      if (args) spec.process.args = [...args];
      return spec;
    };
    const main = ['/usr/local/bin/node', '/opt/numacanary/dist/main.js'];
    const doctor = [...main, 'doctor', '--json', '--config.file=/etc/numacanary/config.yml'];
    const asked = {
      module: { ncounters: 8, fixed: 0, uncore: [...boxes].join(',') },
      configs: Object.fromEntries(profiles.map((profile) => [`/tmp/configs/${profile}`, configs(profile)])),
      runs: [
        ...promised.map(({ profile, paranoid }) => {
          const name = `${profile}-${paranoid}`;
          return { name, paranoid, spec: specOf(profile, name, doctor) };
        }),
        ...profiles.map((profile) => {
          const name = `writes-${profile}`;
          return { name, paranoid: 2, spec: specOf(profile, name, ['/usr/local/bin/node', '-e', writes]) };
        }),
      ],
      // One socket, and a fifth of a CPU.
      served: {
        name: 'served',
        seconds: 150,
        spec: specOf('perfmon', 'served', undefined, { cpuset: '2-3', quota: 20_000 }),
        until: [
          String.raw`^numacanary_probe_tainted_total\{cause="throttled"\} [1-9]`,
          String.raw`^numacanary_probe_skipped_total\{reason="throttled"\} [1-9]`,
        ],
      },
    };
    mkdirSync(join(work, 'asked'));
    writeFileSync(join(work, 'asked/asked.json'), JSON.stringify(asked));
    seen = await observe<Seen>({
      topology: '2s2n',
      cpu: sapphireRapids,
      fakepmu: true,
      folders: { '/lab/image': root, '/lab/asked': join(work, 'asked') },
      command: ['node', 'test/lab/guest/profiles.mjs', '/lab/asked/asked.json'],
      timeoutSeconds: 900,
    });
  });

  it('says what it is, and runs as nobody in particular', () => {
    const { OCIv1 } = JSON.parse(
      run('buildah', 'inspect', '--type', 'image', 'localhost/numacanary:amd64'),
    ) as {
      OCIv1: {
        config: { User: string; Entrypoint: string[]; Labels: Record<string, string>; Healthcheck?: unknown };
      };
    }; // as buildah has it
    expect(OCIv1.config).toMatchObject({
      User: '65534:65534',
      Entrypoint: ['/usr/local/bin/node', '/opt/numacanary/dist/main.js'],
      Labels: {
        'org.opencontainers.image.version': '0.0.1-test',
        'org.opencontainers.image.revision': '0123abc',
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    });
    expect(OCIv1.config.Healthcheck).toBeUndefined();
  });

  it('has Node 24 and the program, and nothing that builds or fetches more of it', () => {
    expect(run(join(root, 'usr/local/bin/node'), '--version')).toMatch(/^v24\./);
    for (const path of ['usr/local/bin/npm', 'usr/bin/gcc', 'usr/bin/make', 'usr/local/lib/node_modules'])
      expect(existsSync(join(root, path)), path).toBe(false);
    for (const path of [
      'sbom.cdx.json',
      'THIRD-PARTY-LICENSES.txt',
      'native/prebuilt/linux-x64/libnumacanary.so',
    ])
      expect(existsSync(join(root, 'opt/numacanary', path)), path).toBe(true);
    // A file capability would keep a container without it from starting.
    expect(run('getcap', '-r', join(root, 'usr/local/bin'))).toBe('');
    say(
      `${run('du', '-sm', join(root, 'opt')).split('\t')[0]} MB of the program, ${run('du', '-sm', root).split('\t')[0]} MB in all`,
    );
  });

  it('for arm64 has arm64 in it', () => {
    /** e_machine of an ELF file: 183 is AArch64. */
    const machineOf = (path: string) => readFileSync(join(work, 'arm64', path)).readUInt16LE(18);
    expect(machineOf('usr/local/bin/node')).toBe(183);
    expect(machineOf('opt/numacanary/native/prebuilt/linux-arm64/libnumacanary.so')).toBe(183);
    expect(readdirSync(join(work, 'arm64/opt/numacanary/node_modules/@koromix'))).toEqual([
      'koffi-linux-arm64',
    ]);
  });

  it.each(promised)(
    '$profile at paranoid $paranoid sees what is promised',
    ({ profile, paranoid, ...wanted }) => {
      const { status, stdout, stderr } = seen.ended[`${profile}-${paranoid}`] ?? {
        status: -1,
        stdout: '',
        stderr: '',
      };
      expect([0, 1], stderr).toContain(status);
      const { permissions, signals } = JSON.parse(stdout) as Doctor; // doctor --json
      const counted = (...names: readonly string[]) =>
        names.every((name) => signals.some(({ signal, status: how }) => signal === name && how === 'ok'));
      say(
        `${profile} ${paranoid}: ${signals.filter(({ status: how }) => how === 'ok').length} signals counted`,
      );
      expect({
        uid: permissions?.uid,
        capabilities: permissions?.threads.capabilities,
        hardware: counted('cycles', 'load_remote_dram', 'load_remote_hitm'),
        uncore: counted('dram_read'),
        moves: counted('sched_migrate_task'),
      }).toEqual(wanted);
    },
  );

  it.each(profiles)('%s can write nowhere below its mounts, on the host or in the container', (profile) => {
    const { status, stdout, stderr } = seen.ended[`writes-${profile}`] ?? {
      status: -1,
      stdout: '',
      stderr: '',
    };
    expect(status, stderr).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('DOOR'))).toHaveLength(untouchable.length);
    expect(lines.filter((line) => line.startsWith('WRITABLE'))).toEqual([]);
    // They were there to be written to.
    if (profile !== 'unprivileged')
      expect(lines.filter((line) => line.startsWith('ENOENT /host'))).toEqual([]);
  });

  // /proc/PID/root leaves the mount of /proc, and what can be written there is what that process could write.
  it.each<[string, readonly string[]]>([
    ['unprivileged', []],
    ['perfmon', ['capable shut', 'capless open']],
    ['full', ['capable open', 'capless open']],
  ])('%s comes through the root of other processes as docs/security.md says: %j', (profile, doors) => {
    const { stdout } = seen.ended[`writes-${profile}`] ?? { stdout: '' };
    expect([...stdout.matchAll(/^DOOR (.*)$/gm)].map(([, door = '']) => door).toSorted()).toEqual(doors);
  });

  it('keeps to a cpuset of one socket, says that nothing is measured across, and knows that it was throttled', () => {
    const page = parsePage(seen.page);
    const pairs = (distance: string) => valueOf(page, 'numacanary_probe_pairs_available', { distance });
    expect(pairs('cross_socket'), seen.log).toBe(0);
    // Nothing of the probes is told of the socket that it may not use.
    expect(seen.page).not.toMatch(/^numacanary_probe_.*socket="0"/m);
    const thrown = valueOf(page, 'numacanary_probe_tainted_total', { cause: 'throttled' }) ?? 0;
    const skipped = valueOf(page, 'numacanary_probe_skipped_total', { reason: 'throttled' }) ?? 0;
    say(`of a fifth of a CPU: ${thrown} samples thrown away, ${skipped} visits not made`);
    expect(thrown).toBeGreaterThan(0);
    expect(skipped).toBeGreaterThan(0);
    expect(seen.page).toMatch(/^numacanary_process_threads\{capabilities="perfmon"\}/m);
  });

  it('ends when it is told', () => expect(seen.code, seen.log).toBe(0));
});

/** As `docker build --platform` on the outside, on bases that are made here; what is in it is copied to the folder. */
function build(arch: string, folder: string): void {
  const said = {
    // Buildah of Debian 12 does not say it by itself.
    BUILDPLATFORM: 'linux/amd64',
    NODE_IMAGE: 'localhost/numacanary-node',
    BASE_IMAGE: 'localhost/numacanary-base',
    VERSION: '0.0.1-test',
    REVISION: '0123abc',
  };
  const options = Object.entries(said).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const platform = ['--platform', `linux/${arch}`];
  const tag = `localhost/numacanary:${arch}`;
  run('buildah', 'bud', '--quiet', '--isolation', 'chroot', ...platform, ...options, '--tag', tag, '.');
  const container = run('buildah', 'from', ...platform, tag);
  run('cp', '-a', run('buildah', 'mount', container), folder);
  run('buildah', 'rm', container);
}

/** Looking into other programs is asked for by naming one. */
const watched =
  'config.collectors.drift.watch[0].name=x,config.collectors.drift.watch[0].cgroup=system.slice/x.service';

/** What the chart makes of each profile. */
function rendered() {
  const all = new Map<string, readonly ({ kind: string } & Record<string, never>)[]>(
    profiles.map((profile) => {
      const text = run(
        'helm3',
        'template',
        'x',
        'helm/numacanary',
        '--kube-version',
        '1.34.0',
        '--set',
        // The fake PMU counts by time: calibration would find it out.
        `profile=${profile},config.collectors.pmu.calibration=report`,
        ...(profile === 'full' ? ['--set', watched] : []),
      );
      const objects = parseAllDocuments(text).map(
        (one) => one.toJS() as { kind: string } & Record<string, never>,
      );
      return [profile, objects] as const;
    }),
  );
  const find = (profile: string, kind: string) => {
    const found = all.get(profile)?.find((one) => one.kind === kind);
    if (!found) throw new Error(`no ${kind} of ${profile}`);
    return found as unknown;
  };
  const pod = (profile: string) =>
    (
      find(profile, 'DaemonSet') as {
        spec: { template: { spec: { containers: Container[]; volumes: Volume[] } } };
      }
    ).spec.template.spec; // rendered by the chart
  return {
    container: (profile: string): Container => pod(profile).containers[0] ?? {},
    volumes: (profile: string): readonly Volume[] => pod(profile).volumes,
    configs: (profile: string): string =>
      (find(profile, 'ConfigMap') as { data: Record<string, string> }).data['config.yml'] ?? '', // rendered by the chart
  };
}
