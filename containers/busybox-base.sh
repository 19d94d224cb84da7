#!/usr/bin/env bash
# Prints the name of a small base image with busybox in it, and makes sure that it exists.
#
# busybox:1.36 is taken when it is here or can be pulled. Where no registry can be reached, an image with the same
# programs is put together from Debian's packages, whose checksums apt verifies. It is the dynamically linked busybox:
# the static one crashes when it resolves a name.
set -euo pipefail

official=busybox:1.36
ours=laconic-so/busybox:local
# shellcheck source=containers/debian-base.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian-base.sh"

for image in "$official" "$ours"; do
  if present "$image"; then
    echo "$image"
    exit 0
  fi
done
if pulled "$official"; then
  echo "$official"
  exit 0
fi

require_debian
empty_root
cd "$work/packages"
with_package_lists apt-get -o APT::Sandbox::User=root download -qq busybox libc6 >&2
for package in *.deb; do
  dpkg-deb --fsys-tarfile "$package" |
    tar --extract --directory "$work/root" --keep-directory-symlink --wildcards --no-wildcards-match-slash \
      './bin/busybox' './usr/bin/busybox' './lib*/ld-linux*' './usr/lib*/ld-linux*' \
      './lib/*/ld-linux*' './usr/lib/*/ld-linux*' './lib/*/lib[cm].so.6' './usr/lib/*/lib[cm].so.6' \
      './lib/*/libresolv.so.2' './usr/lib/*/libresolv.so.2' 2>/dev/null || true
done

cat >"$work/root/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
PASSWD
printf 'root:x:0:\nnogroup:x:65534:\n' >"$work/root/etc/group"
build_root 'CMD ["sh"]'
