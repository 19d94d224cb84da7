# Sourced by scripts that put an image together from Debian's packages where no registry can be reached.
# They set ours: the name of the image that is made.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "$*" >&2; }
present() { docker image inspect "$1" >/dev/null 2>&1; }

# pulled IMAGE: true when it is here or could be pulled; else says why not.
pulled() {
  local limit=() said
  if present "$1"; then return 0; fi
  if command -v timeout >/dev/null; then limit=(timeout 120); fi
  if said=$("${limit[@]}" docker pull --quiet "$1" 2>&1); then return 0; fi
  say "$1 cannot be pulled: ${said##*$'\n'}"
  return 1
}

# What the way from packages needs.
require_debian() {
  local program
  for program in apt-get dpkg-deb tar; do
    if command -v "$program" >/dev/null; then continue; fi
    say "and this machine has no $program to make such an image from Debian's packages."
    say "Bring the image to this machine with 'docker save' and 'docker load', then build again."
    exit 1
  done
  say "making $ours from Debian's packages instead"
}

# with_package_lists COMMAND…: runs it, once more after `apt-get update` where this machine may never have run that.
with_package_lists() {
  if "$@" 2>"$work/said"; then return 0; fi
  if [ "$(id -u)" = 0 ] && apt-get update -qq >&2 && "$@" 2>"$work/said"; then return 0; fi
  say "$(tail -n 3 "$work/said")"
  say "apt cannot get what is needed. 'apt-get update' may help."
  exit 1
}

# empty_root DIRECTORY…: the empty file system $work/root with the directories that every system has, and these.
empty_root() {
  local folder
  mkdir -p "$work/packages" "$work/root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,proc,sys,dev,root,tmp,var}
  for folder in "$@"; do mkdir -p "$work/root/$folder"; done
  # One layout for all releases of Debian: everything below /usr.
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$work/root/$folder"; done
}

# build_root [INSTRUCTION…]: the image of $work/root, with busybox's programs and these lines of a Dockerfile.
# Files have no times: the same packages make the same image.
build_root() {
  printf 'hosts: files dns\n' >"$work/root/etc/nsswitch.conf"
  chmod 1777 "$work/root/tmp"
  chmod 700 "$work/root/root"
  find "$work/root" -exec touch --no-dereference --date=@0 {} +
  printf '%s\n' 'FROM scratch' 'COPY root/ /' 'RUN ["/bin/busybox", "--install", "-s"]' "$@" >"$work/Dockerfile"
  rm -rf "$work/packages"
  docker build --quiet --tag "$ours" "$work" >&2
  echo "$ours"
}
