#!/usr/bin/env bash
# Prints the name of an image with PostgreSQL in it, from Debian's packages, and makes sure that it exists.
#
# Where a registry can be reached, Debian's own image gets the package. Elsewhere the packages and all they need are put
# together from what apt of this machine knows and verifies, into an empty image.
set -euo pipefail

ours=laconic-so/postgresql:local
debian=debian:bookworm-slim
# shellcheck source=containers/debian-base.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian-base.sh"

if present "$ours"; then
  echo "$ours"
  exit 0
fi
if pulled "$debian"; then
  printf '%s\n' "FROM $debian" \
    'RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/*' \
    >"$work/Dockerfile"
  docker build --quiet --tag "$ours" "$work" >&2
  echo "$ours"
  exit 0
fi

require_debian
# What an empty machine would get. Not taken: what installs packages, and a compiler that only speeds up large queries.
needed=(postgresql busybox util-linux tzdata)
skipped='^(perl.*|libperl.*|lib.*-perl|libllvm.*|libz3.*|dpkg|debconf|ucf|ssl-cert|openssl|adduser|passwd|usrmerge|init-system-helpers|sysvinit-utils|util-linux-extra|postgresql|postgresql-common|postgresql-client-common|locales|libc-l10n|libpam-.*|libsemanage.*|libsepol.*|lsb-base|netbase|readline-common|sensible-utils|tar)$'
: >"$work/status"
list_packages() {
  apt-get -o Dir::State::status="$work/status" -o APT::Install-Recommends=0 --simulate install "${needed[@]}" |
    awk -v skipped="$skipped" '$1 == "Inst" && $2 !~ skipped { sub(/^\(/, "", $3); print $2 "=" $3 }' >"$work/list"
}
with_package_lists list_packages

empty_root run var/lib/postgresql
cd "$work/packages"
mapfile -t packages <"$work/list"
apt-get -o APT::Sandbox::User=root download -qq "${packages[@]}" >&2
for package in *.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar --extract --directory "$work/root" --keep-directory-symlink --no-same-owner \
    --exclude './usr/share/doc' --exclude './usr/share/man' --exclude './usr/share/locale' --exclude './usr/share/lintian' \
    --exclude './usr/lib/postgresql/*/lib/bitcode' --exclude './usr/lib/postgresql/*/lib/llvmjit*'
done

cat >"$work/root/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/bin/sh
postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
PASSWD
printf 'root:x:0:\npostgres:x:999:\nnogroup:x:65534:\n' >"$work/root/etc/group"
build_root
