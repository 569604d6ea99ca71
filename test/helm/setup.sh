#!/usr/bin/env bash
# What test/helm asks: Helm 3 and 4, kubeconform, and the schemas that an API server of Kubernetes and the Prometheus Operator
# judge objects by. All come as Go modules; nothing is fetched while a test runs.
set -euo pipefail
bin=${1:-/usr/local/bin}
schemas=${NUMACANARY_KUBERNETES_SCHEMAS:-${TMPDIR:-/tmp}/numacanary-kubernetes}

get() { # NAME PACKAGE@VERSION
  command -v "$1" >/dev/null && return
  local scratch
  scratch=$(mktemp -d)
  GOBIN=$scratch go install "$2" 2>"$scratch/log" || { tail -n 20 "$scratch/log" >&2; return 1; }
  rm "$scratch/log"
  mv "$scratch"/* "$bin/$1"
  rmdir "$scratch"
}
get helm3 helm.sh/helm/v3/cmd/helm@v3.21.4
get helm4 helm.sh/helm/v4/cmd/helm@v4.2.4
get kubeconform github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0

folder_of() { # MODULE@VERSION
  (cd / && GOFLAGS=-mod=mod go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}
mkdir -p "$schemas/crds"
cp "$(folder_of k8s.io/kubernetes@v1.34.0)/api/openapi-spec/swagger.json" "$schemas/"
cp "$(folder_of github.com/prometheus-operator/prometheus-operator@v0.85.0)"/example/prometheus-operator-crd/*.yaml "$schemas/crds/"
chmod -R u+w "$schemas"
