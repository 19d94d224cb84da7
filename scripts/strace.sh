#!/usr/bin/env bash
# Makes sure that strace is here and may be used, for the tests that disturb single system calls.
#
#   scripts/strace.sh            installs Debian's strace where it is missing; needs root
#   scripts/strace.sh --check    only looks; says what is missing and ends with 1
set -euo pipefail

fail() {
  echo "$1" >&2
  exit 1
}

if ! command -v strace >/dev/null; then
  if [[ ${1:-} == --check ]]; then fail "strace is not installed (scripts/strace.sh gets it)"; fi
  command -v apt-get >/dev/null || fail "strace is not installed, and this is not Debian to get it from"
  ((EUID == 0)) || fail "strace is not installed, and this is not root"
  apt-get update -qq >&2 || fail "apt-get update failed: see above"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends strace >&2 ||
    fail "the Debian package strace cannot be installed: see above"
fi
# Some containers do not let processes be traced; versions before 5.18 cannot leave the children of a process alone.
said=$(strace -f -qq -b execve true 2>&1) || fail "strace cannot be used: $said"
command -v strace
