#!/usr/bin/env bash
# Prints the name of a small base image with busybox in it, and makes sure that it exists.
#
# busybox:1.36 is taken when it is here or can be pulled. Where no registry can be reached, an image with the same
# programs is put together from Debian's packages, whose checksums apt verifies. It is the dynamically linked busybox:
# the static one crashes when it resolves a name.
set -euo pipefail

official=busybox:1.36
ours=laconic-so/busybox:local

say() { echo "$*" >&2; }
present() { docker image inspect "$1" >/dev/null 2>&1; }

for image in "$official" "$ours"; do
  if present "$image"; then
    echo "$image"
    exit 0
  fi
done

limit=()
if command -v timeout >/dev/null; then limit=(timeout 120); fi
if pulled=$("${limit[@]}" docker pull --quiet "$official" 2>&1); then
  echo "$official"
  exit 0
fi

say "$official cannot be pulled: ${pulled##*$'\n'}"
for program in apt-get dpkg-deb tar; do
  if ! command -v "$program" >/dev/null; then
    say "and this machine has no $program to make such an image from Debian's packages."
    say "Bring the image to this machine with 'docker save' and 'docker load', then build again."
    exit 1
  fi
done
say "making $ours from Debian's packages busybox and libc6 instead"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/packages" "$work/root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,proc,sys,dev,root,tmp,var}

cd "$work/packages"
if ! said=$(apt-get -o APT::Sandbox::User=root download -qq busybox libc6 2>&1); then
  # A machine that never ran `apt-get update` knows no packages.
  if ! { [ "$(id -u)" = 0 ] && apt-get update -qq >&2 && said=$(apt-get -o APT::Sandbox::User=root download -qq busybox libc6 2>&1); }; then
    say "$said"
    say "Debian's packages cannot be downloaded either. 'apt-get update' may help."
    exit 1
  fi
fi

# One layout for all releases of Debian: everything below /usr.
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$work/root/$folder"; done
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
printf 'hosts: files dns\n' >"$work/root/etc/nsswitch.conf"
chmod 1777 "$work/root/tmp"
chmod 700 "$work/root/root"
find "$work/root" -exec touch --no-dereference --date=@0 {} +

cat >"$work/Dockerfile" <<'DOCKERFILE'
FROM scratch
COPY root/ /
RUN ["/bin/busybox", "--install", "-s"]
CMD ["sh"]
DOCKERFILE
rm -rf "$work/packages"
docker build --quiet --tag "$ours" "$work" >&2
echo "$ours"
