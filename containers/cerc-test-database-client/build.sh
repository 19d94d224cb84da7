#!/usr/bin/env bash
# Builds cerc/test-database-client:local.
set -eo pipefail

source "${CERC_CONTAINER_BASE_DIR}/build-base.sh"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
base=$("${CERC_CONTAINER_BASE_DIR}/postgresql-base.sh")

# shellcheck disable=SC2086
docker build -t cerc/test-database-client:local ${build_command_args} --build-arg "BASE=${base}" "${here}"
