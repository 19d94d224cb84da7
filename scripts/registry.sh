#!/usr/bin/env bash
# Finds Debian's image registry for the tests, and prints the path of its program, docker-registry.
#
#   scripts/registry.sh            where there is none: unpacks the package into ~/.cache/laconic-so-test/bin
#   scripts/registry.sh --check    only looks; says why there is none and ends with 1
#
# The package is unpacked and not installed: installing it would start a registry on port 5000 of this machine.
set -euo pipefail

folder=${XDG_CACHE_HOME:-$HOME/.cache}/laconic-so-test/bin

found() {
  PATH=$PATH:/usr/local/bin:/usr/bin command -v docker-registry && return
  [[ -x $folder/docker-registry ]] && echo "$folder/docker-registry"
}

fail() {
  echo "$1" >&2
  exit 1
}

found && exit
if [[ ${1:-} == --check ]]; then fail "docker-registry is not installed (scripts/registry.sh gets it)"; fi
command -v apt-get >/dev/null || fail "docker-registry is not installed, and this is not Debian to get it from"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
download() { apt-get -o APT::Sandbox::User=root download -qq docker-registry >&2; }
# Package lists may be missing, or too old for the mirror.
if ! download 2>/dev/null; then
  if ((EUID == 0)); then apt-get update -qq >&2 || fail "apt-get update failed: see above"; fi
  download || fail "the Debian package docker-registry cannot be downloaded: see above"
fi
mkdir -p "$folder"
dpkg-deb --fsys-tarfile docker-registry_*.deb | tar --extract ./usr/bin/docker-registry
# Renamed into place: another run may do the same.
mv usr/bin/docker-registry "$folder/docker-registry"
found
