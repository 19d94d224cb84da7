#!/usr/bin/env bash
# Builds a node image for `kind create cluster --image` where no image registry can be reached: Kubernetes, etcd and
# CoreDNS compiled from their Go modules, everything else from Debian's packages. As root; the first time takes a
# quarter of an hour on two cores, later what changed.
#
#   test/cluster/node/build.sh    kept while this folder is unchanged
#
# Needs Go, debootstrap, busybox-static, gcc, python3 and a Docker engine. Debian 12's containerd still runs where the
# kernel has cgroup v1, and Kubernetes 1.34 is the last minor that does by default.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../common.sh"

recipe=$(recipe_of "$here")
if made_of "$node_image" "$recipe"; then exit 0; fi

version=$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' "$here/go/go.mod")
bin=$cache/bin
images=$cache/node-images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$bin"

compile() {
  local package=k8s.io/component-base/version minor stamp
  minor=$(cut -d. -f2 <<<"$version")
  stamp="-X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
  say "compiling Kubernetes $version"
  (
    cd "$here/go"
    export CGO_ENABLED=0
    go build -trimpath -ldflags "-s -w $stamp" -o "$bin/" \
      k8s.io/kubernetes/cmd/{kubeadm,kubelet,kubectl,kube-apiserver,kube-controller-manager,kube-scheduler,kube-proxy}
    go build -trimpath -ldflags '-s -w' -o "$bin/etcd" go.etcd.io/etcd/server/v3
    go build -trimpath -ldflags '-s -w' -o "$bin/coredns" ./dns
    go build -trimpath -ldflags '-s -w' -o "$bin/" github.com/rancher/local-path-provisioner
  )
  gcc -Os -static -o "$bin/pause" "$here/files/pause.c"
}

# A minimal Debian, kept as an archive: what is in it depends on this list only.
bootstrap() {
  local packages=systemd,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod,ca-certificates,procps,containerd,runc,containernetworking-plugins,socat
  local suite=bookworm archive uri
  archive=$cache/debian-$(sha256sum <<<"$suite $packages" | cut -c1-12).tar
  if [[ ! -f $archive ]]; then
    say "bootstrapping Debian"
    # shellcheck disable=SC2016
    uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | awk -v suite="$suite" '$1 == suite { print $2; exit }')
    debootstrap --variant=minbase --include="$packages" "$suite" "$work/debian" "${uri:-http://deb.debian.org/debian}" >"$cache/debootstrap.log" ||
      fail "debootstrap failed; the end of $cache/debootstrap.log:" "$(tail -n 5 "$cache/debootstrap.log")"
    rm -rf "$work"/debian/var/cache/apt/archives/*.deb "$work"/debian/var/lib/apt/lists/* "$work"/debian/usr/share/{doc,locale,man}
    tar --directory "$work/debian" --create --file "$archive.part" .
    mv "$archive.part" "$archive"
    rm -rf "$work/debian"
  fi
  root=$work/root
  mkdir "$root"
  tar --directory "$root" --extract --file "$archive"
}

# pack FOLDER NAME [ENTRYPOINT]: an image that containerd imports when a node first boots.
pack() { python3 "$here/image-archive.py" "$1" "$2" "$images/$(tr '/:' '__' <<<"$2").tar" "${@:3}"; }

# pack_program NAME PROGRAM: an image of one static program.
pack_program() {
  local folder
  folder=$(mktemp -d --tmpdir="$work")
  install -D "$bin/$2" "$folder/usr/local/bin/$2"
  pack "$folder" "$1" "/usr/local/bin/$2"
  rm -rf "$folder"
}

# kube-proxy calls iptables.
pack_proxy() {
  local folder=$work/proxy library name libraries
  libraries=usr/lib/$(gcc -dumpmachine)
  install -D "$bin/kube-proxy" "$folder/usr/local/bin/kube-proxy"
  install -D "$root/usr/sbin/xtables-nft-multi" "$folder/usr/sbin/xtables-nft-multi"
  for name in ip{,6}tables{,-save,-restore}; do ln -s xtables-nft-multi "$folder/usr/sbin/$name"; done
  mkdir -p "$folder/$libraries"
  cp -r "$root/$libraries/xtables" "$folder/$libraries/"
  for library in $(chroot "$root" sh -c "ldd /usr/sbin/xtables-nft-multi /$libraries/xtables/*.so" | grep -oE '/[^ ]+\.so[^ :]*' | grep -v /xtables/ | sort -u); do
    install -D "$(readlink -f "$root$library")" "$folder$library"
  done
  pack "$folder" "registry.k8s.io/kube-proxy:$version"
}

# A shell for the helper pods of the storage provisioner.
pack_shell() {
  local folder=$work/shell applet
  install -D "$(command -v busybox)" "$folder/bin/busybox"
  for applet in $(busybox --list); do [[ $applet == busybox ]] || ln -s busybox "$folder/bin/$applet"; done
  pack "$folder" laconic-so-test/local-path-helper:local
}

pack_all() {
  local name
  say "packing the cluster's own images"
  rm -rf "$images" && mkdir "$images"
  while read -r name; do
    case $name in
      */kube-proxy:*) pack_proxy ;;
      */coredns:*) pack_program "$name" coredns ;;
      */pause:*) pack_program "$name" pause && pause=$name ;;
      */etcd:*) pack_program "$name" etcd ;;
      *) pack_program "$name" "$(basename "${name%:*}")" ;;
    esac
  done < <("$bin/kubeadm" config images list --kubernetes-version "$version" 2>/dev/null)
  pack_program laconic-so-test/local-path-provisioner:local local-path-provisioner
  pack_shell
}

