# The image, for amd64 and arm64:  docker buildx build --platform linux/amd64,linux/arm64 .
#
# The build stage compiles for either architecture on the one it runs on; the final stage has Node's binary, the program and
# nothing that could build or fetch more. It is no HEALTHCHECK's: Kubernetes asks /-/healthy and /-/ready by itself.
ARG NODE_IMAGE=node:24-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
# No default: to BuildKit it would win over the platform that is asked for.
ARG TARGETARCH
ARG REVISION=
WORKDIR /src
# A base that has the compilers is left as it is.
RUN set -eu; \
    arch=${TARGETARCH:-$(dpkg --print-architecture)}; cross=; \
    [ "$arch" = "$(dpkg --print-architecture)" ] || cross="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"; \
    missing=; for package in gcc make libc6-dev $cross; do \
      dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"; done; \
    [ -z "$missing" ] || { apt-get update && apt-get install -y --no-install-recommends $missing; }
COPY package.json package-lock.json ./
RUN npm ci --include=dev --no-audit --no-fund
COPY . .
RUN set -eu; \
    arch=${TARGETARCH:-$(dpkg --print-architecture)}; [ "$arch" != amd64 ] || arch=x64; \
    npx --no-install tsc -p tsconfig.build.json; \
    node scripts/models.mjs; \
    NUMACANARY_REVISION="$REVISION" node scripts/stage.mjs /out/opt/numacanary "$arch"

# TARGETPLATFORM is what goes without saying to docker; to buildah it does not.
FROM --platform=$TARGETPLATFORM ${NODE_IMAGE} AS node

FROM --platform=$TARGETPLATFORM ${BASE_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=
LABEL org.opencontainers.image.title="numacanary" \
      org.opencontainers.image.description="The honest NUMA signal: a Prometheus exporter that probes, counts and watches what crosses a socket." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/numacanary/numacanary" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /out/ /
# Whoever it runs as only reads. No file capability on node: where a profile does not grant it, exec would fail.
USER 65534:65534
EXPOSE 6862
ENTRYPOINT ["/usr/local/bin/node", "/opt/numacanary/dist/main.js"]
CMD ["--web.listen-address=:6862"]
