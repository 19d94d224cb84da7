#!/usr/bin/env bash
# Installs what is missing of the Docker engine, Compose v2 and buildx from Debian, and starts the engine.
#
#   scripts/engine.sh            install and start; nothing is done twice
#   scripts/engine.sh --check    only say what is missing, one line each; exit 1 when something is
#   scripts/engine.sh --dry-run  only say what would be done
#
# Debian 12 (bookworm) has no Compose v2 and an old engine: there, these packages alone come from Debian 13 (trixie).
# Everything else of that release is pinned below what is installed (its runc would bring another libc along). No
# unstable suite is ever added.
set -euo pipefail

mode=install
case ${1:-} in
  '') ;;
  --check) mode=check ;;
  --dry-run) mode=dry-run ;;
  *)
    echo "usage: $0 [--check | --dry-run]" >&2
    exit 2
    ;;
esac

fail() {
  echo "Error: $1" >&2
  shift
  if (($#)); then printf '%s\n' "$@" >&2; fi
  exit 1
}

# --- what is there -------------------------------------------------------------------------------------------------

# Where administrators' programs are is not on every user's path.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

have() { command -v "$1" >/dev/null; }
engine_installed() { have docker && { have dockerd || docker_answers; }; }
compose_installed() { [[ $(docker compose version --short 2>/dev/null) =~ ^v?([2-9]|[1-9][0-9])\. ]]; }
buildx_installed() { docker buildx version >/dev/null 2>&1; }
docker_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
# An engine that others may use and this user may not: the socket belongs to a group this login is not in yet.
docker_forbidden() { [[ $(docker version 2>&1 >/dev/null) == *"permission denied"* ]]; }

missing() {
  engine_installed || echo "the Docker engine is not installed"
  compose_installed || echo "Docker Compose v2 is not installed"
  buildx_installed || echo "Docker buildx is not installed"
  if engine_installed && ! docker_answers; then
    if docker_forbidden; then
      echo "the Docker engine does not let the user $(id -un) in (not in the group docker, or not since this login)"
    else
      echo "the Docker engine is not running${DOCKER_HOST:+ at $DOCKER_HOST}"
    fi
  fi
}

lacking=$(missing)
if [[ -z $lacking && $mode == check ]]; then exit 0; fi
if [[ -z $lacking ]]; then
  echo "Docker engine $(docker version --format '{{.Server.Version}}'), Compose $(docker compose version --short): ready"
  exit 0
fi
if [[ $mode == check ]]; then
  echo "$lacking"
  exit 1
fi

# --- doing things --------------------------------------------------------------------------------------------------

# Shows a command, and runs it as root unless this is a dry run.
as_root() {
  echo "+ $*"
  [[ $mode == dry-run ]] && return
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# as_root_write FILE: puts stdin there.
as_root_write() {
  local text
  text=$(cat)
  echo "+ write $1"
  printf '%s\n' "$text" | sed 's/^/    /'
  [[ $mode == dry-run ]] && return
  if ((EUID == 0)); then printf '%s\n' "$text" >"$1"; else printf '%s\n' "$text" | sudo tee "$1" >/dev/null; fi
}

may_be_root() {
  ((EUID == 0)) && return
  have sudo && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }
}

# The lists apt reads: `release uri` of each of Debian's own suites.
suites() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | sort -u
}

# Makes Debian 13 a source for the named packages, with their updates, and for nothing else.
add_trixie() {
  local uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg packages=$1 signed=
  if suites | grep -q '^trixie '; then
    echo "trixie is among apt's sources already: its pins are left as they are"
    return
  fi
  uri=$(suites | awk '$1 == "bookworm" || $1 == "oldstable" { print $2; exit }')
  [[ -f $keyring ]] && signed="Signed-By: $keyring"
  as_root_write /etc/apt/preferences.d/laconic-so-trixie <<PIN
# Written by scripts/engine.sh of laconic-so: from trixie only what runs containers.
Package: *
Pin: release n=trixie
Pin-Priority: 1

Package: $packages
Pin: release n=trixie
Pin-Priority: 500
PIN
  as_root_write /etc/apt/sources.list.d/laconic-so-trixie.sources <<SOURCE
# Written by scripts/engine.sh of laconic-so.
Types: deb
URIs: ${uri:-http://deb.debian.org/debian}
Suites: trixie
Components: main
${signed}
SOURCE
}

install_packages() {
  local from_trixie=0 wanted=() packages=() package
  [[ -r /etc/os-release ]] || fail "this is not Debian: install Docker and Compose v2 yourself" "https://docs.docker.com/engine/install/"
  # shellcheck disable=SC1091
  source /etc/os-release
  [[ ${ID:-} == debian ]] || fail "this script knows Debian only, and this is ${PRETTY_NAME:-something else}: install Docker and Compose v2 yourself" \
    "https://docs.docker.com/engine/install/"
  case ${VERSION_CODENAME:-} in
    bookworm) from_trixie=1 ;;
    bullseye | buster) fail "Debian ${VERSION_CODENAME} is too old: Debian 12 or newer is needed" ;;
  esac

  if dpkg-query --show --showformat '${db:Status-Status}' docker-ce-cli 2>/dev/null | grep -qx installed; then
    # Docker's own packages and Debian's exclude each other.
    engine_installed || wanted+=(docker-ce containerd.io)
    compose_installed || wanted+=(docker-compose-plugin)
    buildx_installed || wanted+=(docker-buildx-plugin)
    from_trixie=0
  else
    engine_installed || wanted+=(docker.io docker-cli containerd)
    compose_installed || wanted+=(docker-compose)
    buildx_installed || wanted+=(docker-buildx)
  fi
  ((${#wanted[@]})) || return 0
  may_be_root || fail "installing packages needs root: run this as root, or as somebody whom sudo lets in"

  if ((from_trixie)); then
    add_trixie "docker.io docker-cli containerd docker-compose docker-buildx"
    for package in "${wanted[@]}"; do packages+=("$package/trixie"); done
  else
    packages=("${wanted[@]}")
  fi
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${packages[@]}" iptables ca-certificates
}

start_engine() {
  local log=/var/log/dockerd.log
  docker_answers && return
  [[ -z ${DOCKER_HOST:-} ]] || fail "the engine at $DOCKER_HOST (DOCKER_HOST) does not answer" "Start it there, or unset DOCKER_HOST to use this machine's."
  may_be_root || fail "starting the engine needs root: run this as root, or as somebody whom sudo lets in"
  if ! docker_forbidden; then
    if [[ -d /run/systemd/system ]]; then
      as_root systemctl enable --now docker
    else
      # No service manager, as in a container: in the background, out of this terminal's reach.
      as_root bash -c "setsid nohup dockerd >>$log 2>&1 </dev/null &"
    fi
    [[ $mode == dry-run ]] && return
    for _ in {1..120}; do
      docker_answers && return
      docker_forbidden && break
      sleep 0.5
    done
  fi
  if docker_forbidden; then
    as_root usermod --append --groups docker "$(id -un)"
    echo "the user $(id -un) is in the group docker now (which is as good as being root); it counts from the next login," \
      "or at once in a shell started by: sg docker"
    return
  fi
  if [[ -d /run/systemd/system ]]; then
    fail "the Docker engine did not start" "$(as_root journalctl --unit docker --lines 15 --no-pager 2>&1)"
  fi
  fail "the Docker engine did not start; the end of $log:" "$(as_root tail -n 15 "$log" 2>&1)"
}

echo "$lacking"
install_packages
# bash remembers where it did not find them.
hash -r
start_engine
[[ $mode == dry-run ]] && exit 0
engine_installed || fail "the Docker engine is still not there"
compose_installed || fail "Docker Compose v2 is still not there"
echo "Docker engine and Compose $(docker compose version --short): ready"
