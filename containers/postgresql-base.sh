#!/usr/bin/env bash
# Prints the name of an image with PostgreSQL in it, from Debian's packages, and makes sure that it exists.
#
# Where a registry can be reached, Debian's own image gets the package. Elsewhere the packages and all they need are put
# together from what apt of this machine knows and verifies, into an empty image.
set -euo pipefail

ours=laconic-so/postgresql:local
debian=debian:bookworm-slim

say() { echo "$*" >&2; }
present() { docker image inspect "$1" >/dev/null 2>&1; }

if present "$ours"; then
  echo "$ours"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

limit=()
if command -v timeout >/dev/null; then limit=(timeout 120); fi
if present "$debian" || pulled=$("${limit[@]}" docker pull --quiet "$debian" 2>&1); then
  printf '%s\n' "FROM $debian" \
    'RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/*' \
    >"$work/Dockerfile"
  docker build --quiet --tag "$ours" "$work" >&2
  echo "$ours"
  exit 0
fi

say "$debian cannot be pulled: ${pulled##*$'\n'}"
for program in apt-get dpkg-deb tar; do
  if ! command -v "$program" >/dev/null; then
    say "and this machine has no $program to make such an image from Debian's packages."
    say "Bring the image to this machine with 'docker save' and 'docker load', then build again."
    exit 1
  fi
done
say "making $ours from Debian's packages instead"

# What an empty machine would get. Not taken: what installs packages, and a compiler that only speeds up large queries.
needed=(postgresql busybox util-linux tzdata)
skipped='^(perl.*|libperl.*|lib.*-perl|libllvm.*|libz3.*|dpkg|debconf|ucf|ssl-cert|openssl|adduser|passwd|usrmerge|init-system-helpers|sysvinit-utils|util-linux-extra|postgresql|postgresql-common|postgresql-client-common|locales|libc-l10n|libpam-.*|libsemanage.*|libsepol.*|lsb-base|netbase|readline-common|sensible-utils|tar)$'
: >"$work/status"
packages_of() {
  apt-get -o Dir::State::status="$work/status" -o APT::Install-Recommends=0 --simulate install "${needed[@]}" |
    awk -v skipped="$skipped" '$1 == "Inst" && $2 !~ skipped { sub(/^\(/, "", $3); print $2 "=" $3 }'
}
if ! packages=$(packages_of 2>"$work/said"); then
  # A machine that never ran `apt-get update` knows no packages.
  if ! { [ "$(id -u)" = 0 ] && apt-get update -qq >&2 && packages=$(packages_of 2>"$work/said"); }; then
    say "$(tail -n 3 "$work/said")"
    say "apt cannot find them. 'apt-get update' may help."
    exit 1
  fi
fi

mkdir -p "$work/packages" "$work/root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,proc,sys,dev,run,root,tmp,var/lib/postgresql}
# One layout for all releases of Debian: everything below /usr.
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$work/root/$folder"; done
cd "$work/packages"
# shellcheck disable=SC2086
apt-get -o APT::Sandbox::User=root download -qq $packages >&2
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
printf 'hosts: files dns\n' >"$work/root/etc/nsswitch.conf"
chmod 1777 "$work/root/tmp"
chmod 700 "$work/root/root"
find "$work/root" -exec touch --no-dereference --date=@0 {} +

printf '%s\n' 'FROM scratch' 'COPY root/ /' 'RUN ["/bin/busybox", "--install", "-s"]' 'CMD ["sh"]' >"$work/Dockerfile"
rm -rf "$work/packages"
docker build --quiet --tag "$ours" "$work" >&2
echo "$ours"
