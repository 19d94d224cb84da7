#!/usr/bin/env bash
# default-build.sh TAG CONTEXT: builds a folder with a Dockerfile, for containers without a build.sh of their own.
set -eo pipefail

if [ $# -ne 2 ]; then
  echo "usage: $0 <image tag> <folder with a Dockerfile>" >&2
  exit 1
fi

source "$(dirname "${BASH_SOURCE[0]}")/build-base.sh"

# shellcheck disable=SC2086
docker build -t "$1" ${build_command_args} \
  --build-arg "CERC_HOST_UID=${CERC_HOST_UID:-}" --build-arg "CERC_HOST_GID=${CERC_HOST_GID:-}" "$2"
