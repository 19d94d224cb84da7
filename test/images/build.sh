#!/usr/bin/env bash
# Provides the public images that the bundled stacks use: busybox:1.36 and registry:2.8. Existing ones are kept, others
# are pulled; where no registry can be reached, stand-ins are built from Debian's packages.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
containers=$here/../../containers

present() { docker image inspect "$1" >/dev/null 2>&1; }

if ! present busybox:1.36; then
  base=$("$containers/busybox-base.sh")
  [[ $base == busybox:1.36 ]] || docker tag "$base" busybox:1.36
fi

if ! present registry:2.8; then
  limit=()
  if command -v timeout >/dev/null; then limit=(timeout 120); fi
  if ! "${limit[@]}" docker pull --quiet registry:2.8; then
    echo "making registry:2.8 from Debian's package docker-registry instead" >&2
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cp "$here"/registry/* "$work"
    (cd "$work" && apt-get -o APT::Sandbox::User=root download -qq docker-registry && dpkg-deb --fsys-tarfile docker-registry_*.deb |
      tar --extract ./usr/bin/docker-registry && rm docker-registry_*.deb)
    docker build --quiet --tag registry:2.8 --build-arg "BASE=$("$containers/busybox-base.sh")" "$work" >&2
  fi
fi
