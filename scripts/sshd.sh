#!/usr/bin/env bash
# Makes sure that OpenSSH's server is here for the tests, and prints the path of sshd. It is never started as a service.
#
#   scripts/sshd.sh            installs Debian's openssh-server where it is missing; needs root
#   scripts/sshd.sh --check    only looks; says what is missing and ends with 1
set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

fail() {
  echo "$1" >&2
  exit 1
}

found() {
  command -v ssh-agent >/dev/null && command -v sshd
}

found && exit
if [[ ${1:-} == --check ]]; then fail "sshd is not installed (scripts/sshd.sh gets it)"; fi
command -v apt-get >/dev/null || fail "sshd is not installed, and this is not Debian to get it from"
((EUID == 0)) || fail "sshd is not installed, and this is not root"

# The package would start a server on port 22, now and at every boot.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
apt-get update -qq >&2 || fail "apt-get update failed: see above"
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server openssh-client >&2 ||
  fail "the Debian package openssh-server cannot be installed: see above"
if command -v systemctl >/dev/null; then systemctl disable ssh.service >/dev/null 2>&1 || true; fi
hash -r
found
