#!/usr/bin/env bash
# Builds laconic/demo:local.
set -eo pipefail

source "${CERC_CONTAINER_BASE_DIR}/build-base.sh"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
base=$("${CERC_CONTAINER_BASE_DIR}/busybox-base.sh")

# shellcheck disable=SC2086
docker build -t laconic/demo:local ${build_command_args} --build-arg "BASE=${base}" "${here}"
