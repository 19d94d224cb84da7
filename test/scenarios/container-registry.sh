#!/usr/bin/env bash
# The stack `container-registry`: this machine's engine pushes an image to it and pulls it again.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/support/lib.sh"

need_images registry:2.8

image=laconic-scenario:$(own_project)
pushed=()
clean_up_more() { docker image rm --force "$image" "${pushed[@]}" >/dev/null 2>&1 || true; }

run "deploy init" so --stack container-registry deploy init --output spec.yml --config REGISTRY_LOG_LEVEL=info
run "deploy create" so --stack container-registry deploy create --spec-file spec.yml --deployment-dir d
watch_deployment d
run "deployment start" so deployment --dir d start
eventually "the registry listens" prints "listening on" so deployment --dir d logs
run "deployment port" so deployment --dir d port registry 5000
# The engine accepts localhost without TLS.
registry=localhost:$(sed 's/.*://' "$out")

mkdir context
echo "$image" >context/content
printf 'FROM scratch\nCOPY content /\nCMD ["/content"]\n' >context/Dockerfile
run "an image is built" docker build --quiet --tag "$image" context
id=$(docker image inspect --format '{{.Id}}' "$image")
pushed+=("$registry/scenario/image:1")
run "it is tagged for the registry" docker image tag "$image" "$registry/scenario/image:1"
run "it is pushed" docker image push "$registry/scenario/image:1"
check "the registry stores it in its volume" test -d d/data/registry-data/docker/registry/v2/repositories/scenario/image
docker image rm --force "$image" "$registry/scenario/image:1" >/dev/null
run "it is pulled again" docker image pull --quiet "$registry/scenario/image:1"
check "it is the same image" equals "$(docker image inspect --format '{{.Id}}' "$registry/scenario/image:1")" "$id"

run "deployment stop" so deployment --dir d stop
run "deployment start" so deployment --dir d start
eventually "the registry listens again" prints "listening on" so deployment --dir d logs
run "deployment port" so deployment --dir d port registry 5000
registry=localhost:$(sed 's/.*://' "$out")
docker image rm --force "${pushed[@]}" >/dev/null
pushed+=("$registry/scenario/image:1")
run "the pushed image is still there" docker image pull --quiet "$registry/scenario/image:1"
check "it is the same image" equals "$(docker image inspect --format '{{.Id}}' "$registry/scenario/image:1")" "$id"
run "stop --delete-volumes" so deployment --dir d stop --delete-volumes
