#!/usr/bin/env bash
# Installs the missing tools that build and run the test cluster: Go, Debian's tools and kind. Runs as root on Debian,
# and adds no unstable suite.
#
#   test/cluster/tools.sh kind     the tools that every machine needs
#   test/cluster/tools.sh build    also the tools that compile the node image
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/common.sh"

kind_version=v0.33.0

have() { command -v "$1" >/dev/null; }

# as_root COMMAND…
as_root() {
  ((EUID == 0)) || fail "this needs root, or the programs installed already: $*"
  "$@"
}

install_packages() {
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# Go downloads the version that go.mod requires from Go 1.21 on; Debian 12's Go is older, Debian 13's is not.
go_usable() { [[ $(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) =~ ^go1\.(2[1-9]|[3-9][0-9]) ]]; }
need_go() {
  go_usable && return
  if apt-cache madison golang-go | grep -q trixie && ! apt-cache policy golang-go | grep -q 'Candidate: 2:1\.2[1-9]'; then
    install_packages golang-go/trixie golang-src/trixie golang-1.24-go/trixie golang-1.24-src/trixie ca-certificates
  else
    install_packages golang-go ca-certificates
  fi
  hash -r
  go_usable || fail "Go 1.21 or newer is needed: install it and put it on the PATH"
}

need_kind() {
  [[ -x $cache/bin/kind && $("$cache/bin/kind" version 2>/dev/null) == "kind $kind_version "* ]] && return
  need_go
  say "compiling kind $kind_version"
  GOBIN=$cache/bin CGO_ENABLED=0 go install "sigs.k8s.io/kind@$kind_version"
}

need_build_tools() {
  local missing=()
  have debootstrap || missing+=(debootstrap)
  have busybox || missing+=(busybox-static)
  have gcc || missing+=(gcc libc6-dev)
  have python3 || missing+=(python3-minimal)
  if ((${#missing[@]})); then install_packages "${missing[@]}"; fi
  need_go
}

case ${1:-} in
  kind) need_kind ;;
  build) need_build_tools ;;
  *) fail "usage: $0 kind|build" ;;
esac
