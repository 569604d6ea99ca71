import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { printed } from '../../scripts/helm.mjs';
import { parseConfig } from '../../src/config.ts';
import { sections } from '../../src/sources.ts';
import { lacks, skips } from '../require.ts';
import { containersOf, podSpecOf, violations } from './pod_security.ts';
import type { KubernetesObject } from './pod_security.ts';
import { relabelled } from './relabelling.ts';
import type { Relabelling } from './relabelling.ts';
import { schemasAreThere, writeSchemas } from './schemas.ts';

const repository = resolve(import.meta.dirname, '../..');
const chart = join(repository, 'helm/numacanary');
const how = 'bash test/helm/setup.sh';
const lacking =
  lacks('helm3', `the chart is not tried (${how})`) ||
  lacks('helm4', `the chart is not tried (${how})`) ||
  lacks('kubeconform', `the chart is not tried (${how})`) ||
  skips(!schemasAreThere(), `the schemas of Kubernetes are not there (${how})`);

const names = readdirSync(join(chart, 'ci')).map((file) => file.replace('-values.yaml', ''));
const valuesOf = (name: string) => join(chart, `ci/${name}-values.yaml`);

/** As `helm template`; of this chart, where the first argument is no other one's folder. */
function template(helm: string, ...args: readonly string[]): string {
  const all = args[0]?.startsWith('/') ? args : [chart, ...args];
  const cluster = [
    '--namespace',
    'numa',
    '--kube-version',
    '1.34.0',
    '--api-versions',
    'monitoring.coreos.com/v1',
  ];
  return execFileSync(helm, ['template', 'canary', ...cluster, ...all], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });
}
const objectsIn = (text: string) =>
  parseAllDocuments(text).flatMap((one) => (one.toJS() as KubernetesObject | null) ?? []);
const objects = (...args: readonly string[]) => objectsIn(template('helm3', ...args));
const of = (name: string) => objects('--values', valuesOf(name));
const find = (all: readonly KubernetesObject[], kind: string) =>
  all.find((one) => one.kind === kind) ?? fail(`no ${kind}`);
const fail = (what: string): never => {
  throw new Error(what);
};
const checksum = (...args: readonly string[]) =>
  find(objects(...args), 'DaemonSet').spec.template?.metadata.annotations?.['checksum/config'];
const recursiveReadOnly = (version: string) =>
  containersOf(podSpecOf(find(objects('--kube-version', version), 'DaemonSet'))).flatMap(
    ({ volumeMounts = [] }) => volumeMounts.map((mount) => mount.recursiveReadOnly),
  );
const refused = (...args: readonly string[]) =>
  (['helm3', 'helm4'] as const).map((helm) => {
    const { status, stderr } = spawnSync(
      helm,
      ['template', 'canary', chart, '--kube-version', '1.34.0', ...args],
      { encoding: 'utf8' },
    );
    return { status, stderr };
  });

it('the chart’s copies, schema, version and table of values are what `npm run helm` prints', () => {
  for (const [path, text] of Object.entries(printed()))
    expect(readFileSync(join(repository, path), 'utf8'), path).toBe(text);
});

