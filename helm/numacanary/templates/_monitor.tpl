{{/* What pod and service monitors have in common. The Operator's own labels come first, so that ours may drop them. */}}
{{- define "numacanary.endpoint" -}}
{{- $monitor := .monitor -}}
port: metrics
path: {{ dig "web" "telemetry_path" "/metrics" .root.Values.config }}
interval: {{ $monitor.interval }}
{{- with $monitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
scheme: {{ $monitor.scheme }}
{{- with $monitor.tlsConfig }}
tlsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $monitor.basicAuth }}
basicAuth:
  {{- toYaml . | nindent 2 }}
{{- end }}
relabelings:
  # Rules and boards go by the node, which a rollout does not rename.
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: host
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: instance
  {{- with .root.Values.cluster }}
  - targetLabel: cluster
    replacement: {{ . | quote }}
  {{- end }}
  - action: labeldrop
    regex: pod|container|endpoint|service
  {{- with $monitor.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $monitor.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "numacanary.monitorMetadata" -}}
name: {{ include "numacanary.fullname" .root | quote }}
namespace: {{ default .root.Release.Namespace .monitor.namespace | quote }}
labels:
  {{- include "numacanary.labels" .root | nindent 2 }}
  {{- with .monitor.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "numacanary.monitorSelection" -}}
jobLabel: app.kubernetes.io/name
{{- with .monitor.sampleLimit }}
sampleLimit: {{ . }}
{{- end }}
namespaceSelector:
  matchNames: [{{ .root.Release.Namespace | quote }}]
selector:
  matchLabels:
    {{- include "numacanary.selectorLabels" .root | nindent 4 }}
{{- end }}
