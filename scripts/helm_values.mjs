// What values.yaml of the chart may hold: values.schema.json is made of this and of the daemon's own schema.
import { z } from 'zod';

const name = z.string();
const labels = z.record(z.string(), z.string());
/** Objects of Kubernetes', which judges them itself. */
const foreign = z.looseObject({});
const list = z.array(foreign);
const duration = z.string().regex(/^\d+(ms|s|m|h)$/);

const monitor = {
  enabled: z.boolean(),
  interval: duration,
  scrapeTimeout: z.union([duration, z.literal('')]),
  sampleLimit: z.int().min(0),
  labels,
  namespace: name,
  relabelings: list,
  metricRelabelings: list,
  scheme: z.enum(['http', 'https']),
  tlsConfig: foreign,
  basicAuth: foreign,
};
const probe = z.strictObject({
  enabled: z.boolean(),
  periodSeconds: z.int().min(1),
  failureThreshold: z.int().min(1),
});
const part = z.strictObject;

/**
 * `config` is the daemon's. values.yaml has every key, so that one which is not there was set to null, or left empty in a file:
 * Helm takes that for "remove it", and templates would stumble over it.
 */
export const valuesSchema = (config) =>
  part({
    image: part({
      registry: name,
      repository: z.string().min(1),
      tag: name,
      digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
      pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
    }),
    imagePullSecrets: list,
    nameOverride: name,
    fullnameOverride: name,
    commonLabels: labels,
    profile: z.enum(['unprivileged', 'perfmon', 'full']),
    config,
    cluster: name,
    webConfig: part({ existingSecret: name }),
    port: z.int().min(1).max(65_535),
    hostNetwork: z.boolean(),
    resources: foreign,
    nodeSelector: labels,
    tolerations: list,
    affinity: foreign,
    priorityClassName: name,
    updateStrategy: foreign,
    revisionHistoryLimit: z.int().min(0),
    terminationGracePeriodSeconds: z.int().min(1),
    podAnnotations: labels,
    podLabels: labels,
    daemonSetAnnotations: labels,
    podSecurityContext: foreign,
    containerSecurityContext: foreign,
    serviceAccount: part({ create: z.boolean(), name, annotations: labels }),
    extraArgs: z.array(z.string()),
    extraEnv: list,
    extraVolumes: list,
    extraVolumeMounts: list,
    extraManifests: list,
    service: part({ enabled: z.boolean(), annotations: labels, labels }),
    podMonitor: part(monitor),
    serviceMonitor: part(monitor),
    prometheusRule: part({ enabled: z.boolean(), labels, namespace: name, rules: name }),
    dashboards: part({
      enabled: z.boolean(),
      namespace: name,
      label: z.string().min(1),
      labelValue: name,
      annotations: labels,
    }),
    networkPolicy: part({ scraperNamespaces: z.array(z.string().min(1)) }),
    livenessProbe: probe,
    readinessProbe: probe,
    // Helm hands these to every chart.
    global: foreign.optional(),
  });