describe.skipIf(lacking)('the chart', () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'numacanary-helm-'));
    const kinds = ['DaemonSet', 'ConfigMap', 'ServiceAccount', 'Service', 'NetworkPolicy', 'Deployment'];
    writeSchemas(scratch, [...kinds, 'PodMonitor', 'ServiceMonitor', 'PrometheusRule']);
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  const conform = (text: string) => {
    const location = `${scratch}/{{.ResourceKind}}{{.KindSuffix}}.json`;
    return spawnSync('kubeconform', ['-strict', '-summary', '-schema-location', location, '-'], {
      input: text,
      encoding: 'utf8',
    });
  };

  describe.each(['helm3', 'helm4'])('with %s', (helm) => {
    it.each(names)('is without a complaint of lint: %s', (name) => {
      const { status, stdout, stderr } = spawnSync(
        helm,
        ['lint', '--strict', chart, '--values', valuesOf(name)],
        { encoding: 'utf8' },
      );
      expect(status, stdout + stderr).toBe(0);
    });

    it.each(names)('makes objects that Kubernetes knows, every field of them: %s', (name) => {
      const { status, stdout } = conform(template(helm, '--values', valuesOf(name)));
      expect(status, stdout).toBe(0);
      expect(stdout).toMatch(/Invalid: 0, Errors: 0, Skipped: 0/);
    });
  });

  it('is judged by somebody who sees a misspelt field', () => {
    const text = template('helm3').replace('readOnlyRootFilesystem', 'readOnlyRootFileSystem');
    expect(conform(text).stdout).toMatch(/readOnlyRootFileSystem/);
  });

  it.each(names)('means the same to both versions of Helm: %s', (name) => {
    expect(objectsIn(template('helm4', '--values', valuesOf(name)))).toEqual(of(name));
  });

  it.each(names)('gives the daemon a configuration that it takes: %s', (name) => {
    const text = String(find(of(name), 'ConfigMap').data?.['config.yml']);
    const { web, paths } = parseConfig({ file: 'config.yml', text }, sections);
    expect(web.listen_address).toMatch(/^:\d+$/);
    expect(paths.sysfs).toBe(name === 'unprivileged' ? '/sys' : '/host/sys');
  });

  it('rolls its pods when the configuration changes, and not otherwise', () => {
    expect(checksum()).toBe(checksum('--set', 'podMonitor.enabled=true'));
    expect(checksum()).not.toBe(checksum('--set', 'config.metrics.max_series=5000'));
  });

  it.each([
    ['unprivileged', undefined, undefined, []],
    ['perfmon', 0, ['PERFMON'], ['/sys', '/proc']],
    ['full', 0, ['PERFMON', 'SYS_ADMIN'], ['/sys', '/proc']],
  ])('%s runs as %s with capabilities %j and sees %j of the host', (profile, user, add, paths) => {
    const pod = podSpecOf(find(objects('--set', `profile=${profile}`), 'DaemonSet'));
    const [container] = containersOf(pod);
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      privileged: false,
      runAsNonRoot: user !== 0,
      ...(user === 0 && { runAsUser: 0, runAsGroup: 0 }),
      capabilities: { drop: ['ALL'], ...(add && { add }) },
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.volumes?.flatMap(({ hostPath }) => hostPath?.path ?? [])).toEqual(paths);
    for (const mount of container?.volumeMounts ?? []) expect(mount.readOnly, mount.name).toBe(true);
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  it('may look into other programs only where one is to be watched', () => {
    const [container] = containersOf(podSpecOf(find(of('full'), 'DaemonSet')));
    expect(container?.securityContext?.capabilities?.add).toContain('SYS_PTRACE');
  });

  it('gives whatever name a string, and lets no label of yours take the place of those it is found by', () => {
    const text = execFileSync(
      'helm3',
      [
        'template',
        '123',
        chart,
        '--namespace',
        '456',
        '--kube-version',
        '1.34.0',
        '--values',
        valuesOf('monitors'),
      ],
      { encoding: 'utf8' },
    );
    expect(conform(text).stdout).toMatch(/Invalid: 0, Errors: 0/);
    const labels = ['commonLabels', 'podLabels'].map((of) => `${of}.app\\.kubernetes\\.io/name=other`);
    const daemonSet = find(objects('--set', labels.join(',')), 'DaemonSet');
    expect(daemonSet.spec.template?.metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'numacanary',
    });
  });

  it.each(Object.keys(parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as object))(
    'says what is missing where %s is left empty',
    (key) => {
      for (const { status, stderr } of refused('--set', `${key}=null`)) {
        expect(status).not.toBe(0);
        expect(stderr).toMatch(new RegExp(`'${key}'`));
      }
    },
  );

  it('asks for no longer than until the next scrape', () => {
    const { spec } = find(objects('--set', 'podMonitor.enabled=true,podMonitor.interval=5s'), 'PodMonitor');
    expect(spec['podMetricsEndpoints']).toMatchObject([{ interval: '5s' }]);
    expect(JSON.stringify(spec)).not.toContain('scrapeTimeout');
  });

  it('keeps what is mounted below the host’s /sys read-only where Kubernetes can, and starts where it cannot', () => {
    expect(recursiveReadOnly('1.31.0')).toEqual([undefined, 'IfPossible', 'IfPossible']);
    expect(recursiveReadOnly('1.30.4')).toEqual([undefined, undefined, undefined]);
  });

  it('never mounts anything of kubelet’s, which holds every pod’s secrets', () => {
    for (const name of names)
      expect(template('helm3', '--values', valuesOf(name))).not.toMatch(/lib\/kubelet/);
  });

  it('fits Pod Security `restricted` where it is unprivileged, and says what it asks beyond where it is not', () => {
    expect(violations(podSpecOf(find(of('unprivileged'), 'DaemonSet')))).toEqual([]);
    expect(violations(podSpecOf(find(of('default'), 'DaemonSet')))).toEqual([
      'capabilities: PERFMON',
      'hostPath: /sys',
      'hostPath: /proc',
      'runAsUser: 0',
      'runAsNonRoot',
    ]);
    const sidecar = objectsIn(readFileSync(join(repository, 'helm/examples/sidecar.yaml'), 'utf8'));
    const pod = podSpecOf(find(sidecar, 'Deployment'));
    const own = containersOf(pod).filter(({ name }) => name === 'numacanary');
    expect(violations({ ...pod, containers: own })).toEqual([]);
  });

  it('has an example of a sidecar that Kubernetes knows', () => {
    const { status, stdout } = conform(readFileSync(join(repository, 'helm/examples/sidecar.yaml'), 'utf8'));
    expect(status, stdout).toBe(0);
  });

  it.each(['PodMonitor', 'ServiceMonitor'])(
    'of a %s a series says the node and neither pod nor container: a rollout renames nothing',
    (kind) => {
      const { spec } = find(of('monitors'), kind);
      const [endpoint] = (spec.podMetricsEndpoints ?? spec.endpoints) as readonly {
        relabelings: readonly Relabelling[];
      }[]; // rendered by the chart
      const scraped = (pod: string) =>
        relabelled(
          {
            __meta_kubernetes_pod_node_name: 'node-7',
            __meta_kubernetes_node_label_topology_kubernetes_io_zone: 'z1',
            __address__: '10.1.2.3:6862',
            // Of the Operator's own, which come first.
            job: 'numacanary',
            namespace: 'numa',
            pod,
            container: 'numacanary',
            endpoint: 'metrics',
            ...(kind === 'ServiceMonitor' && { service: 'canary' }),
          },
          endpoint?.relabelings ?? [],
        );
      expect(scraped('canary-abcde')).toEqual({
        job: 'numacanary',
        namespace: 'numa',
        host: 'node-7',
        instance: 'node-7',
        cluster: 'production',
        ...(kind === 'PodMonitor' && { zone: 'z1' }),
      });
      expect(scraped('canary-fghij')).toEqual(scraped('canary-abcde'));
    },
  );

  it('hands out rules with the braces of annotations as they were', () => {
    const { spec } = find(of('observability'), 'PrometheusRule');
    const shipped = readFileSync(join(repository, 'alerts/numacanary.rules.yml'), 'utf8');
    expect(spec).toEqual(parse(shipped));
    const mine = join(scratch, 'mine.yml');
    writeFileSync(mine, 'groups: [{ name: mine, rules: [{ record: "a:b:c", expr: vector(1) }] }]\n');
    const other = objects(
      '--set',
      'prometheusRule.enabled=true',
      '--set-file',
      `prometheusRule.rules=${mine}`,
    );
    expect(find(other, 'PrometheusRule').spec).toEqual(parse(readFileSync(mine, 'utf8')));
  });

  it.skipIf(lacks('promtool', 'nobody checks the rules'))('hands out rules that promtool takes', () => {
    const file = join(scratch, 'rules.yml');
    writeFileSync(file, JSON.stringify(find(of('observability'), 'PrometheusRule').spec));
    expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toMatch(
      /SUCCESS: \d\d+ rules/,
    );
  });

  it('hands out each board whole, in a ConfigMap that kubectl can apply', () => {
    const boards = of('observability').filter(
      ({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1',
    );
    expect(boards).toHaveLength(4);
    for (const board of boards) {
      expect(JSON.stringify(board).length).toBeLessThan(250_000);
      const [[file, text] = fail('empty')] = Object.entries(board.data ?? {});
      expect(JSON.parse(text)).toEqual(
        JSON.parse(readFileSync(join(repository, 'dashboards', file.replace('numacanary-', '')), 'utf8')),
      );
      expect(board.metadata.annotations).toEqual({ grafana_folder: 'NUMA' });
    }
  });

  it('lets in whoever may scrape, and itself calls nobody', () => {
    const { spec } = find(of('locked'), 'NetworkPolicy');
    expect(spec).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
      egress: [],
      ingress: [
        {
          from: [
            { namespaceSelector: { matchExpressions: [{ values: ['monitoring', 'prometheus-agents'] }] } },
          ],
        },
      ],
    });
    expect(of('default').map(({ kind }) => kind)).not.toContain('NetworkPolicy');
  });

  it('has the kubelet ask the port alone where it would need a password', () => {
    const [container] = containersOf(podSpecOf(find(of('locked'), 'DaemonSet')));
    expect(container?.livenessProbe).toMatchObject({ tcpSocket: { port: 'metrics' } });
    expect(container?.args).toContain('--web.config.file=/etc/numacanary-web/web.yml');
  });

  it.each<[string, readonly string[], RegExp]>([
    ['a profile that is none', ['--set', 'profile=root'], /profile.*(unprivileged|enum|one of)/s],
    ['a value that is misspelt', ['--set', 'podmonitor.enabled=true'], /podmonitor/],
    [
      'a key of the configuration that is misspelt',
      ['--set', 'config.probes.latncy.enabled=false'],
      /latncy/,
    ],
    [
      'a value of the configuration of another kind',
      ['--set', 'config.metrics.max_series=many'],
      /max_series/,
    ],
    ['a limit that the daemon would refuse', ['--set', 'config.metrics.max_series=5'], /max_series.*200/s],
    ['another port than that of the probes', ['--set', 'config.web.listen_address=:9999'], /set port/],
    ['another place of /proc than the profile’s', ['--set', 'config.paths.procfs=/p'], /config\.paths/],
    [
      'seccomp of the pod, over which the container’s would win',
      ['--set', 'podSecurityContext.seccompProfile.type=Localhost'],
      /containerSecurityContext\.seccompProfile/,
    ],
    ['a ServiceMonitor without a Service', ['--set', 'serviceMonitor.enabled=true'], /service\.enabled/],
  ])('refuses %s, and says so', (_, args, message) => {
    for (const { status, stderr } of refused(...args)) {
      expect(status).not.toBe(0);
      expect(stderr).toMatch(message);
    }
  });

  it('says in its notes what will not be seen, and warns whoever sets a CPU limit', () => {
    // Only an installation renders NOTES.txt: in this copy it is the text of an object.
    const copy = join(scratch, 'chart');
    cpSync(chart, copy, { recursive: true });
    const text = readFileSync(join(copy, 'templates/NOTES.txt'), 'utf8');
    writeFileSync(join(copy, 'templates/_notes.tpl'), `{{ define "notes" }}${text}{{ end }}`);
    writeFileSync(
      join(copy, 'templates/notes.yaml'),
      'kind: Notes\ndata:\n  text: |\n{{ include "notes" . | indent 4 }}\n',
    );
    const notes = (...args: readonly string[]) =>
      find(objectsIn(template('helm3', copy, ...args)), 'Notes').data?.['text'] ?? '';
    expect(notes('--values', valuesOf('nodes'))).toMatch(/A CPU limit is set/);
    expect(notes()).not.toMatch(/A CPU limit is set/);
    expect(notes()).toMatch(/Nobody scrapes it yet/);
    expect(notes('--values', valuesOf('monitors'))).not.toMatch(/Nobody scrapes it yet/);
    expect(notes('--set', 'profile=unprivileged')).toMatch(/not seen\s+hardware counters/);
  });
});
