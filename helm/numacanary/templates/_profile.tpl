{{/*
What each profile gives a container. uid 0 without a capability owns what root owns and may pass over nothing: tracefs and other
files of root's are readable to it, and nothing of others is. No file capability stands in for it: exec would fail wherever
the bounding set lacks it.
*/}}
{{- define "numacanary.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
{{- if eq .Values.profile "unprivileged" }}
# Whom, the image says (65534); OpenShift chooses somebody else.
runAsNonRoot: true
{{- else }}
runAsNonRoot: false
runAsUser: 0
runAsGroup: 0
{{- end }}
capabilities:
  drop: [ALL]
  {{- if eq .Values.profile "perfmon" }}
  add: [PERFMON]
  {{- else if eq .Values.profile "full" }}
  # To look into other programs only where one is to be watched.
  add: [PERFMON, SYS_ADMIN{{ if dig "collectors" "drift" "watch" list .Values.config }}, SYS_PTRACE{{ end }}]
  {{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/*
Of the host it sees /sys and /proc read-only. What is mounted below them (cgroups, tracefs) is read-only too from Kubernetes 1.31
on, where the node's kernel (5.12) and runtime know how.
*/}}
{{- define "numacanary.hostMount" -}}
mountPath: /host/{{ .name }}
name: {{ .name }}
readOnly: true
{{- if semverCompare ">=1.31.0-0" .root.Capabilities.KubeVersion.Version }}
recursiveReadOnly: IfPossible
{{- end }}
{{- end }}

{{- define "numacanary.config" -}}
{{- if dig "web" "listen_address" "" .Values.config }}{{ fail "config.web.listen_address: set port, which the probes of the kubelet and the monitors go by too" }}{{ end }}
{{- if hasKey .Values.config "paths" }}{{ fail "config.paths: the profile says where /proc and /sys are" }}{{ end }}
{{- range $key := list "seccompProfile" "runAsUser" "runAsGroup" "runAsNonRoot" }}
{{- if hasKey $.Values.podSecurityContext $key }}{{ fail (printf "podSecurityContext.%s: the container's own wins over it: set containerSecurityContext.%s" $key $key) }}{{ end }}
{{- end }}
{{- $web := dict "listen_address" (printf ":%v" .Values.port) }}
{{- $config := dict "web" $web }}
{{- if ne .Values.profile "unprivileged" }}
{{- $_ := set $config "paths" (dict "procfs" "/host/proc" "sysfs" "/host/sys") }}
{{- end }}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.config)) }}
{{- end }}