assemble() {
  local files=$here/files binary units=etc/systemd/system
  mkdir -p "$root"/kind/{bin,images,manifests} "$root"/etc/{containerd,cni/net.d,kubernetes/manifests} "$root/opt/cni/bin"
  mv "$images"/*.tar "$root/kind/images/"
  cp "$root"/usr/lib/cni/* "$root/opt/cni/bin/"
  install -m 755 "$files/entrypoint" "$root/usr/local/bin/"
  install -m 755 "$files/kubelet-cgroup" "$root/kind/bin/"
  sed "s|@PAUSE@|$pause|" "$files/containerd.toml" >"$root/etc/containerd/config.toml"
  install -m 644 "$files/10-bridge.conflist" "$root/etc/cni/net.d/"
  install -m 644 "$files"/default-{cni,storage}.yaml "$root/kind/manifests/"
  echo "$version" >"$root/kind/version"
  for binary in kubeadm kubelet kubectl; do install "$bin/$binary" "$root/usr/bin/"; done
  # Limits of resources cannot be raised everywhere: the containers take the node's.
  chroot "$root" ctr oci spec |
    python3 -c 'import json, sys; spec = json.load(sys.stdin); spec["process"].pop("rlimits", None); json.dump(spec, sys.stdout)' \
      >"$root/etc/containerd/cri-base.json"
  printf '%s\n' net.ipv4.conf.all.route_localnet=1 net.ipv4.conf.all.arp_ignore=0 net.ipv4.ip_forward=1 >"$root/etc/sysctl.d/10-node.conf"
  echo ReadKMsg=no >>"$root/etc/systemd/journald.conf"
  rm -f "$root"/lib/systemd/system/{multi-user,local-fs,basic}.target.wants/* "$root/$units"/*.wants/* \
    "$root"/lib/systemd/system/sockets.target.wants/*{udev,initctl}* \
    "$root"/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service "$root/lib/systemd/system/containerd.service"
  install -m 644 "$files"/*.service "$root/$units/"
  chroot "$root" systemctl --quiet enable containerd preload kubelet
  chroot "$root" systemctl --quiet mask systemd-binfmt.service
  ln -sf /lib/systemd/systemd "$root/sbin/init"
}

import() {
  local base=laconic-so-test/node-files:local
  say "importing $node_image"
  tar --directory "$root" --create . | docker import - "$base" >/dev/null
  printf '%s\n' "FROM $base" 'ENV container=docker' "LABEL $label=$recipe" 'STOPSIGNAL SIGRTMIN+3' \
    'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]' | docker build --quiet --tag "$node_image" - >/dev/null
  docker image rm "$base" >/dev/null
}

compile
bootstrap
pack_all
assemble
import
