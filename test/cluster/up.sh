#!/usr/bin/env bash
# Makes sure that the shared cluster of the tests exists and answers: its node image, its ingress controller, kind, and
# the cluster. Existing parts are kept; those built from an older recipe are built again. Safe to run twice at once.
#
#   test/cluster/up.sh             prints the variables KUBECONFIG, LACONIC_TEST_CLUSTER, … for `eval`
#   test/cluster/up.sh --images    builds only the images and programs
#   test/cluster/up.sh --delete    deletes the shared cluster and every other cluster of the tests
#
# Where a registry can be reached, the node is kind's own image. Elsewhere everything is compiled and packed here, which
# takes 16 minutes the first time. Needs a Docker engine (scripts/engine.sh).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/common.sh"

# The program must not mistake the name for that of its own cluster.
cluster=laconic-so-test
node=$cluster-control-plane
state=$cache/cluster
kubeconfig=$state/kubeconfig
mount_root=$state/mnt
public_image=kindest/node:v1.34.3

only_one

# --- images and programs
# -------------------------------------------------------------------------------------------------

# kind's own image with a label, by which the clusters of the tests are found.
take_public_node() {
  local recipe
  recipe=public-$(sha256sum <<<"$public_image" | cut -c1-12)
  made_of "$node_image" "$recipe" && return
  docker image inspect "$public_image" >/dev/null 2>&1 || timeout 600 docker pull --quiet "$public_image" >/dev/null 2>&1 || return
  printf '%s\n' "FROM $public_image" "LABEL $label=$recipe" | docker build --quiet --tag "$node_image" - >/dev/null
}

registry_answers() {
  local status
  status=$(curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' https://registry-1.docker.io/v2/) || return
  [[ $status == 401 || $status == 200 ]]
}

need_node_image() {
  made_of "$node_image" "$(recipe_of "$here/node")" && return
  if registry_answers && take_public_node; then return; fi
  "$here/tools.sh" build
  "$here/node/build.sh"
}

# kubectl is copied from the node's image, so that it has the same version.
need_kubectl() {
  local container id
  id=$(docker image inspect --format '{{.Id}}' "$node_image")
  [[ -x $cache/bin/kubectl && $(cat "$cache/kubectl.of" 2>/dev/null) == "$id" ]] && return
  container=$(docker create "$node_image")
  docker cp --quiet "$container:/usr/bin/kubectl" "$cache/bin/kubectl"
  docker rm "$container" >/dev/null
  echo "$id" >"$cache/kubectl.of"
}

need_images() {
  need_node_image
  need_kubectl
  made_of "$ingress_image" "$(recipe_of "$here/ingress")" || {
    "$here/tools.sh" build
    "$here/ingress/build.sh"
  }
  "$here/tools.sh" kind
}

# --- the cluster
# -----------------------------------------------------------------------------------------------------------

nodes_of() { docker ps --all --quiet --filter "label=io.x-k8s.kind.cluster=$1"; }

# Every kind cluster whose node uses an image built here. Nothing else is touched.
test_clusters() {
  docker ps --all --filter "label=$label" --format '{{.Label "io.x-k8s.kind.cluster"}}' | sort -u | grep . || true
}

delete_cluster() { kind delete cluster --quiet --name "$1" --kubeconfig "$state/deleted" >&2; }

# A test records the clusters that it creates with its own pid, so that those of killed runs are deleted.
sweep() {
  local file name
  for file in "$cache"/clusters/*; do
    [[ -f $file ]] || continue
    kill -0 "$(cat "$file")" 2>/dev/null && continue
    name=$(basename "$file")
    if test_clusters | grep -qx "$name"; then delete_cluster "$name"; fi
    rm -f "$file"
  done
}

delete_all() {
  local each
  for each in $(test_clusters); do delete_cluster "$each"; done
  rm -rf "$state" "$cache/clusters"
}

answers() { kubectl --kubeconfig "$kubeconfig" --request-timeout 5s get --raw /readyz >/dev/null 2>&1; }

# usable: whether the cluster runs with the current image and the required mount. A stopped node is started.
usable() {
  local made
  made=$(docker inspect --format '{{.Image}}' "$node" 2>/dev/null) || return
  [[ $made == "$(docker image inspect --format '{{.Id}}' "$node_image")" && -f $kubeconfig && -d $mount_root ]] || return
  if [[ $(docker inspect --format '{{.State.Running}}' "$node") != true ]]; then docker start "$node" >/dev/null || return; fi
  for _ in {1..120}; do
    answers && return
    sleep 0.5
  done
  return 1
}

create_cluster() {
  say "creating the cluster $cluster"
  if [[ -n $(nodes_of "$cluster") ]]; then delete_cluster "$cluster"; fi
  # kind's mounts propagate from the host, which a machine without systemd does not allow by default.
  findmnt --noheadings --output PROPAGATION / | grep -q shared || mount --make-rshared /
  mkdir -p "$mount_root"
  cat >"$state/kind-config.yml" <<CONFIG
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
    kubeadmConfigPatches:
      - |
        kind: InitConfiguration
        nodeRegistration:
          kubeletExtraArgs:
            node-labels: "ingress-ready=true"
    extraPortMappings:
      - {containerPort: 80, hostPort: 80}
      - {containerPort: 443, hostPort: 443}
    extraMounts:
      - {hostPath: "$mount_root", containerPath: /mnt, propagation: HostToContainer}
CONFIG
  kind create cluster --quiet --name "$cluster" --image "$node_image" --config "$state/kind-config.yml" --kubeconfig "$kubeconfig" --wait 5m >&2 ||
    fail "the cluster $cluster cannot be created" "ports 80 and 443 of this machine must be free"
}

describe() {
  printf 'export %s=%q\n' KUBECONFIG "$kubeconfig" LACONIC_TEST_CLUSTER "$cluster" LACONIC_TEST_MOUNT_ROOT "$mount_root" \
    LACONIC_TEST_INGRESS_IMAGE "$ingress_image" LACONIC_SO_KIND_NODE_IMAGE "$node_image"
  printf 'export PATH=%q:"$PATH"\n' "$cache/bin"
}

case ${1:-} in
  --delete) delete_all ;;
  --images) need_images ;;
  '')
    need_images
    sweep
    usable || create_cluster
    describe
    ;;
  *) fail "usage: $0 [--images | --delete]" ;;
esac
